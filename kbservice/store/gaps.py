"""Tickets that were badly served, gaps in the knowledge, and searches that found nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from kbservice.domain.radar import EmptySearch, Gap, GapState, Incident, Sighting, Verdict
from kbservice.domain.suggestion import Feedback, Suggestion, SuggestionItem
from kbservice.domain.ticket import Resolution, Ticket
from kbservice.errors import NotFound

_SHOWN = 100
_DAY = timedelta(days=1)
_LEAST_TIMES = 3


class Waiting(NamedTuple):
    """A ticket that no article solved, and what was offered for it.

    Attributes:
        no_fix: Nothing was offered.
        rejected: All that was offered was rejected.
    """

    ticket_id: int
    profile_key: str
    title: str
    opened_at: datetime
    resolved_at: datetime | None
    due_at: datetime | None
    degraded: list[str]
    outcome: str | None
    requester: str
    terms: bytes
    gap_id: int | None
    no_fix: bool
    rejected: bool


def waiting(session: Session, *, since: datetime, now: datetime, limit: int) -> list[Waiting]:
    """Return the newest tickets that no article solved and that may be badly served, oldest first.

    Left out are accepted repeats, which tell nothing new, and tickets of incidents, which no
    article prevents.
    """
    no_fix = and_(exists().where(Suggestion.ticket_id == Ticket.id), ~_offered())
    rejected = and_(_offered(), ~_offered(_is_not_rejected()))
    # Without a target the profile says what is late: not before a day.
    late = or_(
        Ticket.resolution_due_at < now,
        and_(Ticket.resolution_due_at.is_(None), Ticket.opened_at < now - _DAY),
    )
    query = (
        select(
            Ticket.id,
            Ticket.profile_key,
            Ticket.title,
            Ticket.opened_at,
            Ticket.resolved_at,
            Ticket.resolution_due_at,
            Ticket.degraded,
            Resolution.outcome,
            Sighting.requester,
            Sighting.terms,
            Sighting.gap_id,
            no_fix,
            rejected,
        )
        .join(Ticket, Ticket.id == Sighting.ticket_id)
        .outerjoin(Resolution, Resolution.ticket_id == Ticket.id)
        .outerjoin(Incident, Incident.id == Sighting.incident_id)
        .where(
            Ticket.opened_at >= since,
            or_(Resolution.article_id.is_(None), Resolution.outcome == "unsolved"),
            or_(no_fix, rejected, Resolution.outcome == "unsolved", late),
            or_(
                Sighting.duplicate_verdict.is_(None),
                Sighting.duplicate_verdict != Verdict.ACCEPTED,
            ),
            or_(Incident.id.is_(None), Incident.verdict == Verdict.DISMISSED),
        )
        .order_by(Sighting.ticket_id.desc())
        .limit(limit)
    )
    return [Waiting._make(row) for row in session.execute(query)][::-1]


def _offered(*further: ColumnElement[bool]) -> ColumnElement[bool]:
    joined = SuggestionItem.suggestion_id == Suggestion.id
    return exists().where(Suggestion.ticket_id == Ticket.id, joined, *further)


def _is_not_rejected() -> ColumnElement[bool]:
    said = aliased(Feedback)
    return ~exists().where(
        said.suggestion_id == SuggestionItem.suggestion_id,
        said.article_id == SuggestionItem.article_id,
        said.action == "rejected",
    )


def gather(session: Session, gap: Gap, ticket_ids: Sequence[int]) -> None:
    """Let tickets belong to a gap."""
    session.flush()
    query = select(Sighting).where(Sighting.ticket_id.in_(ticket_ids))
    for sighting in session.scalars(query):
        sighting.gap_id = gap.id


def unsettled(session: Session) -> list[Gap]:
    """Return the gaps that nobody settled."""
    return list(session.scalars(select(Gap).where(Gap.state.in_((GapState.OPEN, GapState.FEW)))))


def listed(session: Session) -> list[Gap]:
    """Return open gaps, those with most tickets first."""
    query = select(Gap).where(Gap.state == GapState.OPEN)
    return list(session.scalars(query.order_by(Gap.tickets.desc(), Gap.id).limit(_SHOWN)))


def numbers(session: Session, gap_ids: Sequence[int], limit: int) -> dict[int, list[str]]:
    """Return the numbers of the latest tickets of each gap."""
    query = (
        select(Sighting.gap_id, Ticket.number)
        .join(Ticket, Ticket.id == Sighting.ticket_id)
        .where(Sighting.gap_id.in_(gap_ids))
        .order_by(Sighting.ticket_id.desc())
    )
    found: dict[int, list[str]] = {}
    for gap_id, number in session.execute(query):
        of_gap = found.setdefault(gap_id or 0, [])
        if len(of_gap) < limit:
            of_gap.append(number)
    return found


def gap(session: Session, gap_id: int) -> Gap:
    """Return a gap, held for a change.

    Raises:
        NotFound: There is none such.
    """
    found = session.get(Gap, gap_id, with_for_update=True)
    if found is None:
        raise NotFound("There is no such gap: {id}", id=gap_id)
    return found


def empty_search(session: Session, digest: str) -> EmptySearch | None:
    """Return what is known of a search that found nothing, held for a change."""
    return session.get(EmptySearch, digest, with_for_update=True)


def empty_searches(session: Session) -> list[EmptySearch]:
    """Return the open ones that several accounts or one account several times asked.

    The most frequent come first.
    """
    query = (
        select(EmptySearch)
        .where(EmptySearch.state == GapState.OPEN)
        .where(
            or_(
                EmptySearch.times >= _LEAST_TIMES,
                func.json_array_length(EmptySearch.accounts) >= 2,  # noqa: PLR2004  # accounts
            )
        )
        .order_by(EmptySearch.times.desc(), EmptySearch.last_at.desc())
        .limit(_SHOWN)
    )
    return list(session.scalars(query))


def forget_searches(session: Session, *, before: datetime, kept: int) -> None:
    """Delete searches of long ago, and all but the latest ones."""
    newest = select(EmptySearch.digest).order_by(EmptySearch.last_at.desc()).limit(kept)
    session.execute(
        delete(EmptySearch).where(
            or_(EmptySearch.last_at < before, EmptySearch.digest.not_in(newest))
        )
    )
