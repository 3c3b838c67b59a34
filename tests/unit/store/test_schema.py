from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from kbservice.domain.base import Base
from kbservice.errors import SchemaMismatch
from kbservice.store import schema, tickets
from kbservice.store.database import Database
from tests.builders import a_ticket
from tests.databases import migrated

pytestmark = pytest.mark.every_database


def raw(database: Database) -> Connection:
    return database._engine.connect()


def test_the_migrated_schema_is_the_mapped_one(database: Database):
    with raw(database) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_migrating_twice_changes_nothing(database: Database):
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1"))

    database.migrate()

    database.check_schema()
    with database.reading() as session:
        assert tickets.find(session, "TS1") is not None


def test_an_empty_database_is_not_initialised(empty_database_url: str):
    database = Database(empty_database_url)

    with pytest.raises(SchemaMismatch, match="not initialised"):
        database.check_schema()

    database.dispose()
    assert database.path is None or not database.path.exists()


def test_an_empty_sqlite_file_is_not_initialised(tmp_path: Path):
    path = tmp_path / "kbservice.db"
    path.touch()
    database = Database(f"sqlite:///{path}")

    with pytest.raises(SchemaMismatch, match="not initialised"):
        database.check_schema()

    database.dispose()


def test_processes_that_initialise_together_wait_for_each_other(empty_database_url: str):
    databases = [Database(empty_database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(Database.migrate, databases))

    for database in databases:
        database.check_schema()
        database.dispose()


def test_a_newer_database_is_refused(database: Database):
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaMismatch, match="newer than this program") as caught:
        database.check_schema()

    assert caught.value.facts == {"found": "9999", "expected": schema.head()}


def test_an_older_database_asks_for_init(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(schema, "head", lambda: "9999")

    with pytest.raises(SchemaMismatch, match="older than 9999; run kbservice init"):
        database.check_schema()


def test_a_downgrade_removes_every_table_and_an_upgrade_brings_them_back(empty_database_url: str):
    with migrated(empty_database_url) as database:
        with database._engine.begin() as connection:
            schema.downgrade(connection, "base")
        with raw(database) as connection:
            assert inspect(connection).get_table_names() == ["alembic_version"]
            assert schema.current(connection) is None
        database.migrate()
        database.check_schema()


def test_foreign_keys_are_enforced_again_after_a_migration(sqlite_url: str):
    database = Database(sqlite_url)
    database.migrate()

    with database.transaction() as session:
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
    database.dispose()
