"""The pages that a problem's ``type`` points to."""

from __future__ import annotations

from flask import render_template

from kbservice.errors import NotFound
from kbservice.web import problem_types
from kbservice.web.pages.blueprint import pages
from kbservice.web.security import open_access


@pages.get("/problems/<code>")
@open_access
def problem_type(code: str) -> str:
    """Explain one kind of problem in the reader's language."""
    kind = problem_types.find(code)
    if kind is None:
        raise NotFound("There is no problem named {code}", code=code)
    return render_template("errors/type.html", kind=kind)
