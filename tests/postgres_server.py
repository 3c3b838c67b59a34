"""A throw-away PostgreSQL server for one test run, on a Unix socket only.

with postgres_server.start() as server:
    url = server.create_database()
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

SUPERUSER = "postgres"
# Debian's account first; any other unprivileged one serves as well.
_ACCOUNTS = ("postgres", "nobody")
_START_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 20


class PostgresMissing(Exception):
    """No server can be started here; the message tells why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server.

    Attributes:
        folder: Holds the cluster and its socket.
    """

    folder: Path

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.folder}"

    def create_database(self) -> str:
        """Create an empty database and return its SQLAlchemy URL."""
        name = f"test_{uuid4().hex}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop what ``create_database`` made, and end the connections to it."""
        name = make_url(url).database or ""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self.execute(statement.format(sql.Identifier(name)))

    def execute(self, statement: sql.SQL | sql.Composed) -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(
            host=str(self.folder), user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)


@contextmanager
def start() -> Iterator[PostgresServer]:
    """Make a cluster in a temporary folder, run it, and remove both at the end.

    Raises:
        PostgresMissing: The binaries or an unprivileged account are absent.
    """
    binaries, account = _binaries(), _account()
    # A socket's path may have 107 bytes at most, so the folder lies right under /tmp.
    with tempfile.TemporaryDirectory(prefix="kbservice-pg-", dir="/tmp") as name:
        folder = Path(name)
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        _make_cluster(binaries, folder, account)
        process = _launch(binaries, folder, account)
        try:
            server = PostgresServer(folder=folder)
            _wait_until_ready(server, process)
            yield server
        finally:
            _stop(process)


def _binaries() -> Path:
    """Return the folder of the newest installed server."""
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if installed:
        return max(installed, key=lambda path: int(path.parent.name))
    found = shutil.which("postgres")
    if found is None:
        raise PostgresMissing("no 'postgres' binary in /usr/lib/postgresql/*/bin or on PATH")
    return Path(found).resolve().parent


def _account() -> pwd.struct_passwd | None:
    """Return who shall run the server: nobody else unless we are root, whom it refuses."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in _ACCOUNTS:
        if name in known:
            return known[name]
    raise PostgresMissing("the server refuses to run as root and no other account was found")


def _make_cluster(binaries: Path, folder: Path, account: pwd.struct_passwd | None) -> None:
    subprocess.run(
        [
            binaries / "initdb",
            *("--pgdata", folder / "data", "--username", SUPERUSER, "--auth", "trust"),
            *("--encoding", "UTF8", "--no-locale", "--no-sync"),
        ],
        check=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        **_identity(account),
    )


def _launch(
    binaries: Path, folder: Path, account: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [
                binaries / "postgres",
                *("-D", folder / "data", "-k", folder, "-h", ""),
                *("-F", "-c", "max_connections=200"),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **_identity(account),
        )


def _identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the arguments that make a child run as ``account``."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            server.execute(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > give_up_at:
                log = (server.folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start:\n{log}") from None
            time.sleep(0.05)
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
