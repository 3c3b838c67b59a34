"""Decides when the worker learns: every night, and at once where enough is new."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import SYSTEM
from kbservice.errors import JobRunning
from kbservice.services.jobs import Jobs
from kbservice.services.training import Training
from kbservice.store import jobs as store
from kbservice.store.database import Database
from kbservice.triage.training import LEAST_TICKETS, MAX_TICKETS

log = structlog.get_logger(__name__)

NEVER: Final = -1
_LOOK_EVERY_S: Final = 60.0
# However much comes in: a training takes the worker from its other work for a minute.
_PAUSE: Final = timedelta(hours=1)
_KIND: Final = "train_classifier"
_ARGUMENTS: Final[Mapping[str, object]] = {"only_if_new": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When to learn.

    Attributes:
        hour: Hour of the day in ``zone`` from which the nightly training is due; ``NEVER``.
        enough: So many new labels do not wait for the night; 0: they do.
    """

    hour: int
    enough: int
    zone: ZoneInfo


class Schedule:
    """Queues the trainings that are due."""

    def __init__(
        self,
        *,
        database: Database,
        jobs: Jobs,
        training: Training,
        clock: Clock,
        timetable: Timetable,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._training = training
        self._clock = clock
        self._timetable = timetable
        self._looked_at_s = float("-inf")

    def tick(self) -> None:
        """Look once a minute whether something is due; costs nothing in between."""
        if time.monotonic() - self._looked_at_s >= _LOOK_EVERY_S:
            self._looked_at_s = time.monotonic()
            self.look()

    def look(self) -> str:
        """Queue a training if one is due; return why, empty if none is."""
        reason = self._why()
        if not reason:
            return ""
        try:
            job = self._jobs.enqueue(_KIND, _ARGUMENTS, SYSTEM)
        except JobRunning:
            return ""
        log.info("training_scheduled", job_id=job.id, reason=reason)
        return reason

    def _why(self) -> str:
        labelled = self._training.labelled()
        if labelled < LEAST_TICKETS:
            return ""
        now = self._clock.now()
        last = self._training.last()
        tried_at = self._tried_at(last.at if last else None)
        if tried_at and now - tried_at < _PAUSE:
            return ""
        enough = self._timetable.enough
        new = labelled - (last.tickets if last else 0)
        # Of more than can be learned from, the count does not tell what is new.
        if enough and enough <= new and labelled <= MAX_TICKETS:
            return f"{new} new labels"
        night = self._last_night(now)
        return "nightly" if night and (tried_at is None or tried_at < night) else ""

    def _tried_at(self, trained_at: datetime | None) -> datetime | None:
        """Return when a training last began or ended, however it ended."""
        with self._database.reading() as session:
            job = store.latest(session, _KIND)
        times = [moment for moment in (trained_at, job.created_at if job else None) if moment]
        return max(times, default=None)

    def _last_night(self, now: datetime) -> datetime | None:
        if self._timetable.hour == NEVER:
            return None
        local = now.astimezone(self._timetable.zone)
        night = local.replace(hour=self._timetable.hour, minute=0, second=0, microsecond=0)
        return night if night <= local else night - timedelta(days=1)
