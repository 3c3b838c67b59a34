from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from kbservice.domain.ticket import Ticket
from kbservice.errors import BadSettings, DatabaseUnavailable, InvalidInput, StaleVersion
from kbservice.store import articles, drivers, jobs, tickets
from kbservice.store.database import Database
from tests.builders import NOW, a_resolution, a_ticket, an_article
from tests.databases import fail_after

pytestmark = pytest.mark.every_database


def test_a_clean_exit_commits(database: Database):
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1"))

    with database.reading() as session:
        assert tickets.get(session, "TS1").number == "TS1"


def test_an_error_rolls_everything_back(database: Database):
    with pytest.raises(RuntimeError, match="halfway"):
        fail_after(database, lambda session: tickets.add(session, a_ticket("TS1")))

    with database.reading() as session:
        assert tickets.find(session, "TS1") is None


def test_records_stay_readable_after_the_commit(database: Database):
    with database.transaction() as session:
        ticket = a_ticket("TS1")
        tickets.add(session, ticket)

    columns = [column.key for column in Ticket.__mapper__.column_attrs]
    values = {name: getattr(ticket, name) for name in columns}
    assert (values["number"], values["source_id"], values["extra"]) == ("TS1", None, {})
    assert ticket.resolution is None


def test_a_new_ticket_keeps_the_resolution_it_came_with(database: Database):
    with database.transaction() as session:
        ticket = a_ticket("TS1", resolution=a_resolution())
        tickets.add(session, ticket)

    assert ticket.resolution is not None
    assert ticket.resolution.summary == "重新启用账户"


def test_a_reader_cannot_write(database: Database):
    with pytest.raises(DBAPIError), database.reading() as session:
        tickets.add(session, a_ticket("TS1"))

    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1"))


def test_a_reader_sees_one_state_throughout(database: Database):
    with database.reading() as session:
        assert tickets.find(session, "TS1") is None
        with database.transaction() as writer:
            tickets.add(writer, a_ticket("TS1"))
        assert tickets.find(session, "TS1") is None

    with database.reading() as session:
        assert tickets.find(session, "TS1") is not None


def test_foreign_keys_are_enforced(database: Database):
    with pytest.raises(IntegrityError), database.transaction() as session:
        articles.add(session, an_article(ticket_id=404))


def test_a_change_read_before_a_foreign_commit_is_refused(database: Database):
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1"))
    with database.reading() as session:
        mine = tickets.get(session, "TS1")
    with database.transaction() as session:
        tickets.get(session, "TS1").touch(NOW)

    mine.touch(NOW)
    with pytest.raises(StaleVersion), database.transaction() as session:
        session.add(mine)

    with database.reading() as session:
        assert tickets.get(session, "TS1").version == 2


def test_a_ping_answers(database: Database):
    database.ping()


@pytest.mark.postgres
def test_a_value_that_postgresql_cannot_hold_is_invalid_input(database: Database):
    with pytest.raises(InvalidInput, match="cannot be stored"), database.transaction() as session:
        tickets.add(session, a_ticket("TS1", title="a\x00b"))


def test_half_a_character_is_invalid_input(database: Database):
    with pytest.raises(InvalidInput), database.transaction() as session:
        tickets.add(session, a_ticket("TS1", title="\ud83d"))


def test_a_number_beyond_the_database_is_invalid_input(sqlite_url: str):
    database = Database(sqlite_url)

    with pytest.raises(InvalidInput, match="cannot be stored"), database.reading() as session:
        jobs.get(session, 2**70)
    database.dispose()


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path):
    database = Database(f"postgresql://nobody@/nothing?host={tmp_path}")

    with pytest.raises(DatabaseUnavailable) as caught:
        database.ping()

    assert caught.value.facts["retry_after_s"] > 0
    assert not database.is_sqlite
    assert database.path is None


def test_a_locked_sqlite_file_is_unavailable(sqlite_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kbservice.store.drivers.BUSY_TIMEOUT_S", 0)
    database = Database(sqlite_url)
    blocker = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseUnavailable), database.transaction() as session:
        tickets.add(session, a_ticket("TS1"))

    with database.reading() as session:
        assert tickets.find(session, "TS1") is None
    blocker.execute("ROLLBACK")
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1"))
    blocker.close()
    database.dispose()


def test_an_exhausted_pool_is_unavailable(sqlite_url: str, monkeypatch: pytest.MonkeyPatch):
    for name, value in {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.01}.items():
        monkeypatch.setitem(drivers._POOL, name, value)
    database = Database(sqlite_url)

    with database.reading() as session:
        assert tickets.find(session, "TS1") is None
        with pytest.raises(DatabaseUnavailable):
            database.ping()
    database.ping()
    database.dispose()


def test_a_full_disk_is_unavailable(sqlite_url: str):
    database = Database(sqlite_url)
    with database.transaction() as session:
        # The one connection of the pool keeps the limit.
        session.execute(text("PRAGMA max_page_count = 1"))

    with pytest.raises(DatabaseUnavailable), database.transaction() as session:
        tickets.add(session, a_ticket("TS1", body="x" * 500_000))

    database.dispose()
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1", body="x" * 500_000))
    database.dispose()


def test_a_sqlite_file_is_durable_and_private(tmp_path: Path):
    path = tmp_path / "instance" / "kbservice.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()

    with database.transaction() as session:
        found = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.dispose()

    full = 2
    expected = {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }
    assert expected == found
    assert path.stat().st_mode & 0o777 == 0o600
    assert database.path == path


@pytest.mark.parametrize(
    ("url", "got"),
    [
        ("mysql://root:secret@db/kb", "mysql"),
        ("sqlite://", "no file"),
        ("sqlite:///:memory:", "no file"),
        ("no url", "text that is no URL"),
    ],
)
def test_an_unsupported_database_is_refused_without_showing_its_password(url: str, got: str):
    with pytest.raises(BadSettings) as caught:
        Database(url)

    assert caught.value.facts["got"] == got
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_a_postgresql_url_uses_psycopg(scheme: str):
    database = Database(f"{scheme}://kb@db.example/kb")

    assert database._engine.url.drivername == "postgresql+psycopg"
