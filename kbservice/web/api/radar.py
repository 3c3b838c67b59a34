"""Repeats and incidents: what the radar proposes, and what staff say of it."""

from __future__ import annotations

from kbservice.domain.account import Role
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.base import PageOut
from kbservice.web.api.schemas.radar import (
    IncidentEntryOut,
    IncidentQuery,
    IncidentVerdictIn,
    LinksOut,
    RepeatOut,
    RepeatVerdictIn,
)
from kbservice.web.context import application, principal
from kbservice.web.security import requires


@api.get("/tickets/<number>/links")
@requires(Role.AGENT)
@contract(tag="tickets", answers=LinksOut)
def ticket_links(number: str) -> LinksOut:
    """Tell which ticket this one repeats, which repeat it, and its incident."""
    application().tickets.get(number, principal())
    return LinksOut.of(application().radar_desk.links(number, principal()))


@api.post("/tickets/<number>/links")
@requires(Role.AGENT)
@contract(tag="tickets", answers=LinksOut)
def ticket_link(number: str, json: RepeatVerdictIn) -> LinksOut:
    """Link a ticket to the one it repeats, or say that it is another matter."""
    links = application().radar_desk.settle_repeat(
        number, json.verdict, principal(), original=json.duplicate_of or ""
    )
    return LinksOut.of(links)


@api.get("/repeats")
@requires(Role.AGENT)
@contract(tag="radar", answers=PageOut[RepeatOut])
def repeat_list() -> PageOut[RepeatOut]:
    """List open tickets that may repeat another, the latest first, 100 at most."""
    found = application().radar_desk.proposed_repeats(principal())
    return PageOut[RepeatOut](items=[RepeatOut.of(item) for item in found])


@api.get("/incidents")
@requires(Role.AGENT)
@contract(tag="radar", answers=PageOut[IncidentEntryOut])
def incident_list(query: IncidentQuery) -> PageOut[IncidentEntryOut]:
    """List incidents, the latest first, 100 at most."""
    found = application().radar_desk.incidents(principal(), only_open=query.open)
    return PageOut[IncidentEntryOut](items=[IncidentEntryOut.listed(item) for item in found])


@api.post("/incidents/<int:incident_id>")
@requires(Role.AGENT)
@contract(tag="radar", answers=IncidentEntryOut)
def incident_settle(incident_id: int, json: IncidentVerdictIn) -> IncidentEntryOut:
    """Confirm an incident, under another parent if one is named, or dismiss it."""
    incident = application().radar_desk.settle_incident(
        incident_id, json.verdict, principal(), parent=json.parent or ""
    )
    return IncidentEntryOut.listed(incident)
