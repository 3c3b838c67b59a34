"""What the radar noted of tickets: repeats, incidents, gaps in the knowledge."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kbservice.domain.base import Base
from kbservice.domain.ticket import Ticket


class Verdict(StrEnum):
    """What staff said of something that the radar proposed."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Incident(Base):
    """Several people reported the same trouble within a short time.

    Attributes:
        parent_id: The ticket under which the trouble is handled.
        why: Figures that it was found by: {requesters, traffic, expected, chance, window_min}.
        ended_at: Set once it was quiet for long enough.
    """

    __tablename__ = "incidents"
    __table_args__ = (Index("ix_incidents_open", "profile_key", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_key: Mapped[str] = mapped_column(String(60))
    parent_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    verdict: Mapped[Verdict] = mapped_column(default=Verdict.PROPOSED)
    why: Mapped[dict[str, Any]]
    opened_at: Mapped[datetime]
    last_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(80))

    parent: Mapped[Ticket] = relationship()
    sightings: Mapped[list[Sighting]] = relationship(
        order_by="Sighting.ticket_id", back_populates="incident"
    )


class GapState(StrEnum):
    """Where a gap stands; only open ones are shown.

    ``FEW``: too few badly served tickets are left; more open it again.
    """

    OPEN = "open"
    FEW = "few"
    WRITTEN = "written"
    DISMISSED = "dismissed"


class Gap(Base):
    """Tickets about something that no article answers well.

    Attributes:
        title: A requester's own words, as a first title of the missing article.
        words: Those of others, as a first description.
        tickets: How many are badly served now.
        reasons: How often each reason was seen: {no_fix, rejected, unsolved, slow}.
        article_id: The article that was written for it.
    """

    __tablename__ = "gaps"
    __table_args__ = (Index("ix_gaps_state", "profile_key", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_key: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(500))
    words: Mapped[list[str]] = mapped_column(default=list)
    tickets: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[GapState] = mapped_column(default=GapState.OPEN)
    article_id: Mapped[str | None] = mapped_column(String(200))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    settled_by: Mapped[str | None] = mapped_column(String(80))


class Sighting(Base):
    """What the radar noted of one ticket when it came in.

    Attributes:
        account: Account that handed it in, empty for an import.
        requester: Keyed digest of the person who asks; tells people apart, names nobody.
        terms: The telling words, as numbers.
        duplicate_of_id: An earlier ticket with nearly the same text.
        likeness: To that ticket, 0-1.
    """

    __tablename__ = "sightings"
    __table_args__ = (Index("ix_sightings_profile", "profile_key", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("tickets.id"), primary_key=True, autoincrement=False
    )
    profile_key: Mapped[str] = mapped_column(String(60))
    account: Mapped[str] = mapped_column(String(80), default="")
    requester: Mapped[str] = mapped_column(String(32), default="")
    terms: Mapped[bytes] = mapped_column(LargeBinary)
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    likeness: Mapped[float] = mapped_column(Float, default=0.0)
    duplicate_verdict: Mapped[Verdict | None]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    gap_id: Mapped[int | None] = mapped_column(ForeignKey("gaps.id"), index=True)

    ticket: Mapped[Ticket] = relationship(foreign_keys=ticket_id)
    duplicate_of: Mapped[Ticket | None] = relationship(foreign_keys=duplicate_of_id)
    incident: Mapped[Incident | None] = relationship(back_populates="sightings")


class SightingBand(Base):
    """One band of a ticket's signature: tickets that share one may be alike."""

    __tablename__ = "sighting_bands"

    band: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("sightings.ticket_id"), primary_key=True, autoincrement=False, index=True
    )


class EmptySearch(Base):
    """A search that found nothing.

    Attributes:
        digest: Of the folded words; names the row.
        words: As they were typed first, personal data masked.
        accounts: Keyed digests of up to three accounts that asked.
        is_public: An intake account asked, so that a public article is missing.
    """

    __tablename__ = "empty_searches"

    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    words: Mapped[str] = mapped_column(String(200))
    accounts: Mapped[list[str]] = mapped_column(default=list)
    times: Mapped[int] = mapped_column(default=1)
    is_public: Mapped[bool] = mapped_column(default=False)
    state: Mapped[GapState] = mapped_column(default=GapState.OPEN)
    article_id: Mapped[str | None] = mapped_column(String(200))
    settled_by: Mapped[str | None] = mapped_column(String(80))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
