"""The page of gaps in the knowledge: write an article, or dismiss."""

from __future__ import annotations

from flask import render_template
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.web.context import application, principal
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.security import requires


@pages.get("/gaps")
@requires(Role.LEAD)
def gap_list() -> str:
    """Show what tickets and searches ask for, and no article answers."""
    return render_template("radar/gaps.html", gaps=application().gaps.listed(principal()))


@pages.post("/gaps/<gap_id>/dismiss")
@requires(Role.LEAD)
def gap_dismiss(gap_id: str) -> Response:
    """Note that no article is needed."""
    application().gaps.settle(gap_id, "dismissed", principal())
    return see_other("pages.gap_list")
