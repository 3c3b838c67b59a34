"""Suggestions, what people did with them, and the record of each offered article."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from kbservice.domain.article import Article
from kbservice.domain.suggestion import FAILED_REASONS, Feedback, Suggestion
from kbservice.domain.ticket import Resolution, Ticket
from kbservice.errors import Conflict, NotFound
from kbservice.store.inserting import insert

# SQLite takes 32766 variables in a statement, PostgreSQL 65535: stay far below.
_BATCH = 500
# The name that the profile's criteria answer by while there is no release.
_UNTRAINED = "day-zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixRecord:
    """How one article did so far, and where it applies.

    Attributes:
        feedback: How often people did what with it: action to count.
    """

    article_id: str
    solved: int
    failed: int
    last_success_at: datetime | None
    verification: str
    product: str | None
    version: str | None
    environment: str
    feedback: dict[str, int]


class CategoryOutcome(NamedTuple):
    """What was guessed of a ticket, how surely, and what it turned out to be."""

    predicted: str
    confidence: float
    actual: str


class Guess(NamedTuple):
    """What a trained release guessed of a ticket when it came, and what it was asked."""

    at: datetime
    category: str
    confidence: float
    question: dict[str, Any]


def add(session: Session, suggestion: Suggestion) -> None:
    """Store a suggestion with its items.

    Raises:
        Conflict: The id is taken.
    """
    insert(session, suggestion, Conflict("Suggestion {id} exists already", id=suggestion.id))
    for name in ("items", "feedback"):
        if name not in suggestion.__dict__:
            # Readable after the session without a query: a new suggestion has none.
            set_committed_value(suggestion, name, [])


def get(session: Session, suggestion_id: str) -> Suggestion:
    """Return the suggestion with its items and feedback.

    Raises:
        NotFound: There is no such suggestion.
    """
    suggestion = session.scalar(_whole().where(Suggestion.id == suggestion_id))
    if suggestion is None:
        raise NotFound("Suggestion {id} does not exist", id=suggestion_id)
    return suggestion


def of_ticket(session: Session, ticket_id: int) -> list[Suggestion]:
    """Return what was suggested for a ticket, latest first."""
    query = _whole().where(Suggestion.ticket_id == ticket_id)
    return list(session.scalars(query.order_by(Suggestion.created_at.desc(), Suggestion.id)))


def add_feedback(session: Session, feedback: Feedback) -> None:
    """Store what a person did; the same act may come again."""
    session.add(feedback)
    session.flush()


class LastWord(NamedTuple):
    """Whether an article solved a ticket, and which account said so."""

    solved: bool
    voice: str


def last_word(
    session: Session, article_id: str, *, ticket_id: int | None, suggestion_id: str = ""
) -> LastWord | None:
    """Return what was said last of an article and a ticket; None: nothing.

    Args:
        session: The transaction.
        article_id: What was tried.
        ticket_id: Whose feedback and resolution count; None where there is no ticket.
        suggestion_id: Whose feedback counts too.
    """
    is_meant = Suggestion.id == suggestion_id
    if ticket_id is not None:
        is_meant = or_(is_meant, Suggestion.ticket_id == ticket_id)
    said = (
        select(Feedback.created_at, Feedback.action != "rejected", Feedback.principal)
        .join(Suggestion, Suggestion.id == Feedback.suggestion_id)
        .where(is_meant, _is_outcome(article_id))
        .order_by(Feedback.id.desc())
        .limit(1)
    )
    resolved = select(
        Resolution.created_at, Resolution.outcome != "unsolved", Resolution.author
    ).where(Resolution.ticket_id == ticket_id, Resolution.article_id == article_id)
    found = [row for query in (resolved, said) for row in session.execute(query)]
    latest = max(found, key=lambda row: row[0], default=None)
    return None if latest is None else LastWord(bool(latest[1]), latest[2])


def outcomes(session: Session, release: str, limit: int = 2_000) -> list[CategoryOutcome]:
    """Return the latest categories that a release guessed and people settled, oldest first.

    A category is settled by a person, or by solving the ticket as it was filled in.
    """
    guess = Suggestion.answer["assessment"]["category"]
    is_solved = and_(Ticket.category_by == "classifier", Ticket.resolved_at.is_not(None))
    query = (
        select(guess["value"].as_string(), guess["confidence"].as_float(), Ticket.category)
        .join(Ticket, Ticket.id == Suggestion.ticket_id)
        .where(
            Suggestion.classifier_release == release,
            or_(Ticket.category_by == "person", is_solved),
            guess["value"].as_string().is_not(None),
        )
        .order_by(Suggestion.created_at.desc(), Suggestion.id)
        .limit(limit)
    )
    found = [CategoryOutcome(*row) for row in session.execute(query)]
    return found[::-1]


def guesses(
    session: Session, profile_key: str, *, since: datetime, limit: int = 5_000
) -> list[Guess]:
    """Return what trained releases guessed of a profile's latest tickets, newest first."""
    guess = Suggestion.answer["assessment"]["category"]
    category = guess["value"].as_string()
    query = (
        select(Suggestion.created_at, category, guess["confidence"].as_float(), Suggestion.question)
        .where(
            Suggestion.profile_key == profile_key,
            Suggestion.created_at >= since,
            Suggestion.ticket_id.is_not(None),
            Suggestion.classifier_release != _UNTRAINED,
            category.is_not(None),
        )
        .order_by(Suggestion.created_at.desc(), Suggestion.id)
        .limit(limit)
    )
    return [Guess(*row) for row in session.execute(query)]


def evidence(session: Session, article_ids: Iterable[str]) -> dict[str, FixRecord]:
    """Return the record of each article that exists, by its id."""
    ids = list(dict.fromkeys(article_ids))
    found: dict[str, FixRecord] = {}
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        acts = _feedback_counts(session, batch)
        for article in session.scalars(select(Article).where(Article.id.in_(batch))):
            found[article.id] = _record(article, acts.get(article.id, {}))
    return found


def _whole() -> Select[Suggestion]:
    return select(Suggestion).options(
        selectinload(Suggestion.items), selectinload(Suggestion.feedback)
    )


def _is_outcome(article_id: str) -> ColumnElement[bool]:
    failed = and_(Feedback.action == "rejected", Feedback.reason.in_(FAILED_REASONS))
    solved = Feedback.action.in_(("solved", "deflected"))
    return and_(Feedback.article_id == article_id, or_(solved, failed))


def _feedback_counts(session: Session, article_ids: list[str]) -> dict[str, dict[str, int]]:
    query = (
        select(Feedback.article_id, Feedback.action, func.count())
        .where(Feedback.article_id.in_(article_ids))
        .group_by(Feedback.article_id, Feedback.action)
    )
    counts: dict[str, dict[str, int]] = {}
    for article_id, action, count in session.execute(query):
        counts.setdefault(article_id or "", {})[action] = count
    return counts


def _record(article: Article, feedback: dict[str, int]) -> FixRecord:
    return FixRecord(
        article_id=article.id,
        solved=article.solved_count,
        failed=article.failed_count,
        last_success_at=article.last_success_at,
        verification=article.verification,
        product=article.product,
        version=article.version,
        environment=article.environment,
        feedback=feedback,
    )
