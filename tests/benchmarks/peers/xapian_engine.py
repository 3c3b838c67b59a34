"""Xapian: a glass database, flushed every 100,000 documents."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import xapian  # type: ignore[import-untyped]

from tests.benchmarks.corpus import Corpus, category_name
from tests.benchmarks.engines import Search


class XapianEngine:
    """An OR of terms by its BM25; a category is a boolean filter."""

    name = "Xapian"
    package = "xapian-bindings-binary"

    def build(self, corpus: Corpus, folder: Path) -> None:
        """Add one document after the other."""
        os.environ.setdefault("XAPIAN_FLUSH_THRESHOLD", "100000")
        database = xapian.WritableDatabase(str(folder), xapian.DB_CREATE_OR_OVERWRITE)
        for _, terms, category in corpus.documents():
            document = xapian.Document()
            for term, count in Counter(terms).items():
                document.add_term(term, count)
            document.add_boolean_term(f"XC{category}")
            database.add_document(document)
        database.commit()
        database.close()

    def open(self, corpus: Corpus, folder: Path) -> Search:
        """Open the database for reading."""
        del corpus
        database = xapian.Database(str(folder))
        enquire = xapian.Enquire(database)
        enquire.set_weighting_scheme(xapian.BM25Weight(1.2, 0, 1, 0.75, 0.5))

        def search(terms: Sequence[str], category: int | None, limit: int) -> list[int]:
            query = xapian.Query(xapian.Query.OP_OR, list(terms))
            if category is not None:
                only = xapian.Query(f"XC{category_name(category)}")
                query = xapian.Query(xapian.Query.OP_FILTER, query, only)
            enquire.set_query(query)
            return [match.docid - 1 for match in enquire.get_mset(0, limit)]

        return search


ENGINE = XapianEngine()
