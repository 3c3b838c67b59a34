"""Tickets, their resolution and the counters that number them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kbservice.domain.base import Base
from kbservice.errors import AlreadyResolved


class Counter(Base):
    """The last serial given out in one numbering period."""

    __tablename__ = "counters"

    scope: Mapped[str] = mapped_column(String(100), primary_key=True)
    period: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int]


class Ticket(Base):
    """A request for support.

    Attributes:
        source_id: Id in the system it was imported from.
        urgency: As reported by the requester; never overwritten by triage.
        priority: As assessed.
        priority_by: ``person``, ``classifier``, ``rule`` or ``import``; likewise category_by
            and kind_by.
        requester_sealed: Encrypted JSON {name, contact, department}.
        requester_masked: The same three, masked for display.
        response_due_at: None means that the profile sets no target.
        degraded: Parts of triage or search that were down at intake.
        version: Grows with every change, for If-Match and the index.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_state_opened", "state", "opened_at"),
        Index("ix_tickets_opened", "opened_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    source_id: Mapped[str | None] = mapped_column(String(400), unique=True)
    profile_key: Mapped[str] = mapped_column(String(60))
    profile_version: Mapped[int]
    title: Mapped[str] = mapped_column(String(500))
    body: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str | None] = mapped_column(String(50))
    kind_by: Mapped[str | None] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(100), index=True)
    category_by: Mapped[str | None] = mapped_column(String(16))
    urgency: Mapped[str | None] = mapped_column(String(50))
    priority: Mapped[str | None] = mapped_column(String(50), index=True)
    priority_by: Mapped[str | None] = mapped_column(String(16))
    product: Mapped[str | None] = mapped_column(String(100))
    product_version: Mapped[str | None] = mapped_column(String(100))
    environment: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(String(50))
    language: Mapped[str] = mapped_column(String(10), default="")
    requester_sealed: Mapped[str | None] = mapped_column(Text)
    requester_masked: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(50))
    opened_at: Mapped[datetime]
    first_response_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    response_due_at: Mapped[datetime | None]
    resolution_due_at: Mapped[datetime | None]
    clocks: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    missing: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    degraded: Mapped[list[str]] = mapped_column(default=list)
    satisfaction: Mapped[str | None] = mapped_column(String(50))
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(index=True)

    resolution: Mapped[Resolution | None] = relationship(back_populates="ticket", uselist=False)

    # A change that was read before somebody else's commit is refused, not written over it.
    __mapper_args__ = {  # noqa: RUF012  # SQLAlchemy declares it per instance
        "version_id_col": version,
        "version_id_generator": False,
    }

    def touch(self, now: datetime) -> None:
        """Start a new version."""
        self.version += 1
        self.updated_at = now

    def resolve(self, resolution: Resolution, *, state: str, now: datetime) -> None:
        """Attach the resolution and move to ``state``.

        Raises:
            AlreadyResolved: There is a resolution already.
        """
        if self.resolution is not None:
            raise AlreadyResolved("Ticket {number} is resolved already", number=self.number)
        self.resolution = resolution
        self.resolved_at = now
        self.state = state
        self.touch(now)


class Resolution(Base):
    """How one ticket was solved.

    Attributes:
        outcome: ``solved``, ``workaround`` or ``unsolved``.
        article_id: The article that was used, or the draft made from this resolution.
        is_new_article: The article was made from this resolution, not reused.
        verification: Who checked what where: [{kind, by, steps, result, ...}].
    """

    __tablename__ = "resolutions"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), unique=True)
    outcome: Mapped[str] = mapped_column(String(20))
    summary: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[str] = mapped_column(Text, default="")
    steps: Mapped[str] = mapped_column(Text, default="")
    article_id: Mapped[str | None] = mapped_column(ForeignKey("articles.id"), index=True)
    is_new_article: Mapped[bool] = mapped_column(default=False)
    verification: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    author: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]

    ticket: Mapped[Ticket] = relationship(back_populates="resolution")
