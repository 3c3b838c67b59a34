"""Long work: queued in the store, done by the worker, watched by people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.domain.job import Job, JobState
from kbservice.errors import InvalidInput, KbServiceError
from kbservice.services.progress import Cancelled, Progress
from kbservice.store import jobs as store
from kbservice.store.database import Database

log = structlog.get_logger(__name__)

JobWork = Callable[[Mapping[str, Any], Progress], Mapping[str, Any]]

_REPORT_EVERY_S = 0.5


class JobProgress:
    """Writes progress into the job's row: at most twice a second, and where a stage ends."""

    def __init__(self, database: Database, clock: Clock, job: Job) -> None:
        self._database = database
        self._clock = clock
        self._job = job
        self._stage = ""
        self._done = 0
        self._total = 0
        self._reported_at = clock.now()

    def stage(self, name: str, total: int) -> None:
        """Begin a stage; raises Cancelled if somebody asked for it."""
        self._stage, self._done, self._total = name, 0, total
        self._report()

    def advance(self, steps: int = 1) -> None:
        """Count finished steps; raises Cancelled if somebody asked for it."""
        self._done += steps
        is_due = (self._clock.now() - self._reported_at).total_seconds() >= _REPORT_EVERY_S
        if is_due or (steps and self._done == self._total):
            self._report()

    def _report(self) -> None:
        self._reported_at = self._clock.now()
        with self._database.transaction() as session:
            goes_on = store.heartbeat(
                session,
                self._job,
                stage=self._stage,
                done=self._done,
                total=self._total,
                now=self._reported_at,
            )
        if not goes_on:
            raise Cancelled("Job {id} was cancelled", id=self._job.id)


class Jobs:
    """Queues work and does it."""

    def __init__(self, *, database: Database, clock: Clock, works: Mapping[str, JobWork]) -> None:
        self._database = database
        self._clock = clock
        self._works = works

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of work that can be asked for."""
        return tuple(sorted(self._works))

    def enqueue(self, kind: str, arguments: Mapping[str, Any], principal: Principal) -> Job:
        """Queue one piece of work.

        Raises:
            InvalidInput: The kind is unknown.
            JobRunning: One of this kind is waiting or running.
        """
        principal.demand(Role.ADMIN)
        if kind not in self._works:
            raise InvalidInput.of("kind", " | ".join(self.kinds), kind)
        job = Job(
            kind=kind,
            arguments=dict(arguments),
            requested_by=principal.name,
            created_at=self._clock.now(),
        )
        with self._database.transaction() as session:
            store.add(session, job)
        return job

    def get(self, job_id: int) -> Job:
        """Return a job.

        Raises:
            NotFound: There is none such.
        """
        with self._database.reading() as session:
            return store.get(session, job_id)

    def recent(self, limit: int = 20) -> list[Job]:
        """Return the latest jobs, newest first."""
        with self._database.reading() as session:
            return store.recent(session, limit)

    def cancel(self, job_id: int, principal: Principal) -> Job:
        """Ask a job to stop; a waiting one stops at once."""
        principal.demand(Role.ADMIN)
        with self._database.transaction() as session:
            return store.request_cancel(session, job_id, self._clock.now())

    def free(self, workers: Collection[str]) -> None:
        """Give up the claims of workers that are known to be gone."""
        with self._database.transaction() as session:
            freed = store.free(session, workers, self._clock.now())
        if freed:
            log.warning("jobs_freed", job_ids=freed)

    def run_next(self, worker: str) -> bool:
        """Do one waiting job; return whether there was one."""
        with self._database.transaction() as session:
            job = store.claim(session, worker, self._clock.now())
        if job is None:
            return False
        log.info("job_started", job_id=job.id, kind=job.kind)
        progress = JobProgress(self._database, self._clock, job)
        try:
            result = self._works[job.kind](job.arguments, progress)
        except Cancelled:
            self._finish(job, JobState.CANCELLED)
        except KbServiceError as error:
            self._finish(job, JobState.FAILED, error=str(error))
        except Exception as error:
            log.exception("job_crashed", job_id=job.id)
            self._finish(job, JobState.FAILED, error=f"{type(error).__name__}: {error}")
        else:
            self._finish(job, JobState.DONE, result=result)
        return True

    def _finish(
        self,
        job: Job,
        state: JobState,
        *,
        result: Mapping[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        log.info("job_finished", job_id=job.id, kind=job.kind, state=state.value, error=error)
        with self._database.transaction() as session:
            store.finish(
                session, job, state=state, result=result, error=error, now=self._clock.now()
            )
