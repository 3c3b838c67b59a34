"""What the search field offers while somebody types."""

from __future__ import annotations

from flask import render_template, request

from kbservice.domain.account import Role
from kbservice.web.context import application, principal
from kbservice.web.pages.blueprint import pages
from kbservice.web.security import requires


@pages.get("/search/_complete")
@requires(Role.INTAKE)
def search_complete() -> str:
    """Return the options of the list under the field; none for an empty field."""
    found = application().retrieval.complete(request.args.get("q", ""), principal())
    return render_template("search/_completions.html", completions=found)
