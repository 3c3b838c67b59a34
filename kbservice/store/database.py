"""The unit of work: one transaction on SQLite or PostgreSQL, with errors in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from kbservice.errors import DatabaseUnavailable, InvalidInput, StaleVersion
from kbservice.store import drivers, schema

_RETRY_AFTER_S = 2


class Database:
    """The ticket store of one instance; safe to share between threads, not over a fork."""

    def __init__(self, url: str) -> None:
        self._engine = drivers.open_engine(url)
        # Results stay readable after the commit: they are presented outside of it.
        self._writing = sessionmaker(
            self._engine.execution_options(kbservice_mode="write"), expire_on_commit=False
        )
        read_only: dict[str, object] = {"kbservice_mode": "read"}
        if not self.is_sqlite:
            # One snapshot for all statements of a reader, as SQLite's WAL gives.
            read_only |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        self._reading = sessionmaker(
            self._engine.execution_options(**read_only), expire_on_commit=False
        )

    @property
    def is_sqlite(self) -> bool:
        """True for a SQLite file, False for PostgreSQL."""
        return self._engine.dialect.name == "sqlite"

    @property
    def path(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        name = self._engine.url.database
        return Path(name) if self.is_sqlite and name else None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open the unit of work: committed on clean exit, rolled back on any error.

        On SQLite the first statement takes the write lock, so what is read inside
        cannot change before the commit.

        Raises:
            DatabaseUnavailable: The database is busy, full or unreachable.
            StaleVersion: A ticket or article was changed by somebody else meanwhile.
        """
        with _own_errors(), self._writing.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a consistent view; a write inside is refused by the database.

        Raises:
            DatabaseUnavailable: The database is busy or unreachable.
        """
        with _own_errors(), self._reading() as session:
            yield session

    def ping(self) -> None:
        """Raise DatabaseUnavailable unless the database answers."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def migrate(self) -> None:
        """Create or upgrade the schema."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Before the first connection: WAL files inherit the mode of the database.
            self.path.touch(mode=0o600)
        engine = self._engine.execution_options(kbservice_mode="migrate")
        try:
            with _own_errors(), engine.begin() as connection:
                schema.upgrade(connection)
        finally:
            # Its connection went without foreign keys.
            self._engine.dispose()

    def check_schema(self) -> None:
        """Demand the schema that this program was written for.

        Raises:
            SchemaMismatch: The database is not initialised, older or newer.
        """
        if self.path is not None and not self.path.exists():
            # Connecting would leave an empty file behind.
            schema.refuse_empty()
        with self.reading() as session:
            schema.check(session.connection())

    def dispose(self) -> None:
        """Close every idle connection; the object stays usable."""
        self._engine.dispose()


@contextmanager
def _own_errors() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise _unavailable() from error
    except StaleDataError as error:
        raise StaleVersion("It was changed by somebody else meanwhile; read it again") from error
    except (DataError, UnicodeEncodeError, OverflowError) as error:
        # Too long, too large, or a character that the database cannot hold.
        reason = error.orig if isinstance(error, DataError) else error
        raise InvalidInput(
            "A value cannot be stored: {reason}", reason=str(reason).splitlines()[0]
        ) from error
    except DBAPIError as error:
        if drivers.is_unavailable(error):
            raise _unavailable() from error
        raise


def _unavailable() -> DatabaseUnavailable:
    return DatabaseUnavailable(
        "The ticket store is busy or cannot be reached; try again in {retry_after_s} s",
        retry_after_s=_RETRY_AFTER_S,
    )
