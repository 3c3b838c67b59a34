"""Answered questions that people judged, as a ranker's raw lessons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from kbservice.domain.suggestion import Feedback, Suggestion
from kbservice.domain.ticket import Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One person said something about one article.

    Attributes:
        action: A feedback action, or ``resolved``: the article solved the ticket.
        reason: Of a rejection.
    """

    action: str
    article_id: str
    principal: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSuggestion:
    """One answer, what it considered, and what people said.

    Attributes:
        places: Of the articles shown: 1 = first.
        lots: Of those that a lot decided about: ``kept`` or ``swapped``.
    """

    id: str
    at: datetime
    considered: dict[str, Any]
    places: dict[str, int]
    lots: dict[str, str]
    acts: tuple[Act, ...]


def judged(session: Session, limit: int) -> list[JudgedSuggestion]:
    """Return the newest judged suggestions, the oldest of them first."""
    has_feedback = select(Feedback.id).where(Feedback.suggestion_id == Suggestion.id).exists()
    is_solved = (
        select(Resolution.id)
        .where(
            Resolution.ticket_id == Suggestion.ticket_id,
            Resolution.article_id.is_not(None),
            Resolution.outcome != "unsolved",
        )
        .exists()
    )
    query = (
        select(Suggestion)
        .where(or_(has_feedback, is_solved))
        .order_by(Suggestion.created_at.desc(), Suggestion.id)
        .options(selectinload(Suggestion.items), selectinload(Suggestion.feedback))
        .limit(limit)
    )
    found = list(session.scalars(query))
    solved = _resolved(session, [item.ticket_id for item in found if item.ticket_id])
    return [_judged(item, solved.get(item.ticket_id or 0)) for item in reversed(found)]


def count_since(session: Session, since: datetime | None) -> int:
    """Return how many suggestions got their first or further feedback after a moment."""
    query = select(func.count(func.distinct(Feedback.suggestion_id)))
    if since is not None:
        query = query.where(Feedback.created_at > since)
    return session.scalar(query) or 0


# SQLite takes 32766 variables in a statement, PostgreSQL 65535: stay far below.
_BATCH = 500


def _resolved(session: Session, ticket_ids: list[int]) -> dict[int, Act]:
    found: dict[int, Act] = {}
    for start in range(0, len(ticket_ids), _BATCH):
        query = select(Resolution).where(
            Resolution.ticket_id.in_(ticket_ids[start : start + _BATCH]),
            Resolution.article_id.is_not(None),
            Resolution.outcome != "unsolved",
        )
        for row in session.scalars(query):
            found[row.ticket_id] = Act(
                action="resolved", article_id=row.article_id or "", principal=row.author
            )
    return found


def _judged(suggestion: Suggestion, resolved: Act | None) -> JudgedSuggestion:
    return JudgedSuggestion(
        id=suggestion.id,
        at=suggestion.created_at,
        considered=suggestion.considered,
        places={item.article_id: item.rank for item in suggestion.items},
        lots={item.article_id: item.lot for item in suggestion.items if item.lot},
        acts=tuple(_acts(suggestion, resolved)),
    )


def _acts(suggestion: Suggestion, resolved: Act | None) -> Iterator[Act]:
    if resolved is not None:
        yield resolved
    for row in suggestion.feedback:
        if row.article_id:
            yield Act(
                action=row.action,
                article_id=row.article_id,
                principal=row.principal,
                reason=row.reason or "",
            )
