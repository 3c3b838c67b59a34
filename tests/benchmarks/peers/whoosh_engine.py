"""Plain Whoosh: the stock writer, matchers and BM25F, as its documentation has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from whoosh import fields, index
from whoosh.analysis.tokenizers import RegexTokenizer
from whoosh.query.compound import Or
from whoosh.query.terms import Term

from tests.benchmarks.corpus import Corpus, category_name
from tests.benchmarks.engines import Search

_MEMORY_MB = 1024


class WhooshEngine:
    """An Or of Terms; a category is a filter."""

    name = "plain Whoosh"
    package = "whoosh3"

    def build(self, corpus: Corpus, folder: Path) -> None:
        """Add one document after the other, frequencies only, one commit."""
        schema = fields.Schema(
            id=fields.NUMERIC(stored=True),
            category=fields.ID,
            content=fields.TEXT(analyzer=RegexTokenizer(r"\S+"), phrase=False),
        )
        writer = index.create_in(str(folder), schema).writer(limitmb=_MEMORY_MB)
        for number, terms, category in corpus.documents():
            writer.add_document(id=number, category=category, content=" ".join(terms))
        writer.commit()

    def open(self, corpus: Corpus, folder: Path) -> Search:
        """Open a searcher."""
        del corpus
        searcher = index.open_dir(str(folder)).searcher()

        def search(terms: Sequence[str], category: int | None, limit: int) -> list[int]:
            wanted = Or([Term("content", term) for term in terms])
            only = None if category is None else Term("category", category_name(category))
            found = searcher.search(wanted, limit=limit, filter=only)
            return [hit.docnum for hit in found]

        return search


ENGINE = WhooshEngine()
