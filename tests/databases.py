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
