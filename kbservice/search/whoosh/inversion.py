"""From documents to the arrays of a segment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbservice.search import filtering, recipe
from kbservice.search.documents import SearchDocument
from kbservice.search.naming import folded_id
from kbservice.search.whoosh import codes
from kbservice.search.whoosh.compiled import compiled_for_bulk
from kbservice.search.whoosh.keys import (
    SEQUENCES,
    STREAMS,
    Keys,
    Terms,
    distinct,
    keys_of,
    terms_of,
)
from kbservice.search.whoosh.lexicon import Names, lexicon_arrays
from kbservice.search.whoosh.part import (
    COLUMNS,
    LEXICONS,
    Codes,
    Docs,
    Numbers,
    Offsets,
    Part,
    offsets_of,
)
from kbservice.search.whoosh.schema import microseconds
from kbservice.text.tokens import outline, sequence_outline

SECTION_GAP: Final = 10
_POSITIONS: Final = 1 << 16
# The text of terms in a document's outline that a stream is read from.
_OUTLINED: Final = {
    "words": "words",
    "bigrams": "runs",
    "chars": "runs",
    "identifiers": "identifiers",
    "pairs": "heads",
}

Weights = NDArray[np.float32]


class _Texts:
    """Texts of terms, each of a field of a document, or of a section."""

    def __init__(self) -> None:
        self._docs: list[int] = []
        self._kinds: list[int] = []
        self._texts: dict[str, list[str]] = defaultdict(list)

    def add(self, doc: int, kind: int, **texts: str) -> None:
        self._docs.append(doc)
        self._kinds.append(kind)
        for name, text in texts.items():
            self._texts[name].append(text)

    def terms(self, stream: str, name: str) -> Terms:
        return terms_of(stream, self._texts[name])

    @property
    def docs(self) -> Numbers:
        return np.array(self._docs, dtype=np.int64)

    @property
    def kinds(self) -> Numbers:
        return np.array(self._kinds, dtype=np.int64)


class _Table(NamedTuple):
    """The posting lists of a stream.

    Attributes:
        counts: Number of postings of each key.
        codes: Weight code of each posting of a stream that ranks.
        places: Number of positions of each posting of a sequence.
    """

    keys: Keys
    counts: Numbers
    docs: Docs
    codes: Codes = np.zeros(0, dtype=np.uint16)
    places: Numbers = np.zeros(0, dtype=np.int64)
    positions: Codes = np.zeros(0, dtype=np.uint16)


class Inverter:
    """Takes documents in; gives a part with documents numbered in that order."""

    def __init__(self) -> None:
        self._documents: list[SearchDocument] = []
        self._ranked = _Texts()
        self._sequences = {name: _Texts() for name in SEQUENCES}
        self._fields = {name: number for number, name in enumerate(recipe.BOOSTS)}

    def __len__(self) -> int:
        return len(self._documents)

    def add(self, document: SearchDocument) -> None:
        """Analyze a document."""
        doc = len(self._documents)
        for field, text in recipe.field_texts(document).items():
            if text:
                self._ranked.add(doc, self._fields[field], **outline(text)._asdict())
        self._add_sequence("sequence", doc, [text for _, text in document.sections])
        self._add_sequence("title_sequence", doc, [document.title])
        self.add_without_texts(document)

    def add_without_texts(self, document: SearchDocument) -> None:
        """Take only what a document is filtered, sorted and counted by."""
        # Its texts are not needed any more, and would be what takes the memory.
        self._documents.append(_light(document))

    def lengths(self) -> Iterable[tuple[str, str, Numbers]]:
        """Yield stream, field and the number of terms of each document that has any."""
        kinds = self._ranked.kinds
        for stream in recipe.STREAMS:
            sizes = self._counted(stream).sizes
            for field, number in self._fields.items():
                yield stream, field, sizes[(kinds == number) & (sizes > 0)]

    def finish(self, averages: recipe.Averages) -> Part:
        """Return the part, weighed by the given mean field lengths."""
        named = [self._ranking(stream, averages[stream]) for stream in recipe.STREAMS]
        named += [self._sequence(stream) for stream in SEQUENCES]
        tables = [table for table, _ in named] + [self._ids()]
        values, columns = _columns(self._documents)
        return Part(
            keys=np.concatenate([table.keys for table in tables]),
            offsets=offsets_of(np.concatenate([table.counts for table in tables])),
            docs=np.concatenate([table.docs for table in tables]),
            codes=np.concatenate([table.codes for table in tables]),
            starts=offsets_of(np.concatenate([table.places for table in tables])),
            positions=np.concatenate([table.positions for table in tables]),
            ids=np.array([document.id.encode() for document in self._documents], dtype=np.bytes_),
            revisions=self._numbers(document.revision for document in self._documents),
            updated=self._numbers(
                microseconds(document.updated_at) if document.updated_at else 0
                for document in self._documents
            ),
            solved=self._numbers(document.solved_count for document in self._documents),
            values=values,
            columns=columns,
            **_lexicon(named),
        )

    def _add_sequence(self, stream: str, doc: int, texts: Sequence[str]) -> None:
        for number, text in enumerate(texts):
            self._sequences[stream].add(doc, number, units=sequence_outline(text))

    def _counted(self, stream: str) -> Terms:
        """Return the terms of a stream as often as they count."""
        terms = self._ranked.terms(stream, _OUTLINED[stream])
        once = [self._fields[field] for field in recipe.COUNTED_ONCE]
        is_once = np.isin(self._ranked.kinds, once)
        if not is_once.any():
            return terms
        is_first = _first_of_each(terms.keys, terms.sizes, is_once)
        texts = np.repeat(np.arange(terms.sizes.size), terms.sizes)
        return Terms(
            terms.text,
            terms.keys[is_first],
            terms.spans[is_first],
            np.bincount(texts[is_first], minlength=terms.sizes.size),
        )

    def _ranking(self, stream: str, averages: Mapping[str, float]) -> tuple[_Table, Names]:
        terms = self._counted(stream)
        kinds = self._ranked.kinds
        means = np.array([averages[field] for field in self._fields])[kinds]
        shares = np.array([recipe.LENGTH_WEIGHTS[field] for field in self._fields])[kinds]
        boosts = np.array([recipe.BOOSTS[field] for field in self._fields])[kinds]
        factors = (boosts / (1.0 - shares + shares * terms.sizes / means)).astype(np.float32)
        keys, ranks, firsts = distinct(terms.keys)
        ends = np.cumsum(terms.sizes)
        counts, held, weights = _invert(ranks, self._ranked.docs, ends, factors, keys.size)
        table = _Table(keys, counts, held, codes=codes.encode(weights))
        return table, Names(terms.text, terms.spans[firsts], np.arange(keys.size))

    def _sequence(self, stream: str) -> tuple[_Table, Names]:
        texts = self._sequences[stream]
        terms = texts.terms(stream, "units")
        keys, ranks, firsts = distinct(terms.keys)
        # A section starts behind the last unit of the one before it, and a gap.
        places = np.cumsum(terms.sizes + SECTION_GAP) - terms.sizes - SECTION_GAP
        places -= places[np.flatnonzero(texts.kinds == 0)][np.cumsum(texts.kinds == 0) - 1]
        counts, held, places_held, positions = _invert_places(
            ranks, texts.docs, places, np.cumsum(terms.sizes), keys.size
        )
        table = _Table(keys, counts, held, places=places_held, positions=positions)
        return table, Names(terms.text, terms.spans[firsts], np.arange(keys.size))

    def _ids(self) -> _Table:
        names = [folded_id(document.id) for document in self._documents]
        keys, ranks, _ = distinct(keys_of("id", names))
        docs = np.argsort(ranks, kind="stable").astype(np.uint32)
        return _Table(keys, np.bincount(ranks, minlength=keys.size), docs)

    def _numbers(self, values: Iterable[int]) -> Numbers:
        return np.fromiter(values, dtype=np.int64, count=len(self._documents))


def _lexicon(named: Sequence[tuple[_Table, Names]]) -> dict[str, NDArray[Any]]:
    """Return the lexicon arrays from the names of all streams, rows counted within each."""
    first_rows = np.cumsum([0, *(table.keys.size for table, _ in named)])
    names = {
        stream: found._replace(rows=found.rows + first)
        for stream, (_, found), first in zip(STREAMS, named, first_rows, strict=False)
    }
    return lexicon_arrays([names[stream] for stream in LEXICONS])


def part_without_texts(documents: Iterable[SearchDocument]) -> Part:
    """Return a part that knows ids, filter values and dates, and no terms."""
    inverter = Inverter()
    for document in documents:
        inverter.add_without_texts(document)
    return inverter.finish(recipe.Lengths().averages())


def _light(document: SearchDocument) -> SearchDocument:
    """Return the document without its texts."""
    kept = {name: getattr(document, name) for name in _LIGHT}
    return SearchDocument(title="", **kept)


_LIGHT: Final = ("id", "revision", "updated_at", "solved_count", *(set(COLUMNS) - {"tag"}), "tags")


def _columns(
    documents: Sequence[SearchDocument],
) -> tuple[dict[str, list[str]], dict[str, tuple[Offsets, Docs]]]:
    values: dict[str, list[str]] = {}
    columns: dict[str, tuple[Offsets, Docs]] = {}
    for name in COLUMNS:
        numbers: dict[str, int] = {}
        held = [
            [numbers.setdefault(value, len(numbers)) for value in filtering.values_of(doc, name)]
            for doc in documents
        ]
        values[name] = list(numbers)
        columns[name] = (
            offsets_of(np.array([len(row) for row in held], dtype=np.int64)),
            np.array([number for row in held for number in row], dtype=np.uint32),
        )
    return values, columns


@compiled_for_bulk
def _invert(
    tokens: Docs, docs: Numbers, ends: Numbers, factors: Weights, terms: int
) -> tuple[Numbers, Docs, Weights]:
    """Return the number of documents of each term, documents and summed factors by term."""
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
    return np.diff(offsets), held, weights


@compiled_for_bulk
def _invert_places(
    tokens: Docs, docs: Numbers, places: Numbers, ends: Numbers, terms: int
) -> tuple[Numbers, Docs, Numbers, Codes]:
    """Return the documents of each term, documents, positions of each of them, positions."""
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
    return np.diff(offsets), held, np.diff(starts), positions


@compiled_for_bulk
def _first_of_each(keys: Keys, sizes: Numbers, is_once: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Leave out repeated keys of the texts that are counted once."""
    is_first = np.ones(keys.size, dtype=np.bool_)
    start = 0
    for text in range(sizes.size):
        end = start + sizes[text]
        if is_once[text]:
            order = np.argsort(keys[start:end])
            for i in range(1, order.size):
                if keys[start + order[i]] == keys[start + order[i - 1]]:
                    is_first[start + order[i]] = False
        start = end
    return is_first
