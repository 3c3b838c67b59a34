"""Rebuild beside the stock writer: the same articles, analysis and positions included.

    python -m tests.benchmarks.build --documents 100000

The stock writer gets what plain Whoosh needs for ranked words and exact phrases: one field of
words with frequencies and one of reading order with positions, terms by the same analyzer.
Ours writes five ranking streams, two sequences, filter columns and stored texts.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from click import echo
from whoosh import fields, index
from whoosh.analysis.tokenizers import Tokenizer

from kbservice.text.tokens import analyze, sequence_terms
from tests.benchmarks.corpus import load_or_generate
from tests.benchmarks.processes import in_child
from tests.benchmarks.recipe import build_index
from tests.benchmarks.recording import Recording, arguments
from tests.benchmarks.speed import size_mb

NAME = "build"
_MEMORY_MB = 1024


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    options = arguments(NAME, stock=1).parse_args(given)
    recording = Recording(NAME, options)
    load_or_generate(options.documents, options.folder)
    rows = [_row("rebuild", build_index, options.documents, options.folder)]
    if options.stock:
        rows.append(_row("stock writer", build_stock, options.documents, options.folder))
    return recording.write(rows=rows)


def _row(what: str, function: Any, documents: int, folder: Path) -> dict[str, Any]:
    outcome = in_child(function, documents, folder)
    row = {"what": what, **outcome.value, "peak_mb": round(outcome.peak_mb, 1)}
    echo(f"{row}")
    return row


def build_stock(documents: int, folder: Path) -> dict[str, Any]:
    """Build with Whoosh's own writer, in one process, one commit."""
    corpus = load_or_generate(documents, folder)
    path = folder / f"stock-{documents}"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    schema = fields.Schema(
        id=fields.ID(unique=True, stored=True),
        category=fields.ID,
        words=fields.TEXT(analyzer=_Words(), phrase=False),
        sequence=fields.TEXT(analyzer=_Sequence(), phrase=True),
        title=fields.STORED,
        text=fields.STORED,
    )
    started = time.perf_counter()
    writer = index.create_in(str(path), schema).writer(limitmb=_MEMORY_MB)
    for document in corpus.articles():
        text = f"{document.title}\n{document.text}"
        writer.add_document(
            id=document.id,
            category=document.category,
            words=text,
            sequence=text,
            title=document.title,
            text=document.text,
        )
    writer.commit()
    seconds = round(time.perf_counter() - started, 2)
    return {"documents": documents, "seconds": seconds, "size_mb": size_mb(path)}


class _Given(Tokenizer):
    """Makes Whoosh's tokens of ready terms."""

    def __call__(self, value: str, **options: Any) -> Iterator[Any]:
        token = _Token()
        for place, term in enumerate(self.terms(value), start=options.get("start_pos", 0)):
            token.text = term
            token.pos = place
            yield token

    def terms(self, text: str) -> Sequence[str]:
        """Return the terms of a text, in order."""
        raise NotImplementedError


class _Token:
    """What the formats read of a token."""

    text = ""
    pos = 0
    boost = 1.0
    stopped = False


class _Words(_Given):
    def terms(self, text: str) -> Sequence[str]:
        return analyze(text).words


class _Sequence(_Given):
    def terms(self, text: str) -> Sequence[str]:
        return sequence_terms(text)


if __name__ == "__main__":
    main()
