"""What the radar noted: bands of signatures, sightings, incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, exists, func, insert, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from kbservice.domain.radar import Incident, Sighting, SightingBand, Verdict
from kbservice.domain.ticket import Ticket
from kbservice.errors import NotFound

# Texts that are nearly the same share five bands of twenty on average, strange ones none.
_LEAST_BANDS = 2
_INCIDENTS_SHOWN = 100
_REPEATS_SHOWN = 100
_FORGOTTEN = 500

# Asked with every suggestion; to put a statement together takes as long as to answer it.
_SHARING = (
    select(SightingBand.ticket_id)
    .where(SightingBand.band.in_(bindparam("bands", expanding=True)))
    .join(Ticket, Ticket.id == SightingBand.ticket_id)
    .where(
        Ticket.profile_key == bindparam("profile_key"),
        Ticket.opened_at >= bindparam("since"),
        Ticket.resolved_at.is_(None),
    )
    .group_by(SightingBand.ticket_id)
    .having(func.count() >= _LEAST_BANDS)
    .order_by(func.count().desc(), SightingBand.ticket_id)
    .limit(bindparam("limit"))
)
_SHARING_OF_ACCOUNT = _SHARING.join(Sighting, Sighting.ticket_id == SightingBand.ticket_id).where(
    Sighting.account == bindparam("account")
)
_NEWEST = (
    select(Sighting.ticket_id)
    .where(Sighting.profile_key == bindparam("profile_key"))
    .order_by(Sighting.ticket_id.desc())
    .limit(1)
)


class Candidate(NamedTuple):
    """An open ticket whose text may be nearly the same."""

    ticket_id: int
    number: str
    title: str
    body: str
    opened_at: datetime


class Noted(NamedTuple):
    """What tells whether tickets are about the same trouble."""

    ticket_id: int
    opened_at: datetime
    requester: str
    terms: bytes
    account: str


def candidates(
    session: Session,
    bands: Sequence[int],
    *,
    profile_key: str,
    since: datetime,
    account: str | None,
    limit: int,
) -> list[Candidate]:
    """Return open tickets that share most bands, oldest of equals first.

    Args:
        session: The unit of work.
        bands: Of the text that is looked for.
        profile_key: The profile that they must be of.
        since: They must not be older.
        account: Only tickets that this account handed in; None: all.
        limit: So many at most.
    """
    facts = {"bands": bands, "profile_key": profile_key, "since": since, "limit": limit}
    if account is None:
        ids = session.scalars(_SHARING, facts).all()
    else:
        ids = session.scalars(_SHARING_OF_ACCOUNT, facts | {"account": account}).all()
    if not ids:
        return []
    columns = (Ticket.id, Ticket.number, Ticket.title, Ticket.body, Ticket.opened_at)
    rows = session.execute(select(*columns).where(Ticket.id.in_(ids)).order_by(Ticket.id))
    return [Candidate(*row) for row in rows]


def add(session: Session, sighting: Sighting, bands: Sequence[int]) -> None:
    """Note a ticket."""
    session.add(sighting)
    session.flush()
    if not bands:
        return
    rows = [{"band": band, "ticket_id": sighting.ticket_id} for band in set(bands)]
    session.execute(insert(SightingBand), rows)


def forget_bands(session: Session, profile_key: str, *, before: datetime) -> int:
    """Delete the bands of a profile's tickets that were opened before; how many, bounded."""
    old = (
        select(Sighting.ticket_id)
        .join(Ticket, Ticket.id == Sighting.ticket_id)
        .where(
            Sighting.profile_key == profile_key,
            Ticket.opened_at < before,
            exists().where(SightingBand.ticket_id == Sighting.ticket_id),
        )
        .order_by(Sighting.ticket_id)
        .limit(_FORGOTTEN)
    )
    ids = list(session.scalars(old))
    session.execute(delete(SightingBand).where(SightingBand.ticket_id.in_(ids)))
    return len(ids)


def latest(session: Session, profile_key: str, *, after_id: int, limit: int) -> list[Noted]:
    """Return the newest notes behind ``after_id``, oldest first."""
    query = (
        select(
            Sighting.ticket_id,
            Ticket.opened_at,
            Sighting.requester,
            Sighting.terms,
            Sighting.account,
        )
        .join(Ticket, Ticket.id == Sighting.ticket_id)
        .where(Sighting.profile_key == profile_key, Sighting.ticket_id > after_id)
        .order_by(Sighting.ticket_id.desc())
        .limit(limit)
    )
    return [Noted(*row) for row in session.execute(query)][::-1]


def newest(session: Session, profile_key: str) -> int:
    """Return the id of the newest ticket that was noted; 0 where none was."""
    return session.scalars(_NEWEST, {"profile_key": profile_key}).first() or 0


def unnoted(session: Session, *, since: datetime, limit: int) -> list[Ticket]:
    """Return tickets that came in by another way, oldest first."""
    query = (
        select(Ticket)
        .outerjoin(Sighting, Sighting.ticket_id == Ticket.id)
        .where(Ticket.opened_at >= since, Sighting.ticket_id.is_(None))
        .order_by(Ticket.opened_at)
        .limit(limit)
    )
    return list(session.scalars(query))


def sighting_of(session: Session, number: str, *, for_update: bool = False) -> Sighting | None:
    """Return what was noted of a ticket, with the tickets that it names."""
    query = (
        select(Sighting)
        .join(Ticket, Ticket.id == Sighting.ticket_id)
        .where(Ticket.number == number)
        .options(joinedload(Sighting.duplicate_of), joinedload(Sighting.ticket))
    )
    if for_update:
        query = query.with_for_update(of=Sighting)
    return session.scalar(query)


def repeats_of(session: Session, ticket_id: int) -> list[Sighting]:
    """Return the notes of tickets that repeat this one and were not dismissed."""
    query = (
        select(Sighting)
        .where(
            Sighting.duplicate_of_id == ticket_id,
            Sighting.duplicate_verdict != Verdict.DISMISSED,
        )
        .options(joinedload(Sighting.ticket))
        .order_by(Sighting.ticket_id)
    )
    return list(session.scalars(query))


def proposed_repeats(session: Session) -> list[Sighting]:
    """Return the notes of open tickets that may repeat another, the latest first."""
    query = (
        select(Sighting)
        .join(Sighting.ticket)
        .where(
            Sighting.duplicate_verdict == Verdict.PROPOSED,
            Sighting.duplicate_of_id.is_not(None),
            Ticket.resolved_at.is_(None),
        )
        .options(contains_eager(Sighting.ticket), joinedload(Sighting.duplicate_of))
        .order_by(Sighting.ticket_id.desc())
        .limit(_REPEATS_SHOWN)
    )
    return list(session.scalars(query))


def lock_sightings(session: Session, ticket_ids: Sequence[int]) -> list[Sighting]:
    """Return notes and hold them, so that two incidents are not made of the same tickets."""
    query = select(Sighting).where(Sighting.ticket_id.in_(ticket_ids)).order_by(Sighting.ticket_id)
    locked = query.with_for_update(of=Sighting).execution_options(populate_existing=True)
    return list(session.scalars(locked.options(joinedload(Sighting.ticket))))


def going_on(session: Session, profile_key: str) -> dict[int, int]:
    """Return the incidents that have not ended, by the tickets in them."""
    query = (
        select(Sighting.ticket_id, Sighting.incident_id)
        .join(Incident, Incident.id == Sighting.incident_id)
        .where(Incident.profile_key == profile_key, Incident.ended_at.is_(None))
    )
    return {ticket: incident for ticket, incident in session.execute(query) if incident}


def incident(session: Session, incident_id: int, *, for_update: bool = False) -> Incident:
    """Return an incident with its tickets.

    Raises:
        NotFound: There is none such.
    """
    query = select(Incident).where(Incident.id == incident_id).options(*_WITH_TICKETS)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("Incident {id} does not exist", id=incident_id)
    return found


def incidents(session: Session, *, only_open: bool) -> list[Incident]:
    """Return incidents with their tickets, the latest first."""
    query = select(Incident).options(*_WITH_TICKETS).order_by(Incident.id.desc())
    if only_open:
        query = query.where(Incident.ended_at.is_(None), Incident.verdict != Verdict.DISMISSED)
    return list(session.scalars(query.limit(_INCIDENTS_SHOWN)))


def unended(session: Session) -> list[Incident]:
    """Return the incidents that have not ended, dismissed ones too."""
    return list(session.scalars(select(Incident).where(Incident.ended_at.is_(None))))


_WITH_TICKETS = (
    selectinload(Incident.parent),
    selectinload(Incident.sightings).joinedload(Sighting.ticket),
)
