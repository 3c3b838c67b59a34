"""A whole instance of the service with the corpus as its articles, and its processes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import insert

import kbservice
from kbservice.bootstrap import build, init_instance
from kbservice.domain.account import SYSTEM, Role
from kbservice.domain.article import Article, ArticleState, Visibility
from kbservice.search.documents import SearchDocument
from kbservice.settings import Settings
from kbservice.store.database import Database
from tests.benchmarks.corpus import Corpus

_ROWS = 1000
_STAMP = "indexed"


def instance(corpus: Corpus, folder: Path) -> Settings:
    """Return the settings of an instance that holds the corpus, indexed by today's code."""
    settings = Settings.load(home=folder / f"instance-{len(corpus)}", port=0)
    stamp = settings.home / _STAMP
    if not stamp.exists():
        shutil.rmtree(settings.home, ignore_errors=True)
        init_instance(settings)
        _store(corpus, settings)
    code = _code_stamp()
    if not stamp.exists() or stamp.read_text() != code:
        shutil.rmtree(settings.article_index_dir, ignore_errors=True)
        settings.article_index_dir.mkdir(parents=True)
        application = build(settings)
        application.indexing.rebuild()
        application.close()
        stamp.write_text(code)
    return settings


def copy(settings: Settings, home: Path) -> Settings:
    """Return a copy of an instance, to be changed at will."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(settings.home, home)
    return Settings.load(home=home, port=0)


def keys(settings: Settings, count: int) -> list[str]:
    """Return fresh API keys of as many agents."""
    application = build(settings)
    issued = []
    taken = {account.name for account in application.accounts.all()}
    for number in range(count):
        name = f"agent{number}"
        if name not in taken:
            application.accounts.create(name, Role.AGENT, actor=SYSTEM)
        issued.append(application.accounts.issue_key(name, Role.AGENT, actor=SYSTEM).key)
    application.close()
    return issued


@contextmanager
def process(*command: str, log: Path, home: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a Python module beside us until the context ends.

    Args:
        *command: The module and its arguments; its answers are lines of JSON.
        log: File that its log goes to, as a service's log does.
        home: Of the instance it works on.
    """
    environment = dict(os.environ)
    if home is not None:
        environment["KBSERVICE_HOME"] = str(home)
    with log.open("w") as stderr:
        started = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            yield started
        finally:
            started.terminate()
            started.wait(30)


def answer(started: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the next line of JSON that a process prints.

    Raises:
        RuntimeError: It ended without one.
    """
    for line in started.stdout or ():
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return found
    raise RuntimeError(f"process {started.pid} ended without an answer")


def _store(corpus: Corpus, settings: Settings) -> None:
    database = Database(settings.effective_database_url)
    rows: list[dict[str, Any]] = []
    for document in corpus.articles():
        rows.append(_row(document))
        if len(rows) == _ROWS:
            _insert(database, rows)
            rows = []
    _insert(database, rows)
    database.dispose()


def _insert(database: Database, rows: list[dict[str, Any]]) -> None:
    if rows:
        with database.transaction() as session:
            session.execute(insert(Article), rows)


def _row(document: SearchDocument) -> dict[str, Any]:
    return {
        "id": document.id,
        "title": document.title,
        **dict(document.sections),
        "tags": list(document.tags),
        "category": document.category,
        "product": document.product,
        "language": "zh",
        "state": ArticleState.PUBLISHED,
        "visibility": Visibility.PUBLIC,
        "solved_count": document.solved_count,
        "created_at": document.updated_at,
        "updated_at": document.updated_at,
        "published_at": document.updated_at,
    }


def _code_stamp() -> str:
    """Return what changes with any code that decides what an index holds."""
    digest = hashlib.sha256()
    root = Path(kbservice.__file__).parent
    for path in sorted((*root.glob("search/**/*.py"), *root.glob("text/**/*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()
