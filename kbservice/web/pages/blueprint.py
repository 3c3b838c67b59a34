"""What every page shares: the blueprint, the language, the look of times and names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kbservice.profiles.schema import Profile
from kbservice.web.context import application, locale, translate

pages = Blueprint(
    "pages", __name__, template_folder="../templates", static_folder="../static"
)

_STATIC = Path(__file__).parent.parent / "static"
LANGUAGE_COOKIE = "kbservice_language"


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
        "lang": locale(),
        "html_lang": "zh-CN" if locale() == "zh_CN" else "en",
        "asset": asset,
        "switched_language": switched_language,
    }


def is_local_path(target: str) -> bool:
    """Tell whether a redirect target stays on this site."""
    return target.startswith("/") and not target.startswith(("//", "/\\"))


def see_other(endpoint: str, **values: str | int | None) -> AnyResponse:
    """Redirect after a form was sent, so that reloading does not send it again."""
    return redirect(url_for(endpoint, **values), code=303)


def name_of(profile: Profile, find: Callable[[str], object], value: str | None) -> str:
    """Return the label of a profile's value; the value itself where the profile has none."""
    from_profile = value and _found(find, value)
    if not from_profile:
        return value or ""
    return profile.label(from_profile, locale())


def _found(find: Callable[[str], object], value: str) -> object | None:
    try:
        return find(value)
    except LookupError:
        return None


__all__ = ["Response", "asset", "is_local_path", "local", "name_of", "pages", "see_other"]
