"""What a killed worker was doing is taken up by the next one at once."""

from __future__ import annotations

import time
from threading import Event, Thread

from kbservice import worker
from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM
from kbservice.domain.job import JobState
from kbservice.store import jobs

_SOON_S = 30.0
GONE = "here:1"


def test_the_job_of_a_killed_worker_is_done_before_its_claim_is_stale(application: Application):
    job = application.jobs.enqueue("rebuild_index", {}, SYSTEM)
    with application.database.transaction() as session:
        assert jobs.claim(session, GONE, application.clock.now()) is not None
    members = application.settings.instance_dir / "workers"
    members.mkdir()
    (members / GONE).touch()  # its lock died with it
    stop = Event()
    thread = Thread(target=worker.run, args=(application, stop))
    thread.start()
    try:
        end = time.monotonic() + _SOON_S
        while application.jobs.get(job.id).state != JobState.DONE:
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join()

    assert [] == list(members.iterdir())
