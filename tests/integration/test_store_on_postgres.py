"""What only a server can do to us: late commits, lost connections, a crash."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

import pytest
from sqlalchemy import create_engine, make_url, text

from kbservice.errors import DatabaseUnavailable
from kbservice.store import jobs, outbox, tickets
from kbservice.store.database import Database
from tests.builders import NOW, a_job, a_ticket

pytestmark = pytest.mark.postgres


def test_a_lower_sequence_that_commits_later_is_still_seen(database: Database):
    with database.transaction() as late:
        lower = outbox.append(late, "article", "KB-1", 1, NOW)
        with database.transaction() as early:
            higher = outbox.append(early, "article", "KB-2", 1, NOW)
        with database.reading() as session:
            first = [event.sequence for event in outbox.batch(session, 10)]
        with database.transaction() as worker:
            outbox.delete(worker, first)

    with database.reading() as session:
        second = [event.sequence for event in outbox.batch(session, 10)]
        assert outbox.is_visible(session, higher)
        assert not outbox.is_visible(session, lower)
    assert lower < higher
    assert (first, second) == ([higher], [lower])


def test_a_job_that_another_worker_is_claiming_is_skipped(database: Database):
    with database.transaction() as session:
        jobs.add(session, a_job("import"))
        jobs.add(session, a_job("export"))

    with database.transaction() as first, database.transaction() as second:
        claimed = jobs.claim(first, "w1", NOW), jobs.claim(second, "w2", NOW)

    assert [job and job.kind for job in claimed] == ["import", "export"]


def test_a_waiting_writer_gives_up(database_url: str):
    quick = make_url(database_url).update_query_dict({"options": "-c lock_timeout=50"})
    impatient = Database(quick.render_as_string(hide_password=False))
    with impatient.transaction() as session:
        tickets.add(session, a_ticket("TS1"))

    with impatient.transaction() as holder:
        tickets.get(holder, "TS1", for_update=True)
        with pytest.raises(DatabaseUnavailable), impatient.transaction() as session:
            tickets.get(session, "TS1", for_update=True)
    impatient.dispose()


def test_a_lost_connection_is_unavailable_once(database: Database, database_url: str):
    def submit_and_lose_the_connection() -> None:
        with database.transaction() as session:
            tickets.add(session, a_ticket("TS1"))
            end_backends(database_url)
            session.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable):
        submit_and_lose_the_connection()

    # Idle connections of the pool are dead too: they are replaced unseen.
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS2"))
    end_backends(database_url)
    with database.reading() as session:
        assert [row.number for row in tickets.page(session).items] == ["TS2"]


def end_backends(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def answers(database: Database) -> bool:
    try:
        database.ping()
    except DatabaseUnavailable:
        return False
    return True


@pytest.mark.crash
def test_no_acknowledged_ticket_is_lost_while_the_server_crashes(
    database: Database, database_url: str
):
    """Killing one backend makes the server drop all connections and recover from its log."""
    acknowledged: list[str] = []
    refused: list[DatabaseUnavailable] = []
    unexpected: list[BaseException] = []
    done = Event()

    def submit() -> None:
        while not done.is_set():
            try:
                with database.transaction() as session:
                    number = f"TS{tickets.next_serial(session, 'TS', 'd')}"
                    tickets.add(session, a_ticket(number))
                    outbox.append(session, "ticket", number, 1, NOW)
                acknowledged.append(number)
            except DatabaseUnavailable as error:
                refused.append(error)
                time.sleep(0.02)
            except BaseException as error:  # noqa: BLE001  # shown by the assertion below
                unexpected.append(error)

    clients = [Thread(target=submit) for _ in range(4)]
    for client in clients:
        client.start()
    for _ in range(3):
        progress = len(acknowledged)
        wait_until(lambda seen=progress: len(acknowledged) > seen + 20)
        kill_a_backend(database_url)
    progress = len(acknowledged)
    wait_until(lambda: len(acknowledged) > progress)
    done.set()
    for client in clients:
        client.join()
    # The last kill may still be taking effect: the server needs a moment to notice.
    time.sleep(1)
    wait_until(lambda: answers(database))

    with database.reading() as session:
        stored = [row.number for row in tickets.page(session, limit=99_999).items]
        waiting = [event.key for event in outbox.batch(session, 99_999)]
    assert unexpected == []
    assert refused
    assert all(error.facts["retry_after_s"] > 0 for error in refused)
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    assert sorted(waiting) == sorted(stored)


def wait_until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def kill_a_backend(url: str) -> None:
    engine = create_engine(url)
    with suppress(Exception), engine.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        os.kill(pid, signal.SIGKILL)
        connection.execute(text("SELECT 1"))
    engine.dispose()
