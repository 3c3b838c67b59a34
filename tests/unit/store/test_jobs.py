from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kbservice.domain.job import Job, JobState
from kbservice.errors import JobRunning, NotFound
from kbservice.store import jobs
from kbservice.store.database import Database
from tests.builders import NOW, a_job

pytestmark = pytest.mark.every_database

STALE = NOW + timedelta(seconds=61)


def queue(database: Database, kind: str = "rebuild_index") -> int:
    with database.transaction() as session:
        job = a_job(kind)
        jobs.add(session, job)
    return job.id


def claim(database: Database, worker: str = "w1", now: datetime = NOW) -> Job | None:
    with database.transaction() as session:
        return jobs.claim(session, worker, now)


def read(database: Database, job_id: int) -> Job:
    with database.reading() as session:
        return jobs.get(session, job_id)


def take(database: Database, worker: str = "w1", now: datetime = NOW) -> Job:
    job = claim(database, worker, now)
    assert job is not None
    return job


def report(database: Database, job: Job, done: int, now: datetime = NOW) -> bool:
    with database.transaction() as session:
        return jobs.heartbeat(session, job, stage="index", done=done, total=100, now=now)


def end(database: Database, job: Job, state: JobState, **facts: Any) -> bool:
    with database.transaction() as session:
        return jobs.finish(session, job, state=state, now=NOW, **facts)


def test_a_job_runs_from_claim_to_result(database: Database):
    job_id = queue(database)

    job = take(database)
    assert (job.id, job.state, job.claim, job.attempts) == (job_id, JobState.RUNNING, "w1", 1)
    assert report(database, job, 50, NOW + timedelta(seconds=10))
    running = read(database, job_id)
    assert (running.stage, running.done, running.total) == ("index", 50, 100)
    assert running.eta_s(NOW + timedelta(seconds=10)) == 10.0

    assert end(database, job, JobState.DONE, result={"documents": 100})
    done = read(database, job_id)
    assert (done.state, done.result, done.finished_at) == (JobState.DONE, {"documents": 100}, NOW)
    assert (done.done, done.total) == (100, 100)
    assert claim(database) is None


def test_one_job_of_a_kind_is_active_at_a_time(database: Database):
    queue(database)
    with pytest.raises(JobRunning, match="rebuild_index"):
        queue(database)
    queue(database, "train_classifier")

    job = take(database)
    with pytest.raises(JobRunning):
        queue(database)
    end(database, job, JobState.FAILED, error="disk full")
    assert read(database, job.id).error == "disk full"
    queue(database)


def test_the_oldest_job_is_claimed_first_and_once(database: Database):
    first, second = queue(database, "import"), queue(database, "export")

    claimed = [claim(database, worker) for worker in ("w1", "w2", "w3")]

    assert [job and job.id for job in claimed] == [first, second, None]


def test_a_silent_worker_loses_its_job_even_to_one_of_its_name(database: Database):
    job_id = queue(database)
    lost = take(database)

    assert claim(database, now=NOW + timedelta(seconds=59)) is None
    taken = take(database, now=STALE)

    assert (taken.id, taken.attempts) == (job_id, 2)
    assert not report(database, lost, 99)
    assert not end(database, lost, JobState.DONE)
    assert (read(database, job_id).state, read(database, job_id).done) == (JobState.RUNNING, 0)
    assert report(database, taken, 1)


def test_the_job_of_a_worker_known_to_be_gone_is_claimed_at_once(database: Database):
    lost_id, kept_id = queue(database, "import"), queue(database, "export")
    lost = take(database, "w1")
    take(database, "w2")

    with database.transaction() as session:
        assert [lost_id] == jobs.free(session, ["w1", "w9"], NOW)

    taken = take(database, "w3", NOW)
    assert (taken.id, taken.attempts) == (lost_id, 2)
    assert not end(database, lost, JobState.DONE)
    assert read(database, kept_id).claim == "w2"
    assert claim(database, "w4", NOW) is None


def test_a_sign_of_life_keeps_the_claim(database: Database):
    queue(database)
    report(database, take(database), 1, NOW + timedelta(seconds=30))

    assert claim(database, "w2", STALE) is None


def test_a_job_that_took_three_workers_down_fails(database: Database):
    job_id = queue(database)
    for attempt in range(3):
        take(database, f"w{attempt}", NOW + timedelta(minutes=2 * attempt))

    assert claim(database, "w9", NOW + timedelta(minutes=9)) is None

    failed = read(database, job_id)
    assert (failed.state, failed.error) == (JobState.FAILED, "The worker stopped without a word")


def test_a_waiting_job_is_cancelled_at_once(database: Database):
    job_id = queue(database)
    with database.transaction() as session:
        job = jobs.request_cancel(session, job_id, NOW)

    assert (job.state, job.finished_at) == (JobState.CANCELLED, NOW)
    assert claim(database) is None


def test_a_running_job_is_asked_to_stop(database: Database):
    job_id = queue(database)
    job = take(database)
    with database.transaction() as session:
        assert jobs.request_cancel(session, job_id, NOW).state == JobState.RUNNING

    assert not report(database, job, 50)
    assert end(database, job, JobState.CANCELLED)
    assert read(database, job_id).state == JobState.CANCELLED
    with database.transaction() as session:
        assert jobs.request_cancel(session, job_id, STALE).finished_at == NOW


def test_a_cancelled_job_of_a_silent_worker_is_not_started_again(database: Database):
    job_id = queue(database)
    claim(database)
    with database.transaction() as session:
        jobs.request_cancel(session, job_id, NOW)

    assert claim(database, "w2", STALE) is None
    assert (read(database, job_id).state, read(database, job_id).error) == (
        JobState.CANCELLED,
        None,
    )


def test_jobs_are_listed_newest_first(database: Database):
    made = [queue(database, kind) for kind in ("import", "export", "report")]

    with database.reading() as session:
        assert [job.id for job in jobs.recent(session, 2)] == made[:0:-1]


def test_an_unknown_job_is_not_found(database: Database):
    with database.reading() as session, pytest.raises(NotFound, match="404"):
        jobs.get(session, 404)
