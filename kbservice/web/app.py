"""The web application: the API, the pages and the hooks that every request passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from kbservice.bootstrap import Application, build
from kbservice.metrics import Metrics
from kbservice.settings import Settings
from kbservice.web import access, limits, problem, security
from kbservice.web.api import idempotency, recall, resources
from kbservice.web.health import health
from kbservice.web.json import StrictJson
from kbservice.web.pages import refusals, site


class Site(Flask):
    """The application, without what no request to it needs; a tenth of a request's time."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``func``: no view or hook here is a coroutine."""
        return func


class NoticeSessions(SecureCookieSessionInterface):
    """Notices for the next page, in a cookie; most requests bring none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie, where there is one."""
        if self.get_cookie_name(app) not in request.headers.get("Cookie", ""):
            return self.session_class()
        return super().open_session(app, request)


def create_app(application: Application | None = None) -> Flask:
    """Return the WSGI application of an instance.

    Args:
        application: The services; without them those of KBSERVICE_HOME are built.
    """
    application = application or build(Settings.load())
    app = Site(__name__, static_folder=None)
    app.session_interface = NoticeSessions()
    app.json = StrictJson(app)
    app.url_map.strict_slashes = False
    app.extensions["kbservice"] = application
    app.extensions["kbservice.metrics"] = Metrics()
    app.secret_key = application.vault.session_key
    app.config.update(
        SESSION_COOKIE_NAME="kbservice_notices",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=application.settings.secure_cookies,
    )
    _register(app)
    return app


def _register(app: Flask) -> None:
    # The order is that of the hooks: a name for the request, then who asks, then how often.
    access.register(app)
    # Within the protective headers.
    recall.register(app)
    security.register(app)
    limits.register(app)
    idempotency.register(app)
    problem.register(app, page=refusals.page)
    app.register_blueprint(health)
    app.register_blueprint(resources.api)
    app.register_blueprint(site.pages)
