"""Decides when the worker learns: every night, and at once where enough is new."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import SYSTEM
from kbservice.errors import JobRunning
from kbservice.services.jobs import Jobs
from kbservice.store import jobs as store
from kbservice.store.database import Database

log = structlog.get_logger(__name__)

NEVER: Final = -1
_LOOK_EVERY_S: Final = 60.0
# However much comes in: a training takes the worker from its other work for a minute.
_PAUSE: Final = timedelta(hours=1)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Something that is learned again and again.

    Attributes:
        kind: Of the job that learns it.
        news: Returns how much came in since it was learned last, None while it is too little
            to learn anything from.
        last_at: Returns when it was learned last, None if never.
    """

    kind: str
    news: Callable[[], int | None]
    last_at: Callable[[], datetime | None]


class Schedule:
    """Queues the trainings that are due."""

    def __init__(
        self,
        *,
        database: Database,
        jobs: Jobs,
        courses: Sequence[Course],
        clock: Clock,
        timetable: Timetable,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._courses = courses
        self._clock = clock
        self._timetable = timetable
        self._looked_at_s = float("-inf")

    def tick(self) -> None:
        """Look once a minute whether something is due; costs nothing in between."""
        if time.monotonic() - self._looked_at_s >= _LOOK_EVERY_S:
            self._looked_at_s = time.monotonic()
            self.look()

    def look(self) -> dict[str, str]:
        """Queue the trainings that are due; return why, by kind of job."""
        reasons = {course.kind: self._why(course) for course in self._courses}
        due = {kind: reason for kind, reason in reasons.items() if reason}
        for kind, reason in due.items():
            # Somebody may have asked for it just now.
            with suppress(JobRunning):
                job = self._jobs.enqueue(kind, _ARGUMENTS, SYSTEM)
                log.info("training_scheduled", job_id=job.id, kind=kind, reason=reason)
        return due

    def _why(self, course: Course) -> str:
        news = course.news()
        if news is None:
            return ""
        now = self._clock.now()
        tried_at = self._tried_at(course)
        if tried_at and now - tried_at < _PAUSE:
            return ""
        if self._timetable.enough and news >= self._timetable.enough:
            return f"{news} are new"
        night = self._last_night(now)
        return "nightly" if night and (tried_at is None or tried_at < night) else ""

    def _tried_at(self, course: Course) -> datetime | None:
        """Return when a training last began or ended, however it ended."""
        with self._database.reading() as session:
            job = store.latest(session, course.kind)
        times = [course.last_at(), job.created_at if job else None]
        return max((moment for moment in times if moment), default=None)

    def _last_night(self, now: datetime) -> datetime | None:
        if self._timetable.hour == NEVER:
            return None
        local = now.astimezone(self._timetable.zone)
        night = local.replace(hour=self._timetable.hour, minute=0, second=0, microsecond=0)
        return night if night <= local else night - timedelta(days=1)
