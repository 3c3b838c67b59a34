"""Fixtures of all tests: a fresh database for each test that asks for one.

``pytest`` runs on SQLite, and the tests marked ``every_database`` on PostgreSQL too;
``pytest --database=postgres`` (or ``sqlite``) runs all of them on that one. The server is
started for the run, unless TEST_DATABASE_URL names one (and makes it the default).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from kbservice.bootstrap import Application, build, init_instance
from kbservice.clock import Clock, SystemClock
from kbservice.settings import Settings
from kbservice.store.database import Database
from tests import optional_parts, postgres_server
from tests.databases import PostgresDatabases, copy_sqlite, migrated

SERVER_URL = os.environ.get("TEST_DATABASE_URL", "")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgres"),
        default="postgres" if SERVER_URL else None,
        help="run every test that needs a database on this one",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "every_database: runs on SQLite and on PostgreSQL")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", _kinds(metafunc))


def _kinds(metafunc: pytest.Metafunc) -> list[object]:
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    chosen = metafunc.config.getoption("--database")
    on_postgres = pytest.param("postgres", marks=pytest.mark.postgres)
    if "postgres" in marks or chosen == "postgres":
        return [on_postgres]
    if "every_database" in marks and chosen is None:
        return ["sqlite", on_postgres]
    return ["sqlite"]


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    if SERVER_URL:
        yield PostgresDatabases(admin=make_url(SERVER_URL))
        return
    try:
        with postgres_server.start() as server:
            yield PostgresDatabases(admin=make_url(server.url("postgres")))
    except postgres_server.PostgresMissing as reason:
        optional_parts.missing("PostgreSQL", str(reason))


@pytest.fixture(scope="session")
def postgres_template(postgres_databases: PostgresDatabases) -> Iterator[str]:
    url = postgres_databases.create()
    with migrated(url):
        pass
    yield make_url(url).database or ""
    postgres_databases.drop(url)


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases, postgres_template: str) -> Iterator[str]:
    url = postgres_databases.create(postgres_template)
    yield url
    postgres_databases.drop(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "template.db"
    with migrated(f"sqlite:///{path}"):
        pass
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    return copy_sqlite(sqlite_template, tmp_path / "kbservice.db")


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of a fresh database that has its tables."""
    url: str = request.getfixturevalue(f"{database_kind}_url")
    return url


@pytest.fixture
def empty_database_url(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Return the URL of a database without tables; a SQLite file does not exist yet."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Return a fresh database; the URL is in ``database_url``."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> Clock:
    """Return the clock of ``application``; a module may have one of its own that stands still."""
    return SystemClock()


@pytest.fixture
def application(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Application]:
    """Return a fresh instance with an empty index; commits are visible at once."""
    settings = Settings.load(
        home=tmp_path / "home", database_url=database_url, refresh_interval_s=0.0
    )
    init_instance(settings)
    opened = build(settings, clock=clock)
    yield opened
    opened.close()
