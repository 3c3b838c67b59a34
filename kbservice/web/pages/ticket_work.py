"""What staff do on a ticket's page: solve, correct, reject a suggestion, see the contact."""

from __future__ import annotations

import structlog
from flask import flash, request
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.errors import Conflict, InvalidInput, KbServiceError
from kbservice.services.feedback import NewFeedback
from kbservice.services.resolution import NewResolution
from kbservice.web.context import application, principal, translate
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.pages.tickets import ticket_page
from kbservice.web.problem import rendered
from kbservice.web.security import requires

log = structlog.get_logger(__name__)


@pages.post("/tickets/<number>/solve")
@requires(Role.AGENT)
def ticket_solve(number: str) -> Response:
    """Resolve by an offered article, in one click."""
    article_id = request.form.get("article_id", "")
    if _resolve(number, NewResolution(article_id=article_id, new_article=False)):
        _praise(number, article_id)
    return see_other("pages.ticket", number=number)


@pages.post("/tickets/<number>/resolution")
@requires(Role.AGENT)
def ticket_resolve(number: str) -> Response:
    """Resolve in new words, which become a draft article."""
    form = request.form
    new = NewResolution(
        summary=form.get("summary", ""),
        cause=form.get("cause", ""),
        steps=form.get("steps", ""),
        outcome=form.get("outcome", "solved"),
    )
    _resolve(number, new)
    return see_other("pages.ticket", number=number)


@pages.post("/tickets/<number>/labels")
@requires(Role.AGENT)
def ticket_change(number: str) -> Response:
    """Correct category, priority or kind; a person's word replaces triage's."""
    shown = application().tickets.get(number, principal())
    # Only what was altered: the rest stays triage's guess and is not called a person's word.
    chosen: dict[str, str | None] = {
        name: request.form[name] or None
        for name in ("category", "priority", "kind")
        if name in request.form and request.form[name] != (getattr(shown, name) or "")
    }
    try:
        application().tickets.change(
            number,
            chosen,
            expected_version=request.form.get("version", type=int),
            principal=principal(),
        )
    except (Conflict, InvalidInput) as error:
        flash(rendered(error))
    else:
        flash(translate("Saved."))
    return see_other("pages.ticket", number=number)


@pages.post("/tickets/<number>/reveal")
@requires(Role.AGENT)
def ticket_reveal(number: str) -> str | Response:
    """Show the contact; who asked and why is kept."""
    try:
        revealed = application().tickets.reveal(number, request.form.get("reason", ""), principal())
    except InvalidInput as error:
        flash(rendered(error))
        return see_other("pages.ticket", number=number)
    return ticket_page(application().tickets.get(number, principal()), revealed)


@pages.post("/suggestions/<suggestion_id>/reject")
@requires(Role.AGENT)
def suggestion_reject(suggestion_id: str) -> Response:
    """Note that an offered article did not help, and why."""
    form = request.form
    new = NewFeedback(
        action="rejected", item=form.get("article_id", ""), reason=form.get("reason", "")
    )
    try:
        application().feedback.record(suggestion_id, new, principal())
    except InvalidInput as error:
        flash(rendered(error))
    else:
        flash(translate("Noted: it did not help."))
    return see_other("pages.ticket", number=form.get("number", ""))


def _resolve(number: str, new: NewResolution) -> bool:
    try:
        done = application().resolution.resolve(number, new, principal())
    except (Conflict, InvalidInput) as error:
        flash(rendered(error))
        return False
    if done.resolution.is_new_article:
        flash(translate("Resolved; the draft article waits to be published."))
    else:
        flash(translate("Resolved."))
    return True


def _praise(number: str, article_id: str) -> None:
    """Tell the suggestion that it was right; the ticket is resolved even if that fails."""
    for suggestion in application().suggesting.of_ticket(number):
        if article_id in {item.article_id for item in suggestion.items}:
            try:
                application().feedback.record(
                    suggestion.id, NewFeedback(action="solved", item=article_id), principal()
                )
            except KbServiceError as error:
                log.warning("feedback_not_stored", number=number, reason=str(error))
            return
