"""Tickets: handed in, listed, changed, resolved."""

from __future__ import annotations

from flask import url_for

from kbservice.domain.account import Role
from kbservice.domain.ticket import Ticket
from kbservice.profiles.schema import Profile
from kbservice.services.intake import Submitted
from kbservice.web.api.blueprint import api
from kbservice.web.api.conditions import etag_of, expected_version, wait_until_visible
from kbservice.web.api.contract import contract
from kbservice.web.api.idempotency import REPLAY_HEADER, given_key, replayed_by_service
from kbservice.web.api.schemas.base import PageOut, Query, RefreshQuery
from kbservice.web.api.schemas.suggestion import SuggestionOut
from kbservice.web.api.schemas.ticket import (
    ClockOut,
    HistoryOut,
    ResolutionIn,
    ResolvedOut,
    RevealedOut,
    RevealIn,
    TicketBrief,
    TicketChange,
    TicketCreated,
    TicketIn,
    TicketOut,
    TicketQuery,
)
from kbservice.web.api.suggestions import shown
from kbservice.web.context import application, locale, metrics, principal, use_locale
from kbservice.web.limits import SUGGEST, limited
from kbservice.web.searching import asked_at
from kbservice.web.security import requires

Headers = dict[str, str]


@api.post("/tickets")
@requires(Role.INTAKE)
@limited(SUGGEST)
@replayed_by_service
@contract(tag="tickets", answers=TicketCreated, status=201)
def ticket_create(json: TicketIn) -> tuple[TicketCreated, int, Headers]:
    """Store a ticket with its triage and its suggestion."""
    use_locale(json.locale)
    done = application().intake.submit(json.new, principal(), idempotency=given_key())
    ticket = done.ticket
    headers = {"Location": _address(ticket), **etag_of(ticket.version)}
    if done.answer is None:
        headers[REPLAY_HEADER] = "true"
    else:
        metrics().tickets_submitted.inc()
    answer = TicketCreated.stored(ticket, _suggestion(done), _profile(ticket), locale())
    return answer, 201, headers


@api.get("/tickets")
@requires(Role.AGENT)
@contract(tag="tickets", answers=PageOut[TicketBrief])
def ticket_list(query: TicketQuery) -> PageOut[TicketBrief]:
    """List tickets, newest first."""
    page = application().tickets.page(
        query.wanted(asked_at()),
        after=query.after,
        limit=query.limit,
        principal=principal(),
    )
    return PageOut[TicketBrief](items=[TicketBrief.of(item) for item in page.items], next=page.next)


@api.get("/tickets/<number>")
@requires(Role.INTAKE)
@contract(tag="tickets", answers=TicketOut)
def ticket_show(number: str, query: Query) -> tuple[TicketOut, Headers]:  # noqa: ARG001  # its locale
    """Return a ticket; intake forms see the ones they handed in."""
    ticket = application().tickets.get(number, principal())
    return _shown(ticket), etag_of(ticket.version)


@api.patch("/tickets/<number>")
@requires(Role.AGENT)
@contract(tag="tickets", answers=TicketOut)
def ticket_change(number: str, json: TicketChange) -> tuple[TicketOut, Headers]:
    """Change assessed or descriptive fields; If-Match guards against lost updates."""
    ticket = application().tickets.change(
        number, json.changes, expected_version=expected_version(), principal=principal()
    )
    return _shown(ticket), etag_of(ticket.version)


@api.get("/tickets/<number>/timeline")
@requires(Role.AGENT)
@contract(tag="tickets", answers=PageOut[HistoryOut])
def ticket_timeline(number: str) -> PageOut[HistoryOut]:
    """Tell what happened to a ticket."""
    entries = application().tickets.timeline(number, principal())
    return PageOut[HistoryOut](items=[HistoryOut.of(entry) for entry in entries])


@api.get("/tickets/<number>/clocks")
@requires(Role.AGENT)
@contract(tag="tickets", answers=PageOut[ClockOut])
def ticket_clocks(number: str) -> PageOut[ClockOut]:
    """Tell when each clock of a ticket runs out, and why."""
    ticket = application().tickets.get(number, principal())
    return PageOut[ClockOut](items=[ClockOut.model_validate(clock) for clock in ticket.clocks])


@api.get("/tickets/<number>/suggestions")
@requires(Role.AGENT)
@contract(tag="tickets", answers=PageOut[SuggestionOut])
def ticket_suggestions(number: str, query: Query) -> PageOut[SuggestionOut]:  # noqa: ARG001  # its locale
    """Return what was suggested for a ticket, latest first."""
    profile = _profile(application().tickets.get(number, principal()))
    found = application().suggesting.of_ticket(number)
    return PageOut[SuggestionOut](
        items=[SuggestionOut.of_stored(item, profile, locale(), to_staff=True) for item in found]
    )


@api.post("/tickets/<number>/resolution")
@requires(Role.AGENT)
@contract(tag="tickets", answers=ResolvedOut, status=201)
def ticket_resolve(
    number: str, json: ResolutionIn, query: RefreshQuery
) -> tuple[ResolvedOut, int, Headers]:
    """Record how a ticket was solved; new words become a draft article."""
    done = application().resolution.resolve(number, json.new, principal())
    visible = wait_until_visible(query, done.sequence)
    location = _address(done.ticket)
    if done.article is not None:
        location = url_for("api.article_show", article_id=done.article.id)
    return ResolvedOut.of(done, _shown(done.ticket), visible=visible), 201, {"Location": location}


@api.post("/tickets/<number>/reveal")
@requires(Role.AGENT)
@contract(tag="tickets", answers=RevealedOut)
def ticket_reveal(number: str, json: RevealIn) -> RevealedOut:
    """Return the requester and the wording unmasked; who asked and why is kept."""
    return RevealedOut(**application().tickets.reveal(number, json.reason, principal()))


def _profile(ticket: Ticket) -> Profile:
    return application().profiles.get(ticket.profile_key, ticket.profile_version)


def _shown(ticket: Ticket) -> TicketOut:
    return TicketOut.shown(ticket, _profile(ticket), locale(), to_staff=principal().is_staff)


def _suggestion(done: Submitted) -> SuggestionOut:
    """Present the suggestion made now, or on a repeated request the stored one."""
    if done.answer is not None:
        return shown(done.answer)
    stored = application().suggesting.of_ticket(done.ticket.number)[-1]
    return SuggestionOut.of_stored(
        stored, _profile(done.ticket), locale(), to_staff=principal().is_staff
    )


def _address(ticket: Ticket) -> str:
    return url_for("api.ticket_show", number=ticket.number)
