"""What a job's row tells of work under way."""

from __future__ import annotations

from kbservice.clock import FrozenClock
from kbservice.services.jobs import JobProgress
from kbservice.store import jobs
from kbservice.store.database import Database
from tests.builders import NOW, a_job


def test_a_stage_that_ends_is_told_however_soon_and_steps_between_only_now_and_then(
    database: Database,
):
    with database.transaction() as session:
        jobs.add(session, a_job("rebuild_index"))
    with database.transaction() as session:
        job = jobs.claim(session, "w1", NOW)
    assert job is not None
    progress = JobProgress(database, FrozenClock(NOW), job)

    def told() -> tuple[str, int, int]:
        with database.reading() as session:
            row = jobs.get(session, job.id)
        return row.stage, row.done, row.total

    progress.stage("read", 3)
    progress.advance()
    assert told() == ("read", 0, 3)
    progress.advance(2)
    assert told() == ("read", 3, 3)
    progress.stage("analyze", 3)
    progress.advance(0)
    assert told() == ("analyze", 0, 3)
