"""SQLite FTS5: a contentless table, optimised after the build."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.corpus import Corpus, category_name
from tests.benchmarks.engines import Search

_FILE = "index.db"


class Fts5Engine:
    """A MATCH of quoted terms ordered by its own BM25; a category is one more term."""

    name = "SQLite FTS5"
    package = "sqlite3"

    def build(self, corpus: Corpus, folder: Path) -> None:
        """Insert in one transaction without durability."""
        database = sqlite3.connect(folder / _FILE)
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA journal_mode=OFF")
        database.execute(
            "CREATE VIRTUAL TABLE documents USING fts5(content, content='', "
            "tokenize=\"unicode61 remove_diacritics 0 tokenchars '-_.'\")"
        )
        database.executemany(
            "INSERT INTO documents(rowid, content) VALUES(?, ?)",
            (
                (number, f"{' '.join(terms)} {category}")
                for number, terms, category in corpus.documents()
            ),
        )
        database.commit()
        database.execute("INSERT INTO documents(documents) VALUES('optimize')")
        database.commit()
        database.close()

    def open(self, corpus: Corpus, folder: Path) -> Search:
        """Open the file with a page cache of 256 MB."""
        del corpus
        database = sqlite3.connect(folder / _FILE)
        database.execute("PRAGMA cache_size=-262144")

        def search(terms: Sequence[str], category: int | None, limit: int) -> list[int]:
            match = " OR ".join(f'"{term}"' for term in terms)
            if category is not None:
                match = f"{category_name(category)} AND ({match})"
            rows = database.execute(
                "SELECT rowid FROM documents WHERE documents MATCH ? ORDER BY rank LIMIT ?",
                (match, limit),
            )
            return [row[0] for row in rows]

        return search


ENGINE = Fts5Engine()
