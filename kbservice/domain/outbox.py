"""Changes that the search index has yet to see, written with the change itself."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kbservice.domain.base import Base

ChangedKind = Literal["article", "ticket"]


class OutboxEvent(Base):
    """One changed record.

    A row lives until its change is in a committed index; a row that fails again and
    again is parked, so that the ones behind it go on.

    Attributes:
        retry_at: When a failed change is worth another try; None: at once.
    """

    __tablename__ = "outbox"
    # AUTOINCREMENT: a sequence is never used twice, even after its row was deleted.
    __table_args__ = ({"sqlite_autoincrement": True},)

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
