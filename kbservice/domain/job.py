"""Long work that the worker does: rebuilds, training, imports, exports."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kbservice.domain.base import Base


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_IS_ACTIVE = text("state IN ('waiting', 'running')")
# Which part of the time has gone when a stage begins, and which it takes: of 10,000 and of 100,000
# articles.
_STAGES: Final = {"rebuild_index": {"read": (0.0, 0.1), "analyze": (0.1, 0.7), "merge": (0.8, 0.2)}}


class Job(Base):
    """One piece of long work and its progress.

    Attributes:
        claim: Who works on it; a claim without a fresh heartbeat may be taken over.
        result: What came out, JSON-ready, once the state is ``done``.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "uq_jobs_active_kind",
            "kind",
            unique=True,
            sqlite_where=_IS_ACTIVE,
            postgresql_where=_IS_ACTIVE,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30), index=True)
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[JobState] = mapped_column(default=JobState.WAITING, index=True)
    stage: Mapped[str] = mapped_column(String(60), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(String(80))
    claim: Mapped[str | None] = mapped_column(String(60))
    is_cancel_requested: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def is_finished(self) -> bool:
        """True once nothing more will happen."""
        return self.state in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}

    def eta_s(self, now: datetime) -> float | None:
        """Estimate the seconds left from the pace so far; None while unknown."""
        if self.is_finished or not self.started_at or not self.total:
            return None
        share = self._share()
        if not share:
            return None
        spent = (now - self.started_at).total_seconds()
        return max(0.0, spent / share * (1.0 - share))

    def _share(self) -> float:
        """Return which part of the work is done: of its only stage, if others are not known."""
        before, part = _STAGES.get(self.kind, {}).get(self.stage, (0.0, 1.0))
        return before + part * self.done / self.total
