"""Ticket pages: list, new ticket with suggestions while typing, one ticket."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping

from flask import render_template, request
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.domain.ticket import Ticket
from kbservice.errors import InvalidInput
from kbservice.process.missing import answered
from kbservice.profiles.schema import Profile
from kbservice.services.idempotency import IdempotencyKey
from kbservice.services.intake import NewTicket
from kbservice.services.question import Question
from kbservice.services.requesters import REQUESTER_FIELDS
from kbservice.store.tickets import TicketFilter
from kbservice.web.api.schemas.suggestion import SuggestionOut, label_of
from kbservice.web.context import application, locale, principal
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.problem import rendered
from kbservice.web.security import requires

_PAGE_SIZE = 50
_ONLY = {"open": False, "resolved": True}


@pages.get("/tickets")
@requires(Role.AGENT)
def ticket_list() -> str:
    """Show tickets, newest first."""
    only = request.args.get("only", "")
    page = application().tickets.page(
        TicketFilter(is_resolved=_ONLY.get(only)),
        after=request.args.get("after"),
        limit=_PAGE_SIZE,
        principal=principal(),
    )
    rows = [{"ticket": item, **names_of(item, profile_of(item))} for item in page.items]
    return render_template("tickets/list.html", rows=rows, next=page.next, only=only)


@pages.get("/tickets/new")
@requires(Role.INTAKE)
def ticket_new() -> str:
    """Show the empty form."""
    return _form(request.args)


@pages.post("/tickets/_suggest")
@requires(Role.INTAKE)
def ticket_suggest() -> str:
    """Return known fixes for what is typed so far, and one question; nothing is stored."""
    form = request.form
    body = _with_answer(form) if "add" in form else form.get("body", "")
    question = Question(
        title=form.get("title", ""),
        body=body,
        product=form.get("product", ""),
        version=form.get("version", ""),
        skipped=tuple(form.getlist("skipped")),
    )
    try:
        answer = application().suggesting.answer(question, principal())
    except InvalidInput as error:
        return render_template("tickets/_nothing_yet.html", message=rendered(error))
    shown = SuggestionOut.of(answer, locale())
    return render_template(
        "tickets/_suggestions.html",
        answer=shown,
        suggestion_id="",
        coached=True,
        skipped=question.skipped,
        pending=_pending(form, shown),
        new_body=body if body != form.get("body", "") else None,
    )


@pages.post("/tickets")
@requires(Role.INTAKE)
def ticket_create() -> Response | tuple[str, int]:
    """Store a ticket and show it; sending the same form twice stores one."""
    form = request.form.to_dict()
    new = NewTicket(
        title=form.get("title", ""),
        body=_with_answer(form),
        requester={name: form.get(f"requester_{name}", "") for name in REQUESTER_FIELDS},
        urgency=form.get("urgency", ""),
        product=form.get("product", ""),
        version=form.get("version", ""),
        channel="web",
    )
    try:
        done = application().intake.submit(new, principal(), idempotency=_key_of(form))
    except InvalidInput as error:
        return _form(form, rendered(error)), error.status
    return see_other("pages.ticket", number=done.ticket.number)


@pages.get("/tickets/<number>")
@requires(Role.INTAKE)
def ticket(number: str) -> str:
    """Show one ticket beside what is known about it."""
    return ticket_page(application().tickets.get(number, principal()))


def ticket_page(shown: Ticket, revealed: Mapping[str, str] | None = None) -> str:
    """Render the page of a ticket, with the contact where it was asked for."""
    profile = profile_of(shown)
    stored = application().suggesting.of_ticket(shown.number)
    to_staff = principal().is_staff
    answer = (
        SuggestionOut.of_stored(stored[0], profile, locale(), to_staff=to_staff) if stored else None
    )
    return render_template(
        "tickets/show.html",
        ticket=shown,
        names=names_of(shown, profile),
        choices={axis: choices_of(profile, axis) for axis in ("category", "priority", "kind")},
        answer=answer,
        links=application().radar_desk.links(shown.number, principal()),
        revealed=revealed,
    )


def profile_of(shown: Ticket) -> Profile:
    """Return the profile version that the ticket was opened under."""
    return application().profiles.get(shown.profile_key, shown.profile_version)


def names_of(shown: Ticket, profile: Profile) -> dict[str, str]:
    """Return the names of a ticket's values in the reader's language."""
    states = {state.key: profile.label(state, locale()) for state in profile.states}
    names = {"state": states.get(shown.state, shown.state)}
    for axis in ("category", "priority", "kind", "urgency"):
        value = getattr(shown, axis) or ""
        names[axis] = label_of(profile, axis, locale()).get(value, value)
    return names


def choices_of(profile: Profile, axis: str) -> list[tuple[str, str]]:
    """Return values and names of an axis for a form's options."""
    return list(label_of(profile, axis, locale()).items())


def _pending(form: Mapping[str, str], answer: SuggestionOut) -> str:
    """Return what is still being typed as the answer to the question that stays."""
    stays = answer.next_question is not None and answer.next_question.label == form.get("asked")
    return form.get("answer", "") if stays and "add" not in form else ""


def _with_answer(form: Mapping[str, str]) -> str:
    """Return the text typed so far, with what was answered to the question beside it."""
    body, answer = form.get("body", ""), form.get("answer", "").strip()
    return answered(body, form.get("asked", ""), answer) if answer else body


def _form(form: Mapping[str, str], error: str = "") -> str:
    return render_template(
        "tickets/new.html",
        form=form,
        error=error,
        profile=application().profiles.get(),
        idempotency_key=secrets.token_urlsafe(16),
    )


def _key_of(form: Mapping[str, str]) -> IdempotencyKey | None:
    """Return the key that the form came with; a form without one is not recognised again."""
    key = form.get("idempotency_key", "")
    if not 1 <= len(key) <= 64 or not key.isascii():  # noqa: PLR2004  # ours has 22
        return None
    content = json.dumps(sorted(form.items())).encode()
    return IdempotencyKey(key=f"form:{key}", fingerprint=hashlib.sha256(content).hexdigest())
