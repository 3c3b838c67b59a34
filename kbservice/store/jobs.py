"""Jobs: one active of each kind, claimed by one worker at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.orm import Session

from kbservice.domain.job import Job, JobState
from kbservice.errors import JobRunning, NotFound
from kbservice.store.inserting import insert

STALE_AFTER = timedelta(seconds=60)
# A job that took so many workers down with it is not given to another.
MAX_ATTEMPTS = 3


def add(session: Session, job: Job) -> None:
    """Queue a job; its id is known afterwards.

    Raises:
        JobRunning: A job of the same kind waits or runs.
    """
    insert(session, job, JobRunning("A {kind} job is waiting or running already", kind=job.kind))


def claim(session: Session, worker: str, now: datetime) -> Job | None:
    """Take the oldest waiting job, or one whose worker fell silent; None if there is none."""
    _end_abandoned(session, now)
    query = (
        select(Job)
        .where(or_(Job.state == JobState.WAITING, _is_stale(now)))
        .order_by(Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    job = session.scalar(query)
    if job is not None:
        _start(job, worker, now)
        session.flush()
    return job


def free(session: Session, workers: Collection[str], now: datetime) -> list[int]:
    """Let the running jobs of these workers be claimed at once; return which those are."""
    freed = session.scalars(
        update(Job)
        .where(Job.state == JobState.RUNNING, Job.claim.in_(workers))
        .values(heartbeat_at=now - 2 * STALE_AFTER)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(freed)


def heartbeat(
    session: Session, job: Job, *, stage: str, done: int, total: int, now: datetime
) -> bool:
    """Renew the claim and record progress; tell whether the work shall go on.

    Args:
        session: The unit of work.
        job: As ``claim`` returned it.
        stage: What is being done.
        done: Finished steps of the stage.
        total: All steps of the stage; 0: unknown.
        now: The moment of this sign of life.

    Returns:
        False if a stop was asked for or another worker took the job over.
    """
    values = {"heartbeat_at": now, "stage": stage, "done": done, "total": total}
    return _update_claimed(session, job, values) is False


def finish(
    session: Session,
    job: Job,
    *,
    state: JobState,
    result: Mapping[str, Any] | None = None,
    error: str | None = None,
    now: datetime,
) -> bool:
    """Record how a claimed job ended; False if another worker took it over meanwhile.

    What is done is all done, whatever was reported last.
    """
    values: dict[str, Any] = {
        "state": state,
        "result": dict(result or {}),
        "error": error,
        "finished_at": now,
    }
    if state == JobState.DONE:
        values["done"] = Job.total
    return _update_claimed(session, job, values) is not None


def request_cancel(session: Session, job_id: int, now: datetime) -> Job:
    """End a waiting job at once; ask the worker of a running one to stop.

    Raises:
        NotFound: There is no such job.
    """
    job = _get(session, job_id, for_update=True)
    if job.state == JobState.WAITING:
        job.state = JobState.CANCELLED
        job.finished_at = now
    elif job.state == JobState.RUNNING:
        job.is_cancel_requested = True
    session.flush()
    return job


def get(session: Session, job_id: int) -> Job:
    """Return the job.

    Raises:
        NotFound: There is no such job.
    """
    return _get(session, job_id)


def recent(session: Session, limit: int = 20) -> list[Job]:
    """Return the latest jobs, newest first."""
    return list(session.scalars(select(Job).order_by(Job.id.desc()).limit(limit)))


def latest(session: Session, kind: str) -> Job | None:
    """Return the newest job of a kind, None if there was none."""
    return session.scalar(select(Job).where(Job.kind == kind).order_by(Job.id.desc()).limit(1))


def _get(session: Session, job_id: int, *, for_update: bool = False) -> Job:
    query = select(Job).where(Job.id == job_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    job = session.scalar(query)
    if job is None:
        raise NotFound("Job {id} does not exist", id=job_id)
    return job


def _is_stale(now: datetime) -> ColumnElement[bool]:
    return and_(Job.state == JobState.RUNNING, Job.heartbeat_at < now - STALE_AFTER)


def _start(job: Job, worker: str, now: datetime) -> None:
    job.state = JobState.RUNNING
    job.claim = worker
    job.attempts += 1
    job.stage, job.done, job.total = "", 0, 0
    job.started_at = job.heartbeat_at = now


def _end_abandoned(session: Session, now: datetime) -> None:
    asked = Job.is_cancel_requested.is_(True)
    session.execute(
        update(Job)
        .where(_is_stale(now), or_(asked, Job.attempts >= MAX_ATTEMPTS))
        .values(
            state=case((asked, JobState.CANCELLED), else_=JobState.FAILED),
            error=case((asked, Job.error), else_="The worker stopped without a word"),
            finished_at=now,
        )
        .execution_options(synchronize_session=False)
    )


def _update_claimed(session: Session, job: Job, values: dict[str, Any]) -> bool | None:
    """Change the job unless the claim is lost (None); return whether a stop was asked for."""
    # The count of attempts tells claims apart even between workers of one name.
    return session.scalar(
        update(Job)
        .where(Job.id == job.id, Job.attempts == job.attempts, Job.state == JobState.RUNNING)
        .values(values)
        .returning(Job.is_cancel_requested)
        .execution_options(synchronize_session=False)
    )
