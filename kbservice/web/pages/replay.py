"""The part of a ticket's page that answers its question once more."""

from __future__ import annotations

from flask import render_template

from kbservice.domain.account import Role
from kbservice.web.api.schemas.replay import ReplayOut
from kbservice.web.context import application, locale, principal
from kbservice.web.pages.blueprint import pages
from kbservice.web.security import requires


@pages.get("/suggestions/<suggestion_id>/_replay")
@requires(Role.AGENT)
def suggestion_replay(suggestion_id: str) -> str:
    """Return the old answer beside the one that comes out now."""
    replayed = application().replay.replay(suggestion_id, principal())
    return render_template("tickets/_replay.html", replay=ReplayOut.of(replayed, locale()))
