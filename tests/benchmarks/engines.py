"""What every engine in the comparison does: build from terms, open, answer; and who takes part."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from tests.benchmarks.corpus import Corpus

Search = Callable[[Sequence[str], int | None, int], list[int]]
"""Takes terms of which any may match, a category or None, and how many; returns document
numbers, best first."""


class Engine(Protocol):
    """One search engine; all score by BM25 with k1 1.2 and b 0.75 unless it says otherwise."""

    name: str
    package: str

    def build(self, corpus: Corpus, folder: Path) -> None:
        """Write the index into an empty folder."""

    def open(self, corpus: Corpus, folder: Path) -> Search:
        """Return the function that answers from a built folder."""


_MODULES = ("ours", "tantivy", "bm25s", "xapian", "fts5", "whoosh")
NAMES = _MODULES


class NotInstalled(Exception):
    """An engine's package is not there."""


def engine(name: str) -> Engine:
    """Return an engine by name.

    Raises:
        NotInstalled: Its package is absent.
    """
    try:
        module = importlib.import_module(f"tests.benchmarks.peers.{name}_engine")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tests"):
            raise
        raise NotInstalled(f"{error.name} is not installed") from error
    return cast("Engine", module.ENGINE)


def version(name: str) -> str:
    """Return the version of an engine's package."""
    package = engine(name).package
    if package == "sqlite3":
        return str(importlib.import_module("sqlite3").sqlite_version)
    return importlib.metadata.version(package)
