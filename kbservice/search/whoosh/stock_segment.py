"""Genuine Whoosh segments, written from a part's arrays: any Whoosh reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from whoosh.codec.whoosh3 import STORED_COLUMN, W3Codec, W3PerDocWriter
from whoosh.columns import CompressedBytesColumn, PickleColumn
from whoosh.fields import Schema

from kbservice.search.whoosh import codes
from kbservice.search.whoosh.keys import SEQUENCES
from kbservice.search.whoosh.lexicon import Names
from kbservice.search.whoosh.part import COLUMNS, Codes, Docs, Offsets, Part, offsets_of
from kbservice.search.whoosh.posting_blocks import Places, Weights, written
from kbservice.search.whoosh.term_index import TermIndex

INDEX: Final = "MAIN"
_BATCH: Final = 500_000  # postings or positions written at a time
# Not compressed: that would take as long as to merge a document, and a page of hits longer.
_STORED: Final = PickleColumn(CompressedBytesColumn(level=0))
_TERM_INFO: Final = np.dtype(
    [
        ("flags", "u1"),
        ("weight", ">f4"),
        ("frequency", ">u4"),
        ("shortest", "u1"),
        ("longest", "u1"),
        ("greatest", ">f4"),
        ("first", ">u4"),
        ("last", ">u4"),
        ("offset", ">i8"),
        ("length", ">i4"),
    ]
)
"""What ``W3TermInfo.to_bytes`` writes of a term whose postings are not inlined."""

_UNCODED: Final[tuple[Codes, Weights]] = (np.zeros(0, dtype=np.uint16), np.zeros(0))
_NO_PLACES: Final[Places] = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint16), 0)


def write_segment(
    storage: Any, schema: Schema, part: Part, stored: Iterable[dict[str, Any]]
) -> Any:
    """Write a part and the stored fields of its documents; return Whoosh's segment.

    Args:
        storage: A folder of its own: builders in one folder would share a temporary file.
        schema: Says which fields there are; the part has what they hold.
        part: The arrays.
        stored: The stored fields of each document, in order.
    """
    codec: Any = W3Codec()
    segment = codec.new_segment(storage, INDEX)
    per_document: Any = _Documents(codec, storage, segment)  # type: ignore[no-untyped-call]
    for number, values in enumerate(stored):
        per_document.start_doc(number)
        for name, value in values.items():
            per_document.add_field(name, None, value, 0)
        per_document.finish_doc()
    segment.set_doc_count(part.size)
    per_document.close()
    writer = _PostingsWriter(storage, segment)
    for name in sorted(schema.names()):
        if lists := _lists(name, part):
            writer.write(name, lists)
    writer.close()
    return segment


class _Documents(W3PerDocWriter):
    """Whoosh's writer of stored fields, told how to store them."""

    def _create_column(self, name: str, column: Any) -> None:
        super()._create_column(name, _STORED if column is STORED_COLUMN else column)  # type: ignore[no-untyped-call]


def _lists(name: str, part: Part) -> _Lists | None:
    """Return the posting lists of a field, None of one that is only stored."""
    if name == "id":
        terms = sorted((term, number) for number, term in enumerate(part.ids.tolist()))
        docs = np.array([number for _, number in terms], dtype=np.uint32)
        each = np.arange(docs.size + 1)
        return _Lists(_names([(term, row) for row, (term, _) in enumerate(terms)]), each, docs)
    if name in COLUMNS:
        return _value_lists(part, name)
    if name == "words":
        coded = (part.codes, codes.WEIGHTS)
        return _Lists(part.names(name), part.offsets, part.docs, coded=coded)
    if name in SEQUENCES:
        places = (part.starts, part.positions, part.ranked)
        return _Lists(part.names(name), part.offsets, part.docs, places=places)
    return None


class _Lists:
    """Posting lists of one field, terms in byte order."""

    def __init__(
        self,
        names: Names,
        offsets: Offsets,
        docs: Docs,
        *,
        coded: tuple[Codes, Weights] = _UNCODED,
        places: Places = _NO_PLACES,
    ) -> None:
        self.names = names
        codes, self.weights = coded
        self.arrays = (offsets, docs, codes)
        self.places = places

    def batches(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of terms of some 500,000 postings or positions each."""
        offsets, _, _ = self.arrays
        firsts, lasts = offsets[self.names.rows], offsets[self.names.rows + 1]
        sizes = lasts - firsts
        if self.places[0].size:
            starts, _, ranked = self.places
            sizes = starts[lasts - ranked] - starts[firsts - ranked]
        ends = np.cumsum(sizes)
        first = 0
        while first < ends.size:
            before = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, before + _BATCH, side="right")))
            yield first, last
            first = last


def _value_lists(part: Part, name: str) -> _Lists:
    starts, values = part.columns[name]
    owners = np.repeat(np.arange(part.size, dtype=np.uint32), np.diff(starts))
    order = np.argsort(values, kind="stable")
    counts = np.bincount(values, minlength=len(part.values[name]))
    terms = sorted((value.encode(), number) for number, value in enumerate(part.values[name]))
    return _Lists(_names(terms), offsets_of(counts), owners[order])


def _names(terms: Sequence[tuple[bytes, int]]) -> Names:
    """Return sorted terms with their rows."""
    text = np.frombuffer(b"".join(term for term, _ in terms), dtype=np.uint8)
    bounds = offsets_of(np.array([len(term) for term, _ in terms], dtype=np.int64))
    spans = np.stack([bounds[:-1], bounds[1:]], axis=1).astype(np.int64)
    return Names(text, spans, np.array([row for _, row in terms], dtype=np.int64))


class _PostingsWriter:
    """Whoosh's term index and posting file, fed with whole posting lists."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._file = segment.create_file(storage, W3Codec.POSTS_EXT)
        self._index = TermIndex(segment.create_file(storage, W3Codec.TERMS_EXT))
        self._fields: dict[str, int] = {}

    def write(self, name: str, lists: _Lists) -> None:
        """Write all posting lists of a field."""
        number = self._fields.setdefault(name, len(self._fields))
        text, spans, rows = lists.names
        for first, last in lists.batches():
            content, ends, facts, sums = written(
                rows[first:last], lists.arrays, lists.weights, lists.places
            )
            infos = np.zeros(last - first, dtype=_TERM_INFO)
            infos["offset"] = self._file.tell() + np.concatenate([np.zeros(1, np.int64), ends[:-1]])
            infos["length"] = np.diff(ends, prepend=0)
            infos["frequency"], infos["first"], infos["last"] = facts.T
            infos["weight"], infos["greatest"] = sums.T
            self._file.write(content.data)
            as_bytes = infos.view(np.uint8).reshape(last - first, _TERM_INFO.itemsize)
            self._index.enter(number, text, spans[first:last], as_bytes)

    def close(self) -> None:
        self._index.finish(self._fields)
        self._file.close()
