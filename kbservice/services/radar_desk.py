"""What staff do with repeats and incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.domain.radar import Incident, Sighting, Verdict
from kbservice.errors import Conflict, InvalidInput, NotFound
from kbservice.services.sighting import Grouped, grouped
from kbservice.store import audit, tickets
from kbservice.store import radar as store
from kbservice.store.database import Database

Settled = Literal["accepted", "dismissed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What a ticket has to do with others.

    Attributes:
        duplicate_of: Number of the ticket that this one repeats, proposed or accepted.
        verdict: What staff said of that; None where there is nothing to say.
        repeats: Numbers of the tickets that repeat this one.
    """

    duplicate_of: str | None = None
    likeness: float = 0.0
    verdict: Verdict | None = None
    repeats: tuple[str, ...] = ()
    incident: Grouped | None = None


class RadarDesk:
    """Shows what the radar proposed, and takes in what staff say of it."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def links(self, number: str, principal: Principal) -> Links:
        """Return what a ticket has to do with others; nothing for whoever is not staff."""
        if not principal.is_staff:
            return Links()
        with self._database.reading() as session:
            sighting = store.sighting_of(session, number)
            if sighting is None:
                return Links()
            repeats = store.repeats_of(session, sighting.ticket_id)
            incident = (
                store.incident(session, sighting.incident_id) if sighting.incident_id else None
            )
            original = sighting.duplicate_of
            is_shown = original and sighting.duplicate_verdict != Verdict.DISMISSED
            return Links(
                duplicate_of=original.number if original and is_shown else None,
                likeness=sighting.likeness,
                verdict=sighting.duplicate_verdict,
                repeats=tuple(item.ticket.number for item in repeats),
                incident=grouped(incident) if incident else None,
            )

    def settle_repeat(
        self, number: str, verdict: Settled, principal: Principal, *, original: str = ""
    ) -> Links:
        """Link a ticket to the one that it repeats, or say that it is another matter.

        Args:
            number: The ticket.
            verdict: What is said.
            principal: Who says it.
            original: The ticket that it repeats, where that is not the one proposed.

        Raises:
            NotFound: There is no such ticket, or nothing was noted of it.
            InvalidInput: Nothing is proposed and no other ticket is named, or the ticket itself.
            Conflict: That ticket repeats this one already.
        """
        principal.demand(Role.AGENT)
        with self._database.transaction() as session:
            sighting = store.sighting_of(session, number, for_update=True)
            if sighting is None:
                raise NotFound("Ticket {number} does not exist", number=number)
            if original and verdict == "accepted":
                sighting.duplicate_of = tickets.get(session, original)
                sighting.duplicate_of_id = sighting.duplicate_of.id
            if sighting.duplicate_of_id in (None, sighting.ticket_id):
                wanted = "the number of another ticket"
                raise InvalidInput.of("duplicate_of", wanted, original or "nothing")
            if verdict == "accepted":
                _follow(sighting, store.sighting_of(session, _original(sighting)))
                _take_along(sighting, store.repeats_of(session, sighting.ticket_id))
            sighting.duplicate_verdict = Verdict(verdict)
            audit.append(
                session,
                actor=principal.name,
                action=f"repeat_{verdict}",
                subject=f"ticket:{number}",
                facts={"of": _original(sighting)},
                now=self._clock.now(),
            )
        return self.links(number, principal)

    def proposed_repeats(self, principal: Principal) -> list[Sighting]:
        """Return what waits for a verdict, the latest first, with both tickets."""
        principal.demand(Role.AGENT)
        with self._database.reading() as session:
            return store.proposed_repeats(session)

    def incidents(self, principal: Principal, *, only_open: bool = True) -> list[Incident]:
        """Return incidents, the latest first, with their tickets."""
        principal.demand(Role.AGENT)
        with self._database.reading() as session:
            return store.incidents(session, only_open=only_open)

    def settle_incident(
        self, incident_id: int, verdict: Settled, principal: Principal, *, parent: str = ""
    ) -> Incident:
        """Confirm an incident, under another parent if one is named, or dismiss it.

        Raises:
            NotFound: There is no such incident.
            InvalidInput: The parent is not one of its tickets.
        """
        principal.demand(Role.AGENT)
        with self._database.transaction() as session:
            incident = store.incident(session, incident_id, for_update=True)
            if parent:
                members = {item.ticket.number: item.ticket for item in incident.sightings}
                if parent not in members:
                    raise InvalidInput.of("parent", " | ".join(members), parent)
                incident.parent = members[parent]
            incident.verdict = Verdict(verdict)
            incident.settled_by = principal.name
            audit.append(
                session,
                actor=principal.name,
                action=f"incident_{verdict}",
                subject=f"incident:{incident_id}",
                facts={"parent": incident.parent.number},
                now=self._clock.now(),
            )
        return incident


def _follow(sighting: Sighting, original: Sighting | None) -> None:
    """Link to the first of a chain, not to a ticket that is a repeat itself."""
    if original is None or original.duplicate_verdict != Verdict.ACCEPTED:
        return
    if original.duplicate_of_id == sighting.ticket_id:
        raise Conflict(
            "Ticket {original} repeats {number} already; say first that it is another matter",
            original=original.ticket.number,
            number=sighting.ticket.number,
        )
    sighting.duplicate_of = original.duplicate_of
    sighting.duplicate_of_id = original.duplicate_of_id


def _take_along(sighting: Sighting, repeats: Sequence[Sighting]) -> None:
    """Let what repeats this ticket repeat the first one too: chains have one link."""
    for repeat in repeats:
        if repeat.ticket_id != sighting.duplicate_of_id:
            repeat.duplicate_of, repeat.duplicate_of_id = (
                sighting.duplicate_of,
                sighting.duplicate_of_id,
            )
        else:
            repeat.duplicate_of, repeat.duplicate_of_id = None, None


def _original(sighting: Sighting) -> str:
    return sighting.duplicate_of.number if sighting.duplicate_of else ""
