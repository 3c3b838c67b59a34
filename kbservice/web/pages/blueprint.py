"""What every page shares: the blueprint, the language, the look of times and names."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from kbservice.web.context import (
    application,
    locale,
    principal_or_none,
    translate,
)

pages = Blueprint("pages", __name__, template_folder="../templates", static_folder="../static")

_STATIC = Path(__file__).parent.parent / "static"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Return the address of a static file, with its hash so that it may be cached for ever."""
    return url_for("pages.static", filename=name, v=_digest(name))


def local(moment: datetime) -> datetime:
    """Return a moment in the instance's zone."""
    return moment.astimezone(ZoneInfo(application().settings.timezone))


@pages.app_template_filter("moment")
def moment(value: datetime) -> str:
    """Return date and minute in the instance's zone."""
    return f"{local(value):%Y-%m-%d %H:%M}"


@pages.app_template_filter("iso")
def iso(text: str) -> datetime:
    """Return the moment that a release wrote down."""
    return datetime.fromisoformat(text)


@pages.app_template_filter("day")
def day(value: datetime) -> str:
    """Return the date in the instance's zone."""
    return f"{local(value):%Y-%m-%d}"


def switched_language(language: str) -> str:
    """Return the address of this page in the other language."""
    return url_for("pages.language", code=language, next=_here())


def _here() -> str:
    """Return this page's address; after a form was sent, the start page."""
    return request.full_path.rstrip("?") if request.method == "GET" else url_for("pages.search")


@pages.app_context_processor
def shared() -> dict[str, object]:
    """Hand every template what the frame around a page needs."""
    return {
        "_": translate,
        "principal": principal_or_none(),
        "lang": locale(),
        "html_lang": "zh-CN" if locale() == "zh_CN" else "en",
        "asset": asset,
        "switched_language": switched_language,
    }


def is_local_path(target: str) -> bool:
    """Tell whether a redirect target stays on this site."""
    return target.startswith("/") and not target.startswith(("//", "/\\"))


def see_other(endpoint: str, **values: Any) -> Response:
    """Redirect after a form was sent, so that reloading does not send it again."""
    return redirect(url_for(endpoint, **values), code=303)


@pages.app_template_filter("percent")
def percent(share: float) -> str:
    """Return a share of one in whole percent."""
    return f"{share * 100:.0f} %"
