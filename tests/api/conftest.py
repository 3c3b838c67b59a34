"""Fixtures of the API tests: the web application of a fresh instance, and its callers."""

from __future__ import annotations

import pytest
from flask import Flask

from kbservice.bootstrap import Application
from kbservice.domain.account import Role
from kbservice.web.app import create_app
from tests.api.calling import Caller, key_for


@pytest.fixture
def app(application: Application) -> Flask:
    return create_app(application)


@pytest.fixture
def stranger(app: Flask) -> Caller:
    return Caller(app.test_client())


@pytest.fixture
def intake(app: Flask, application: Application) -> Caller:
    return Caller(app.test_client(), key_for(application, Role.INTAKE))


@pytest.fixture
def agent(app: Flask, application: Application) -> Caller:
    return Caller(app.test_client(), key_for(application, Role.AGENT))


@pytest.fixture
def lead(app: Flask, application: Application) -> Caller:
    return Caller(app.test_client(), key_for(application, Role.LEAD))


@pytest.fixture
def admin(app: Flask, application: Application) -> Caller:
    return Caller(app.test_client(), key_for(application, Role.ADMIN))
