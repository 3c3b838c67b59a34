"""What a view may ask about the request at hand: application, reader, language, id."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app, g, request

from kbservice import locales
from kbservice.bootstrap import Application
from kbservice.domain.account import Principal
from kbservice.errors import NotSignedIn
from kbservice.metrics import Metrics

LANGUAGE_COOKIE = "kbservice_language"
_LOCALES = {"zh": "zh_CN", "zh_CN": "zh_CN", "zh-CN": "zh_CN", "en": "en"}


def services(app: Flask) -> tuple[Application, Metrics]:
    """Return the services behind an application, and its metrics."""
    return app.extensions["kbservice"], app.extensions["kbservice.metrics"]


def application() -> Application:
    """Return the services of this instance."""
    return services(current_app)[0]


def metrics() -> Metrics:
    """Return the metrics of this application."""
    return services(current_app)[1]


def principal_or_none() -> Principal | None:
    """Return who asks, None for a stranger."""
    return cast("Principal | None", g.get("principal"))


def principal() -> Principal:
    """Return who asks.

    Raises:
        NotSignedIn: No valid key or session came with the request.
    """
    found = principal_or_none()
    if found is None:
        raise NotSignedIn("No valid API key or session came with the request")
    return found


def request_id() -> str:
    """Return the name of this request in logs and problems."""
    return str(g.get("request_id", ""))


def locale() -> str:
    """Return the reader's language: asked for, chosen, preferred, or the instance's own."""
    if "locale" not in g:
        g.locale = _asked() or _preferred() or application().settings.locale
    return str(g.locale)


def use_locale(name: str | None) -> None:
    """Let a language named inside the request's body win."""
    if name:
        g.locale = _LOCALES.get(name, locale())


def translate(message: str, /, **facts: object) -> str:
    """Return a message in the reader's language, its placeholders filled from ``facts``."""
    if not facts:
        return locales.translator(locale())(message)
    return locales.translate(message, locale(), **facts)


def _asked() -> str | None:
    # Taking a long query apart costs more than answering it again.
    named = request.args.get("locale") if b"locale=" in request.query_string else None
    if not named and LANGUAGE_COOKIE in request.headers.get("Cookie", ""):
        named = request.cookies.get(LANGUAGE_COOKIE)
    return _LOCALES.get(named or "")


def _preferred() -> str | None:
    """Choose by Accept-Language; ``*`` alone is no preference."""
    for tag, quality in request.accept_languages:
        primary = tag.partition("-")[0].lower()
        if quality > 0 and primary in _LOCALES:
            return _LOCALES[primary]
    return None
