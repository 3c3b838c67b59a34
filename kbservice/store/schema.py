"""The versions of the database schema: upgrade, downgrade, and the check before work."""

from __future__ import annotations

from importlib.resources import files
from typing import NoReturn

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from kbservice.errors import SchemaMismatch

# Any number that no other program on the same PostgreSQL database uses.
_MIGRATION_LOCK = 7_310_561_001


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest version; concurrent upgrades wait for each other."""
    _take_lock(connection)
    command.upgrade(_config(connection), "head")


def downgrade(connection: Connection, revision: str) -> None:
    """Take the schema back to ``revision`` (``base``: no tables at all)."""
    _take_lock(connection)
    command.downgrade(_config(connection), revision)


def head() -> str:
    """Return the newest version this program knows."""
    return _scripts().get_current_head() or ""


def current(connection: Connection) -> str | None:
    """Return the version of this database; None before it was initialised."""
    return MigrationContext.configure(connection).get_current_revision()


def refuse_empty() -> NoReturn:
    """Refuse to work on a database without a schema."""
    raise SchemaMismatch("The database is not initialised; run kbservice init")


def check(connection: Connection) -> None:
    """Demand the version that this program was written for.

    Raises:
        SchemaMismatch: The database is empty, older or newer.
    """
    found = current(connection)
    if found == head():
        return
    if found is None:
        refuse_empty()
    known = {script.revision for script in _scripts().walk_revisions()}
    if found in known:
        raise SchemaMismatch(
            "The database schema {found} is older than {expected}; run kbservice init",
            found=found,
            expected=head(),
        )
    raise SchemaMismatch(
        "The database schema {found} is newer than this program, which knows {expected}",
        found=found,
        expected=head(),
    )


def _take_lock(connection: Connection) -> None:
    # SQLite holds its one write lock from BEGIN IMMEDIATE on.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    folder = str(files("kbservice.store") / "migrations")
    # A percent sign would be read as an interpolation.
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
