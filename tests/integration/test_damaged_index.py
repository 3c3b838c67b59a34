"""A damaged index generation: answers say what they lack, and the worker replaces it once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import update

from kbservice import worker
from kbservice.bootstrap import Application, build
from kbservice.clock import FrozenClock
from kbservice.domain.account import SYSTEM, Role
from kbservice.domain.job import Job, JobState
from kbservice.services.knowledge import NewArticle
from kbservice.services.question import Question
from kbservice.services.retrieval import SearchRequest
from kbservice.store import outbox
from kbservice.web.app import create_app
from tests.api.calling import Caller
from tests.builders import NOW


@pytest.fixture
def damaged(application: Application) -> Iterator[Application]:
    """Reopen an instance whose current generation was damaged; the one before is empty."""
    article = application.knowledge.create(
        NewArticle(title="打印机脱机怎么办", sections={"solution": "重装驱动"}), SYSTEM
    )
    application.knowledge.publish(article.id, SYSTEM)
    application.indexing.rebuild()
    application.close()
    generation = application.engine.state().generation
    spoil(application.settings.article_index_dir / f"{generation:06}")
    with closing(build(application.settings)) as opened:
        yield opened


def spoil(folder: Path) -> None:
    for file in folder.glob("*.pst"):
        file.write_bytes(b"x")


@contextmanager
def working(application: Application) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=worker.run, args=(application, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def rebuilds(application: Application) -> list[Job]:
    return [job for job in application.jobs.recent() if job.kind == "rebuild_index"]


def wait_until_finished(application: Application) -> None:
    end = time.monotonic() + 20
    while not any(job.is_finished for job in rebuilds(application)):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_answers_of_a_generation_that_stands_in_say_so(damaged: Application):
    found = damaged.retrieval.search(SearchRequest(q="打印机"), SYSTEM)
    known = damaged.suggesting.suggest(Question(title="打印机脱机"), SYSTEM)

    assert (("index",), ()) == (found.degraded, found.page.hits)
    assert not found.is_in_vain
    assert "index" in known.degraded


def test_health_and_metrics_name_it_and_no_answer_is_remembered(damaged: Application):
    key = damaged.accounts.issue_key("admin", Role.ADMIN, actor=SYSTEM).key
    caller = Caller(create_app(damaged).test_client(), key)

    for _ in range(2):
        response = caller.get("search?q=打印机")
        answer = response.get_json()
        assert (["index"], False) == (answer["degraded_parts"], answer["index"]["complete"])
        assert "ETag" not in response.headers
    ready = caller.get("/readyz").get_json()
    assert ("degraded", "degraded") == (ready["status"], ready["parts"]["index"])
    assert 'kbservice_degraded{part="index"} 1.0' in caller.get("/metrics").text
    finding = next(found for found in damaged.doctor.check() if found.part == "index")
    assert "generation 2 is damaged; generation 1 answers" in finding.message


def test_the_worker_replaces_it_by_one_job(damaged: Application):
    with working(damaged):
        wait_until_finished(damaged)
        time.sleep(3 * damaged.settings.poll_interval_s)

    (job,) = rebuilds(damaged)
    assert (JobState.DONE, {"replaces": 2}) == (job.state, job.arguments)
    found = damaged.retrieval.search(SearchRequest(q="打印机"), SYSTEM)
    assert ((), 1) == (found.degraded, found.page.total)


def test_a_failed_replacement_is_tried_again_only_after_a_while(damaged: Application):
    job = damaged.replacement.queue()
    assert job is not None
    assert damaged.replacement.queue() is None

    now = damaged.clock.now()
    with damaged.database.transaction() as session:
        session.execute(update(Job).values(state=JobState.FAILED, finished_at=now))

    assert damaged.replacement.queue() is None


def test_doctor_replaces_it_where_no_worker_runs(damaged: Application):
    findings = damaged.doctor.repair(SYSTEM)

    assert next(found for found in findings if found.part == "index").is_ok


def flip_a_bit(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("damage", [flip_a_bit, Path.unlink])
def test_an_impact_file_damaged_meanwhile_is_written_anew_though_nothing_else_happens(
    application: Application, damage: Callable[[Path], None]
):
    article = application.knowledge.create(
        NewArticle(title="打印机脱机怎么办", sections={"solution": "重装驱动"}), SYSTEM
    )
    application.knowledge.publish(article.id, SYSTEM)
    application.indexing.rebuild()
    (file,) = application.settings.article_index_dir.rglob("*.imp")
    before = application.engine.state().commit

    with working(application):
        damage(file)
        end = time.monotonic() + 10
        while application.engine.state().commit == before:
            assert time.monotonic() < end
            time.sleep(0.05)

    found = application.retrieval.search(SearchRequest(q="打印机"), SYSTEM)
    assert ((), 1) == (found.degraded, found.page.total)
    with closing(build(application.settings)) as opened:
        assert opened.engine.state().whole


@pytest.mark.parametrize("clock", [FrozenClock(NOW)])
def test_no_change_is_parked_while_the_index_cannot_be_written(
    application: Application, clock: FrozenClock
):
    for title in ("打印机脱机", "蓝屏"):
        article = application.knowledge.create(
            NewArticle(title=title, sections={"solution": "重启"}), SYSTEM
        )
        application.knowledge.publish(article.id, SYSTEM)
    lock = application.settings.article_index_dir / "WRITER.lock"
    lock.unlink()
    lock.mkdir()  # what a read-only disk does, for root too

    for _ in range(2 * outbox.MAX_ATTEMPTS):
        assert 0 == application.indexing.drain()
        clock.moment += timedelta(seconds=10)

    status = application.indexing.status()
    assert (0, 2) == (status.parked, status.pending)
    lock.rmdir()
    assert 2 == application.indexing.drain()
    assert 2 == application.engine.state().documents
