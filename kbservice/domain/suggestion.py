"""What was suggested, on what grounds, and what people did with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kbservice.domain.base import Base

FEEDBACK_ACTIONS = ("opened", "copied", "accepted", "solved", "rejected", "deflected")
# Reasons for a rejection that speak against the fix, not against the match.
FAILED_REASONS = frozenset({"related_no_answer", "outdated", "wrong_env"})


class Suggestion(Base):
    """One answer of the suggest endpoint, kept whole.

    Attributes:
        id: Random, unguessable: knowing it allows feedback on it.
        question: The redacted title and text that were asked about.
        answer: The category, priority, kind and missing parts as they were shown.
        principal: Account name that asked.
        ranker_release: Which ranker ordered the items.
        considered: The features of every ranked article, shown or not: what rankers learn from.
    """

    __tablename__ = "suggestions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    profile_key: Mapped[str] = mapped_column(String(60))
    profile_version: Mapped[int]
    question: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any]]
    decision: Mapped[str] = mapped_column(String(16))
    classifier_release: Mapped[str] = mapped_column(String(60))
    ranker_release: Mapped[str] = mapped_column(String(60), default="fixed")
    considered: Mapped[dict[str, Any]] = mapped_column(default=dict)
    index_generation: Mapped[int]
    index_sequence: Mapped[int]
    degraded: Mapped[list[str]] = mapped_column(default=list)
    principal: Mapped[str] = mapped_column(String(80))
    took_ms: Mapped[float] = mapped_column(Float)
    created_at: Mapped[datetime] = mapped_column(index=True)

    items: Mapped[list[SuggestionItem]] = relationship(
        order_by="SuggestionItem.rank", cascade="all, delete-orphan"
    )
    feedback: Mapped[list[Feedback]] = relationship(order_by="Feedback.id")

    def fixes(self, *, to_staff: bool) -> list[dict[str, Any]]:
        """Return the fixes that a reader may see, as they were shown; forms see public ones."""
        to_form: list[dict[str, Any]] | None = self.answer.get("to_form")
        if to_staff or to_form is None:
            return [{**item.shown, "why": item.why} for item in self.items]
        return to_form

    def similar_tickets(self, *, to_staff: bool) -> list[dict[str, Any]]:
        """Return the similar tickets that a reader may see."""
        return list(self.answer["similar_tickets"]) if to_staff else []


class SuggestionItem(Base):
    """One article that was offered, at its rank (1 = first).

    Attributes:
        lot: ``kept`` or ``swapped`` if a lot decided between it and its neighbour.
    """

    __tablename__ = "suggestion_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    suggestion_id: Mapped[str] = mapped_column(ForeignKey("suggestions.id"), index=True)
    rank: Mapped[int]
    article_id: Mapped[str] = mapped_column(String(200), index=True)
    score: Mapped[float] = mapped_column(Float)
    confidence: Mapped[float] = mapped_column(Float)
    why: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    shown: Mapped[dict[str, Any]] = mapped_column(default=dict)
    lot: Mapped[str] = mapped_column(String(8), default="")


class Feedback(Base):
    """What a person did with a suggestion or one item of it."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    suggestion_id: Mapped[str] = mapped_column(ForeignKey("suggestions.id"), index=True)
    article_id: Mapped[str | None] = mapped_column(String(200), index=True)
    action: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(String(100))
    priority: Mapped[str | None] = mapped_column(String(50))
    principal: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
