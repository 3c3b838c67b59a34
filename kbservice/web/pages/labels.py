"""The page of labels in quarantine: confirm or correct them."""

from __future__ import annotations

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.errors import Conflict, InvalidInput
from kbservice.web.context import application, principal
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.pages.tickets import choices_of
from kbservice.web.problem import rendered
from kbservice.web.security import requires


@pages.get("/labels")
@requires(Role.LEAD)
def label_list() -> str:
    """Show what waits, with the ticket's words and what the classifier proposes."""
    app = application()
    profile = app.profiles.get("")
    names = dict(choices_of(profile, "category"))
    return render_template(
        "admin/labels.html", reviews=app.quarantine.waiting(principal()), names=names
    )


@pages.post("/labels/<int:review_id>")
@requires(Role.LEAD)
def label_settle(review_id: int) -> Response:
    """Settle one label."""
    try:
        application().quarantine.settle(review_id, request.form.get("category", ""), principal())
    except (Conflict, InvalidInput) as error:
        flash(rendered(error))
    return see_other("pages.label_list")
