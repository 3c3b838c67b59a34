"""The part of the administrator's pages that shows drift."""

from __future__ import annotations

from flask import render_template

from kbservice.domain.account import Role
from kbservice.web.api.schemas.drift import DriftOut
from kbservice.web.context import application, locale
from kbservice.web.pages.blueprint import pages
from kbservice.web.security import requires


@pages.get("/admin/_drift")
@requires(Role.LEAD)
def drift() -> str:
    """Return what the last weeks say."""
    shown = DriftOut.of(application().drift.report(), locale())
    return render_template("admin/_drift.html", drift=shown)
