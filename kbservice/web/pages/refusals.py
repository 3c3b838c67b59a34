"""Problems as people see them: a page instead of JSON, the sign-in form instead of 401."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kbservice.errors import NotSignedIn
from kbservice.web.problem import Problem


def page(problem: Problem) -> ResponseReturnValue:
    """Return a problem as a page; strangers are sent to the sign-in form."""
    if problem.code == NotSignedIn.code:
        return _to_sign_in()
    return render_template("errors/problem.html", problem=problem), problem.status


def _to_sign_in() -> ResponseReturnValue:
    is_fragment = "HX-Request" in request.headers
    back = request.full_path.rstrip("?") if request.method == "GET" and not is_fragment else None
    address = url_for("pages.sign_in", next=back)
    if is_fragment:
        # htmx would put the form into the fragment's place; this makes it change the page.
        response = make_response("", 204)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address, code=303)
