"""What SQLite and PostgreSQL need before they behave alike: URLs, pools, begin, error codes."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from kbservice.errors import BadSettings

BUSY_TIMEOUT_S = 10
_POOL = {"pool_size": 8, "max_overflow": 24, "pool_timeout": BUSY_TIMEOUT_S}
# Milliseconds; an administrator's own ``options`` in the URL replace them.
_POSTGRES_OPTIONS = "-c statement_timeout=30000 -c lock_timeout=10000"
_POSTGRES_NAMES = frozenset({"postgres", "postgresql", "postgresql+psycopg"})

# How a transaction begins on SQLite, by the ``kbservice_mode`` of the connection. A write
# takes the lock at once: a reader that turns writer fails with SQLITE_BUSY in spite of
# the busy timeout. Foreign keys rest while a migration moves a table.
_SQLITE_BEGIN = {
    "write": ("PRAGMA query_only=OFF", "BEGIN IMMEDIATE"),
    "read": ("PRAGMA query_only=ON", "BEGIN"),
    "migrate": ("PRAGMA query_only=OFF", "PRAGMA foreign_keys=OFF", "BEGIN IMMEDIATE"),
}
_SQLITE_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
    }
)
_SQLITE_DUPLICATE = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_ROWID,
    }
)
_POSTGRES_DUPLICATE = "23505"


def open_engine(url: str) -> Engine:
    """Return an engine for a SQLite file or a PostgreSQL database.

    Raises:
        BadSettings: The URL cannot be read or names another kind of database.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    arguments: dict[str, Any] = {"connect_timeout": BUSY_TIMEOUT_S, "application_name": "kbservice"}
    if "options" not in parsed.query:
        arguments["options"] = _POSTGRES_OPTIONS
    wanted = {key: value for key, value in arguments.items() if key not in parsed.query}
    return create_engine(parsed, connect_args=wanted, pool_pre_ping=True, **_POOL)


def is_unavailable(error: DBAPIError) -> bool:
    """Tell whether the database may answer the same statement later."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error.orig) & 0xFF in _SQLITE_UNAVAILABLE
    return True


def is_duplicate(error: IntegrityError) -> bool:
    """Tell whether a unique key was taken, rather than another rule broken."""
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error.orig) in _SQLITE_DUPLICATE
    return getattr(error.orig, "sqlstate", None) == _POSTGRES_DUPLICATE


def _sqlite_code(error: sqlite3.Error) -> int:
    # Errors that the Python wrapper raises itself carry no code.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _refusal("a database URL is needed", "text that is no URL") from error
    if parsed.drivername in _POSTGRES_NAMES:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise _refusal("only sqlite:/// and postgresql:// are supported", parsed.drivername)
    if parsed.database in {None, "", ":memory:"}:
        raise _refusal("SQLite needs a file that all processes share", "no file")
    return parsed


def _refusal(reason: str, got: str) -> BadSettings:
    # Never the URL itself: it may hold a password.
    return BadSettings(
        "Setting {name}: {reason}, got {got}",
        name="KBSERVICE_DATABASE_URL",
        reason=reason,
        got=got,
    )


def _open_sqlite(url: URL) -> Engine:
    # isolation_level None: the driver leaves BEGIN to us.
    arguments = {"timeout": BUSY_TIMEOUT_S, "isolation_level": None, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, poolclass=QueuePool, **_POOL)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("kbservice_mode", "write")
    for statement in _SQLITE_BEGIN[mode]:
        connection.exec_driver_sql(statement)
