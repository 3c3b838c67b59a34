"""Has an index that takes no changes built anew, once, by the worker."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import SYSTEM
from kbservice.domain.job import Job, JobState
from kbservice.errors import IndexUnavailable, JobRunning
from kbservice.search.engine import SearchEngine
from kbservice.services.jobs import Jobs
from kbservice.store import jobs as store
from kbservice.store.database import Database

log = structlog.get_logger(__name__)

KIND: Final = "rebuild_index"
# Why it failed (a full disk, as a rule) takes a person; a loop of rebuilds would hide it.
_PAUSE: Final = timedelta(minutes=10)


class Replacement:
    """Queues the rebuild that replaces a damaged or missing generation."""

    def __init__(
        self, *, database: Database, engine: SearchEngine, jobs: Jobs, clock: Clock
    ) -> None:
        self._database = database
        self._engine = engine
        self._jobs = jobs
        self._clock = clock

    def queue(self) -> Job | None:
        """Queue a rebuild; None while one waits or runs, or failed on the same damage lately."""
        arguments = {"replaces": self._damaged()}
        with self._database.reading() as session:
            last = store.latest(session, KIND)
        if last is not None and last.arguments == arguments and self._is_recent_failure(last):
            return None
        with suppress(JobRunning):
            job = self._jobs.enqueue(KIND, arguments, SYSTEM)
            log.warning("index_rebuild_queued", job_id=job.id, **arguments)
            return job
        return None

    def _damaged(self) -> int:
        """Return the generation that takes no changes, 0 if there is none at all."""
        try:
            state = self._engine.state()
        except IndexUnavailable:
            return 0
        return state.stands_in_for or state.generation

    def _is_recent_failure(self, job: Job) -> bool:
        if job.state == JobState.DONE or job.finished_at is None:
            return False
        return self._clock.now() - job.finished_at < _PAUSE
