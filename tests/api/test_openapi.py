"""The OpenAPI document: valid, complete, and changed only on purpose."""

from __future__ import annotations

import json
import re
from pathlib import Path

from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.api.calling import Caller
from tests.api.test_policy import TABLE, routes

SNAPSHOT = Path(__file__).with_name("openapi.json")


def test_the_document_is_valid(stranger: Caller):
    document = stranger.get("openapi.json").get_json()

    assert document["openapi"].startswith("3.1")
    assert [] == list(OpenAPIV31SpecValidator(document).iter_errors())


def test_every_route_of_the_api_is_described(app: Flask, stranger: Caller):
    document = stranger.get("openapi.json").get_json()
    described = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    own = {name for name, endpoint in routes(app).items() if endpoint.startswith("api.")}
    undescribed = {"GET /api/v1/openapi.json", "GET /api/v1/docs"}

    assert own - undescribed == described
    assert own <= set(TABLE)


def test_the_document_equals_the_snapshot(stranger: Caller):
    """After a change meant for clients, write the new document over ``openapi.json``."""
    document = stranger.get("openapi.json").get_json()
    kept = json.loads(SNAPSHOT.read_text("utf-8"))

    document["info"].pop("version")
    kept["info"].pop("version", None)
    assert kept == document


def test_names_of_shapes_are_plain(stranger: Caller):
    names = stranger.get("openapi.json").get_json()["components"]["schemas"]
    assert [] == [name for name in names if not re.fullmatch(r"[A-Za-z]+", name)]


def test_the_page_for_people_names_every_operation(stranger: Caller):
    page = stranger.get("docs", headers={"Accept": "text/html"})
    text = page.get_data(as_text=True)

    assert "text/html" == page.mimetype
    missing = [
        name
        for name in TABLE
        if name.startswith(("GET /api", "POST /api"))
        and name.split()[1] not in text
        and "openapi" not in name
        and "docs" not in name
    ]
    assert [] == missing
    assert "<script>" not in text
