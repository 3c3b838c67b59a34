"""Tantivy: one field with frequencies, one writer thread, all segments merged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tantivy

from tests.benchmarks.corpus import Corpus, category_name
from tests.benchmarks.engines import Search

_HEAP_BYTES = 600_000_000
_TOKENIZER = "blanks"


class TantivyEngine:
    """A disjunction of term queries; a category is a constant-score conjunct."""

    name = "tantivy"
    package = "tantivy"

    def build(self, corpus: Corpus, folder: Path) -> None:
        """Add one document after the other."""
        index = _index(folder)
        writer = index.writer(_HEAP_BYTES, num_threads=1)
        for number, terms, category in corpus.documents():
            writer.add_document(
                tantivy.Document(id=number, category=category, content=" ".join(terms))
            )
        writer.commit()
        writer.wait_merging_threads()

    def open(self, corpus: Corpus, folder: Path) -> Search:
        """Search the newest commit."""
        del corpus
        index = _index(folder)
        index.reload()
        schema, searcher = index.schema, index.searcher()

        def search(terms: Sequence[str], category: int | None, limit: int) -> list[int]:
            query = tantivy.Query.boolean_query(
                [
                    (
                        tantivy.Occur.Should,
                        tantivy.Query.term_query(schema, "content", term, "freq"),
                    )
                    for term in terms
                ]
            )
            if category is not None:
                name = category_name(category)
                only = tantivy.Query.term_query(schema, "category", name)
                query = tantivy.Query.boolean_query(
                    [
                        (tantivy.Occur.Must, tantivy.Query.const_score_query(only, 0.0)),
                        (tantivy.Occur.Must, query),
                    ]
                )
            found = searcher.search(query, limit, count=False).hits
            # A document's address: one segment, filled in order.
            return [address.segment_ord << 32 | address.doc for _, address in found]

        return search


def _index(folder: Path) -> tantivy.Index:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", stored=True, fast=True)
    builder.add_text_field("category", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("content", tokenizer_name=_TOKENIZER, index_option="freq")
    index = tantivy.Index(builder.build(), path=str(folder))
    blanks = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_TOKENIZER, blanks)
    return index


ENGINE = TantivyEngine()
