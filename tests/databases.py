"""Fresh databases for tests: SQLite files, or databases on one PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.orm import Session

from kbservice.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresDatabases:
    """Makes databases on a server; ``admin`` is the URL of one that exists."""

    admin: URL

    def create(self, template: str = "template1") -> str:
        """Return the URL of a new copy of ``template``."""
        name = f"kbservice_{uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.admin.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Drop what ``create`` made, and end the connections to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def refuse(self, name: str) -> None:
        """End the connections to the database ``name`` and let nobody in."""
        self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        self._execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608  # names are ours
        )

    def welcome(self, name: str) -> None:
        """Let connections in again after ``refuse``."""
        self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    def _execute(self, statement: str) -> None:
        engine = create_engine(self.admin, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


@contextmanager
def migrated(url: str) -> Iterator[Database]:
    """Give the database of ``url`` its tables, and close it at the end."""
    database = Database(url)
    try:
        database.migrate()
        yield database
    finally:
        database.dispose()


def fail_after(database: Database, act: Callable[[Session], object]) -> None:
    """Do ``act`` in a transaction that then ends with a RuntimeError."""
    with database.transaction() as session:
        act(session)
        raise RuntimeError("halfway")


def copy_sqlite(template: Path, target: Path) -> str:
    """Return the URL of a copy of a closed SQLite file."""
    shutil.copyfile(template, target)
    return f"sqlite:///{target}"


@contextmanager
def lost(url: str) -> Iterator[None]:
    """Take the database of ``url`` out of reach while the block runs."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        path = Path(target.database or "")
        away = path.rename(path.with_suffix(".away"))
        yield
        away.rename(path)
        return
    name = target.database or ""
    server = PostgresDatabases(admin=target.set(database="postgres"))
    server.refuse(name)
    yield
    server.welcome(name)
