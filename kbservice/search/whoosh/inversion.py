"""From documents to the arrays of a segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kbservice.search import filtering, recipe
from kbservice.search.documents import SearchDocument
from kbservice.search.whoosh import codes
from kbservice.search.whoosh.compiled import compiled_for_bulk
from kbservice.search.whoosh.keys import (
    SEPARATOR,
    SEQUENCES,
    Keys,
    distinct,
    hashed,
    joined,
    keys_of,
)
from kbservice.search.whoosh.part import COLUMNS, LEXICONS, Codes, Docs, Numbers, Part
from kbservice.search.whoosh.schema import microseconds
from kbservice.text.tokens import analyze, sequence_terms

SECTION_GAP: Final = 10
_POSITIONS: Final = 1 << 16

Weights = NDArray[np.float32]


class _Runs:
    """The terms of one stream, run by run: a run is a field of a document, or a section."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._facts: list[tuple[int, int, int]] = []

    def add(self, doc: int, kind: int, terms: Sequence[str]) -> None:
        if terms:
            self._texts.append(SEPARATOR.join(terms))
            self._facts.append((doc, kind, len(terms)))

    def arrays(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return each run's document, kind and number of terms."""
        facts = np.array(self._facts, dtype=np.int64).reshape(-1, 3)
        return facts[:, 0].copy(), facts[:, 1].copy(), facts[:, 2].copy()

    def terms(self, stream: str) -> _Terms:
        """Return the distinct terms."""
        text = joined(self._texts)
        keys, ends = hashed(stream, text)
        return _Terms(text, ends, *distinct(keys))


class _Terms:
    """The distinct terms of a stream by key, and which of them stands where."""

    def __init__(
        self, text: NDArray[np.uint8], ends: Numbers, keys: Keys, ranks: Docs, firsts: Numbers
    ) -> None:
        self.keys = keys
        self.ranks = ranks
        self._text = text
        self._ends = ends[firsts]
        self._starts = np.where(firsts > 0, ends[firsts - 1] + 1, 0)

    def names(self) -> list[bytes]:
        """Return the UTF-8 of each key's term."""
        text = self._text.tobytes()
        bounds = zip(self._starts.tolist(), self._ends.tolist(), strict=True)
        return [text[start:end] for start, end in bounds]


class Inverter:
    """Takes documents in; gives a part with documents numbered in that order."""

    def __init__(self) -> None:
        self._documents: list[SearchDocument] = []
        self._runs = {name: _Runs() for name in (*recipe.STREAMS, *SEQUENCES)}
        self._fields = {name: number for number, name in enumerate(recipe.BOOSTS)}

    def __len__(self) -> int:
        return len(self._documents)

    def add(self, document: SearchDocument) -> None:
        """Analyze a document."""
        doc = len(self._documents)
        for field, text in recipe.field_texts(document).items():
            if not text:
                continue
            streams = analyze(text)
            for stream in recipe.STREAMS:
                terms = recipe.counted(field, getattr(streams, stream))
                self._runs[stream].add(doc, self._fields[field], terms)
        self._add_sequence("sequence", doc, [text for _, text in document.sections])
        self._add_sequence("title_sequence", doc, [document.title])
        self.add_without_texts(document)

    def add_without_texts(self, document: SearchDocument) -> None:
        """Take only what a document is filtered, sorted and counted by."""
        # Its texts are not needed any more, and would be what takes the memory.
        self._documents.append(_light(document))

    def lengths(self) -> Iterable[tuple[str, str, Numbers]]:
        """Yield stream, field and the number of terms of each document that has any."""
        for stream in recipe.STREAMS:
            _, kinds, sizes = self._runs[stream].arrays()
            for field, number in self._fields.items():
                yield stream, field, sizes[kinds == number]

    def finish(self, averages: recipe.Averages) -> Part:
        """Return the part, weighed by the given mean field lengths."""
        terms = {stream: runs.terms(stream) for stream, runs in self._runs.items()}
        tables = [self._ranking(s, terms[s], averages[s]) for s in recipe.STREAMS]
        sequences = [self._sequence(s, terms[s]) for s in SEQUENCES]
        ids = np.array([document.id.encode() for document in self._documents], dtype=np.bytes_)
        id_keys, id_ranks, _ = distinct(keys_of("id", [doc.id for doc in self._documents]))
        counts = [np.diff(table[0]) for table in (*tables, *sequences)]
        counts.append(np.bincount(id_ranks, minlength=id_keys.size))
        values, columns = _columns(self._documents)
        return Part(
            keys=np.concatenate([*(terms[stream].keys for stream in self._runs), id_keys]),
            offsets=_offsets(np.concatenate(counts)),
            docs=np.concatenate(
                [table[1] for table in (*tables, *sequences)]
                + [np.argsort(id_ranks, kind="stable").astype(np.uint32)]
            ),
            codes=np.concatenate([table[2] for table in tables]),
            starts=_offsets(np.concatenate([np.diff(table[2]) for table in sequences])),
            positions=np.concatenate([table[3] for table in sequences]),
            ids=ids,
            revisions=self._numbers(document.revision for document in self._documents),
            updated=self._numbers(
                microseconds(document.updated_at) if document.updated_at else 0
                for document in self._documents
            ),
            solved=self._numbers(document.solved_count for document in self._documents),
            values=values,
            columns=columns,
            **_lexicon(terms),
        )

    def _add_sequence(self, stream: str, doc: int, texts: Sequence[str]) -> None:
        place = 0
        for text in texts:
            units = sequence_terms(text)
            self._runs[stream].add(doc, place, units)
            place += len(units) + SECTION_GAP

    def _ranking(
        self, stream: str, terms: _Terms, averages: Mapping[str, float]
    ) -> tuple[Numbers, Docs, Codes]:
        docs, kinds, lengths = self._runs[stream].arrays()
        means = np.array([averages[field] for field in self._fields])[kinds]
        shares = np.array([recipe.LENGTH_WEIGHTS[field] for field in self._fields])[kinds]
        boosts = np.array([recipe.BOOSTS[field] for field in self._fields])[kinds]
        factors = (boosts / (1.0 - shares + shares * lengths / means)).astype(np.float32)
        ends = np.cumsum(lengths)
        offsets, held, weights = _invert(terms.ranks, docs, ends, factors, terms.keys.size)
        return offsets, held, codes.encode(weights)

    def _sequence(self, stream: str, terms: _Terms) -> tuple[Numbers, Docs, Numbers, Codes]:
        docs, places, lengths = self._runs[stream].arrays()
        return _invert_places(terms.ranks, docs, places, np.cumsum(lengths), terms.keys.size)

    def _numbers(self, values: Iterable[int]) -> Numbers:
        return np.fromiter(values, dtype=np.int64, count=len(self._documents))


def _lexicon(terms: Mapping[str, _Terms]) -> dict[str, NDArray[Any]]:
    starts = accumulate((found.keys.size for found in terms.values()), initial=0)
    first_rows = dict(zip(terms, starts, strict=False))
    named = [
        sorted((name, row) for row, name in enumerate(terms[stream].names(), first_rows[stream]))
        for stream in LEXICONS
    ]
    return lexicon_arrays(named)


def part_without_texts(documents: Iterable[SearchDocument]) -> Part:
    """Return a part that knows ids, filter values and dates, and no terms."""
    inverter = Inverter()
    for document in documents:
        inverter.add_without_texts(document)
    return inverter.finish(recipe.Lengths().averages())


def lexicon_arrays(named: Sequence[Sequence[tuple[bytes, int]]]) -> dict[str, NDArray[Any]]:
    """Return a part's lexicon arrays from the sorted (term, row) pairs of each stream."""
    text = b"".join(term + b"\0" for terms in named for term, _ in terms)
    sizes = [len(term) + 1 for terms in named for term, _ in terms]
    return {
        "lexicon": np.frombuffer(text, dtype=np.uint8),
        "lexicon_ends": np.cumsum(np.array(sizes, dtype=np.int64)) - 1,
        "lexicon_rows": np.array([row for terms in named for _, row in terms], dtype=np.int64),
        "lexicon_firsts": np.cumsum(np.array([0, *map(len, named)], dtype=np.int64)),
    }


def _light(document: SearchDocument) -> SearchDocument:
    """Return the document without its texts."""
    kept = {name: getattr(document, name) for name in _LIGHT}
    return SearchDocument(title="", **kept)


_LIGHT: Final = ("id", "revision", "updated_at", "solved_count", *(set(COLUMNS) - {"tag"}), "tags")


def _columns(
    documents: Sequence[SearchDocument],
) -> tuple[dict[str, list[str]], dict[str, tuple[Numbers, Docs]]]:
    values: dict[str, list[str]] = {}
    columns: dict[str, tuple[Numbers, Docs]] = {}
    for name in COLUMNS:
        numbers: dict[str, int] = {}
        held = [
            [numbers.setdefault(value, len(numbers)) for value in filtering.values_of(doc, name)]
            for doc in documents
        ]
        values[name] = list(numbers)
        columns[name] = (
            _offsets(np.array([len(row) for row in held], dtype=np.int64)),
            np.array([number for row in held for number in row], dtype=np.uint32),
        )
    return values, columns


def _offsets(counts: NDArray[np.int64]) -> Numbers:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])


@compiled_for_bulk
def _invert(
    tokens: Docs, docs: Numbers, ends: Numbers, factors: Weights, terms: int
) -> tuple[Numbers, Docs, Weights]:
    """Return offsets, documents and summed factors by term; runs come in document order."""
    offsets = np.zeros(terms + 1, dtype=np.int64)
    last = np.full(terms, -1, dtype=np.int64)
    start = 0
    for run in range(docs.size):
        for i in range(start, ends[run]):
            if last[tokens[i]] != docs[run]:
                last[tokens[i]] = docs[run]
                offsets[tokens[i] + 1] += 1
        start = ends[run]
    offsets = np.cumsum(offsets)
    held = np.empty(offsets[terms], dtype=np.uint32)
    weights = np.zeros(offsets[terms], dtype=np.float32)
    cursors = offsets[:-1].copy()
    last[:] = -1
    start = 0
    for run in range(docs.size):
        for i in range(start, ends[run]):
            token = tokens[i]
            if last[token] != docs[run]:
                last[token] = docs[run]
                held[cursors[token]] = docs[run]
                cursors[token] += 1
            weights[cursors[token] - 1] += factors[run]
        start = ends[run]
    return offsets, held, weights


@compiled_for_bulk
def _invert_places(
    tokens: Docs, docs: Numbers, places: Numbers, ends: Numbers, terms: int
) -> tuple[Numbers, Docs, Numbers, Codes]:
    """Return offsets, documents, starts of positions and positions by term."""
    offsets = np.zeros(terms + 1, dtype=np.int64)
    sizes = np.zeros(terms + 1, dtype=np.int64)
    last = np.full(terms, -1, dtype=np.int64)
    start = 0
    for run in range(docs.size):
        end = min(ends[run], start + max(0, _POSITIONS - places[run]))
        for i in range(start, end):
            sizes[tokens[i] + 1] += 1
            if last[tokens[i]] != docs[run]:
                last[tokens[i]] = docs[run]
                offsets[tokens[i] + 1] += 1
        start = ends[run]
    offsets = np.cumsum(offsets)
    sizes = np.cumsum(sizes)
    held = np.empty(offsets[terms], dtype=np.uint32)
    starts = np.empty(offsets[terms] + 1, dtype=np.int64)
    positions = np.empty(sizes[terms], dtype=np.uint16)
    cursors = offsets[:-1].copy()
    last[:] = -1
    start = 0
    for run in range(docs.size):
        end = min(ends[run], start + max(0, _POSITIONS - places[run]))
        for i in range(start, end):
            token = tokens[i]
            if last[token] != docs[run]:
                last[token] = docs[run]
                held[cursors[token]] = docs[run]
                starts[cursors[token]] = sizes[token]
                cursors[token] += 1
            positions[sizes[token]] = places[run] + i - start
            sizes[token] += 1
        start = ends[run]
    starts[offsets[terms]] = positions.size
    return offsets, held, starts, positions
