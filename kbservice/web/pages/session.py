"""Signing in and out, and choosing a language."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kbservice.errors import Denied
from kbservice.web.context import LANGUAGE_COOKIE, application
from kbservice.web.pages.blueprint import is_local_path, pages, see_other
from kbservice.web.problem import rendered
from kbservice.web.security import drop_session, open_access, start_session

_YEAR_S = 365 * 24 * 3600


@pages.get("/sign-in")
@open_access
def sign_in() -> str:
    """Show the sign-in form."""
    return _form()


@pages.post("/sign-in")
@open_access
def sign_in_submit() -> Response | tuple[str, int]:
    """Open a session, or say that name or password is wrong."""
    name = request.form.get("name", "")
    try:
        signed_in = application().accounts.sign_in(name, request.form.get("password", ""))
    except Denied as error:
        return _form(name=name, error=rendered(error)), error.status
    target = request.form.get("next", "")
    response = redirect(target if is_local_path(target) else url_for("pages.search"), code=303)
    start_session(response, signed_in)
    return response


@pages.post("/sign-out")
@open_access
def sign_out() -> Response:
    """End the session."""
    response = see_other("pages.sign_in")
    drop_session(response)
    return response


@pages.get("/language/<code>")
@open_access
def language(code: str) -> Response:
    """Remember the language and go back to where the reader was."""
    target = request.args.get("next", "/")
    response = make_response(redirect(target if is_local_path(target) else "/", code=303))
    if code in {"zh_CN", "en"}:
        response.set_cookie(LANGUAGE_COOKIE, code, max_age=_YEAR_S, samesite="Lax")
    return response


def _form(name: str = "", error: str = "") -> str:
    next_path = request.values.get("next", "")
    return render_template(
        "session/sign_in.html",
        name=name,
        error=error,
        next_path=next_path if is_local_path(next_path) else "",
    )
