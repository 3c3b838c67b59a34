"""Labels in quarantine: not learned from until somebody confirmed or corrected them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kbservice.domain.base import Base
from kbservice.domain.ticket import Ticket


class LabelReview(Base):
    """A label of a ticket that looked wrong, and what a person said of it.

    Attributes:
        value: The label as it was given; given anew, it may come here anew.
        proposed: What the classifier holds for right.
        reason: ``contradicted``, ``bulk`` or ``account``.
        given_by: Account that gave the label, empty for an import.
        settled_value: What it is; None while nobody looked.
    """

    __tablename__ = "label_reviews"
    __table_args__ = (Index("uq_label_reviews_ticket_value", "ticket_id", "value", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    value: Mapped[str] = mapped_column(String(100))
    proposed: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(16))
    given_by: Mapped[str] = mapped_column(String(80), default="")
    found_at: Mapped[datetime]
    settled_value: Mapped[str | None] = mapped_column(String(100))
    settled_by: Mapped[str | None] = mapped_column(String(80))
    settled_at: Mapped[datetime | None] = mapped_column(index=True)

    ticket: Mapped[Ticket] = relationship()
