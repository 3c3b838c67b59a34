"""Judged queries in BEIR layout.

A folder holds ``corpus.jsonl`` (or ``.gz``) with {id, title, text, tags?}, ``queries.jsonl``
with {id, text}, ``qrels.tsv`` with a header and query, document, relevance.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from kbservice.errors import InvalidInput
from kbservice.search.documents import SearchDocument

QRELS = "qrels.tsv"

Judgements = Mapping[str, frozenset[str]]
"""Query -> its relevant documents."""


@dataclass(frozen=True, slots=True)
class JudgedQueries:
    """Queries with their judgements; those without are left out.

    Attributes:
        own: By what a query's id ends with: its own records, which must not be found.
    """

    texts: Mapping[str, str]
    judged: Judgements
    own: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, folder: Path, qrels: str) -> JudgedQueries:
        """Read a folder.

        Raises:
            InvalidInput: A file is missing or not in this layout, or no query is judged.
        """
        texts = {str(row["id"]): str(row["text"]) for row in _rows(folder / "queries.jsonl")}
        found = judgements(folder / qrels)
        judged = {key: ids for key, ids in found.items() if key in texts}
        if not judged:
            raise InvalidInput.of("qrels", "judgements of the queries", "none")
        return cls(texts, judged, {})

    def without_own(self, folder: Path, ids: Sequence[str], qrels: str) -> JudgedQueries:
        """Return the same queries, each without its own records."""
        own = {tail(key): frozenset((key,)) for key in ids}
        if qrels != QRELS and (folder / QRELS).exists():
            own |= {tail(key): found for key, found in judgements(folder / QRELS).items()}
        return JudgedQueries(self.texts, self.judged, own)

    def hidden_from(self, query: str) -> frozenset[str]:
        """Return what this query must not find."""
        return self.own.get(tail(query), frozenset())

    def wordings(self, queries: Sequence[str]) -> dict[str, list[str]]:
        """Return the texts of some queries by the documents they were accepted for."""
        accepted: dict[str, list[str]] = defaultdict(list)
        for key in queries:
            for document in self.judged[key]:
                accepted[document].append(self.texts[key])
        return accepted


def corpus(folder: Path, accepted: Mapping[str, Sequence[str]]) -> Iterator[SearchDocument]:
    """Yield the documents of a folder, with the wordings accepted for them."""
    for row in _rows(folder / "corpus.jsonl"):
        key = str(row["id"])
        yield SearchDocument(
            id=key,
            kind="article",
            title=str(row.get("title") or ""),
            sections=(("text", str(row.get("text") or "")),),
            tags=tuple(str(tag) for tag in row.get("tags") or ()),
            symptoms=tuple(accepted.get(key, ())),
        )


def judgements(path: Path) -> dict[str, frozenset[str]]:
    """Return the relevant documents of each query."""
    found: dict[str, set[str]] = defaultdict(set)
    with _opened(path) as lines:
        for row in list(csv.reader(lines, delimiter="\t"))[1:]:
            if len(row) >= 3 and float(row[2]) > 0:  # noqa: PLR2004  # query, document, relevance
                found[row[0]].add(row[1])
    return {key: frozenset(ids) for key, ids in found.items()}


def tail(key: str) -> str:
    """Return what an id ends with, after its first ``-``."""
    return key.partition("-")[2] or key


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with _opened(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InvalidInput.of(f"{path.name}:{number}", "JSON", line[:80]) from error
            yield row


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    packed = path.with_name(path.name + ".gz")
    try:
        stream = (
            path.open(encoding="utf-8", newline="")
            if path.exists()
            else gzip.open(packed, "rt", encoding="utf-8", newline="")  # noqa: SIM115  # closed below
        )
    except FileNotFoundError as error:
        raise InvalidInput.of("folder", f"a file {path.name} or {packed.name}", path) from error
    with stream:
        yield stream
