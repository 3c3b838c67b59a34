"""Labels in quarantine, and who gave the labels that are learned from."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session, contains_eager

from kbservice.domain.audit import AuditEntry
from kbservice.domain.label_review import LabelReview
from kbservice.domain.suggestion import Feedback, Suggestion
from kbservice.domain.ticket import Ticket
from kbservice.errors import NotFound


class Labeller(NamedTuple):
    """The account that gave a ticket's category, and when."""

    by: str
    at: datetime


def labellers(session: Session, profile_key: str) -> dict[str, Labeller]:
    """Return who gave the categories that people gave, by ticket number."""
    handed_in = (
        select(Ticket.number, Suggestion.principal, Ticket.opened_at)
        .join(Suggestion, Suggestion.ticket_id == Ticket.id)
        .where(Ticket.profile_key == profile_key, Ticket.category_by == "person")
    )
    corrected = (
        select(Ticket.number, Feedback.principal, Feedback.created_at)
        .join(Suggestion, Suggestion.ticket_id == Ticket.id)
        .join(Feedback, Feedback.suggestion_id == Suggestion.id)
        .where(Ticket.profile_key == profile_key, Feedback.category == Ticket.category)
        .order_by(Feedback.id)
    )
    changed = (
        select(Ticket.number, Ticket.category, AuditEntry.facts, AuditEntry.actor, AuditEntry.at)
        .join(AuditEntry, AuditEntry.subject == literal("ticket:").concat(Ticket.number))
        .where(
            Ticket.profile_key == profile_key,
            Ticket.category_by == "person",
            AuditEntry.action == "ticket_changed",
        )
        .order_by(AuditEntry.id)
    )
    found = {number: Labeller(by, at) for number, by, at in session.execute(handed_in)}
    found |= {number: Labeller(by, at) for number, by, at in session.execute(corrected)}
    found |= {
        number: Labeller(by, at)
        for number, category, facts, by, at in session.execute(changed)
        if facts["after"].get("category") == category
    }
    return found


def known(session: Session, profile_key: str) -> set[tuple[str, str]]:
    """Return (ticket number, label) of everything that ever was in quarantine."""
    query = select(Ticket.number, LabelReview.value).join(LabelReview.ticket)
    return {(number, value) for number, value in session.execute(_of(query, profile_key))}


def held_back(session: Session, profile_key: str) -> set[str]:
    """Return the numbers of tickets whose label waits for somebody to look at it."""
    query = select(Ticket.number).join(LabelReview, LabelReview.ticket_id == Ticket.id)
    waiting = query.where(LabelReview.settled_at.is_(None), LabelReview.value == Ticket.category)
    return set(session.scalars(_of(waiting, profile_key)))


def waiting(session: Session, limit: int) -> list[LabelReview]:
    """Return what waits, with its tickets; labels changed meanwhile are left out."""
    query = _waiting().options(contains_eager(LabelReview.ticket))
    return list(session.scalars(query.order_by(LabelReview.id).limit(limit)))


def count_waiting(session: Session) -> int:
    """Return how many wait."""
    return session.scalars(_waiting().with_only_columns(func.count())).one()


def get(session: Session, review_id: int) -> LabelReview:
    """Return a review with its ticket, to be changed.

    Raises:
        NotFound: There is no such review.
    """
    found = session.get(LabelReview, review_id, with_for_update=True)
    if found is None:
        raise NotFound("Label review {id} does not exist", id=review_id)
    return found


def _waiting() -> Select[LabelReview]:
    return (
        select(LabelReview)
        .join(LabelReview.ticket)
        .where(LabelReview.settled_at.is_(None), LabelReview.value == Ticket.category)
    )


def _of(query: Select[*tuple[str, ...]], profile_key: str) -> Select[*tuple[str, ...]]:
    return query.where(Ticket.profile_key == profile_key)
