"""Genuine Whoosh segments, written from a part's arrays in blocks instead of posting by posting.

Any Whoosh reads them. A posting block is a pickle of three tuples; its bytes are put together
by a kernel, some 20 times faster than by building the tuples. Blocks are not compressed, which
the format allows: that would take as long as all the rest and save a third.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC, W3Codec
from whoosh.fields import Schema

from kbservice.search.whoosh import codes
from kbservice.search.whoosh.compiled import compiled, compiled_for_bulk
from kbservice.search.whoosh.part import COLUMNS, Codes, Docs, Numbers, Part

INDEX: Final = "MAIN"
_BLOCK: Final = 128
_BATCH: Final = 500_000  # postings or positions written at a time
# Bytes that a block, and a posting without its positions, take at most.
_BOUND: Final = 48
_BOUND_POSTING: Final = 29
_MAGIC: Final = np.frombuffer(WHOOSH3_HEADER_MAGIC, dtype=np.uint8).copy()
_FIELD_ID: Final = struct.Struct("!H")
_KEY_AND_DATA: Final = struct.Struct("!ii")
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

Bytes = NDArray[np.uint8]
Weights = NDArray[np.float64]
Places = tuple[Numbers, Codes, int]

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
    per_document = codec.per_document_writer(storage, segment)
    for number, values in enumerate(stored):
        per_document.start_doc(number)
        for name, value in values.items():
            per_document.add_field(name, None, value, 0)
        per_document.finish_doc()
    segment.set_doc_count(part.size)
    per_document.close()
    writer = _PostingsWriter(codec.field_writer(storage, segment))
    for name in sorted(schema.names()):
        _write_field(writer, name, schema[name], part)
    writer.close()
    return segment


def _write_field(writer: _PostingsWriter, name: str, field: Any, part: Part) -> None:
    if name == "id":
        terms = sorted((term, number) for number, term in enumerate(part.ids.tolist()))
        docs = np.array([number for _, number in terms], dtype=np.uint32)
        each = np.arange(docs.size + 1)
        lists = _Lists([term for term, _ in terms], each, docs, rows=each[:-1])
    elif name in COLUMNS:
        lists = _value_lists(part, name)
    elif name == "words":
        lists = _term_lists(part, name, coded=(part.codes, codes.WEIGHTS))
    elif name in {"sequence", "title_sequence"}:
        lists = _term_lists(part, name, places=(part.starts, part.positions, part.ranked))
    else:
        return
    writer.write(name, field, lists)


class _Lists:
    """Posting lists of one field, terms in byte order."""

    def __init__(
        self,
        terms: Sequence[bytes],
        offsets: Numbers,
        docs: Docs,
        *,
        rows: Numbers,
        coded: tuple[Codes, Weights] = _UNCODED,
        places: Places = _NO_PLACES,
    ) -> None:
        self.terms = terms
        self.rows = rows
        codes, self.weights = coded
        self.arrays = (offsets, docs, codes)
        self.places = places

    def batches(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of terms of some 500,000 postings or positions each."""
        offsets, _, _ = self.arrays
        sizes = offsets[self.rows + 1] - offsets[self.rows]
        if self.places[0].size:
            starts, _, ranked = self.places
            sizes = starts[offsets[self.rows + 1] - ranked] - starts[offsets[self.rows] - ranked]
        ends = np.cumsum(sizes)
        first = 0
        while first < len(self.terms):
            before = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, before + _BATCH, side="right")))
            yield first, last
            first = last


def _term_lists(
    part: Part,
    stream: str,
    *,
    coded: tuple[Codes, Weights] = _UNCODED,
    places: Places = _NO_PLACES,
) -> _Lists:
    pairs = list(part.terms(stream))
    return _Lists(
        [term for term, _ in pairs],
        part.offsets,
        part.docs,
        coded=coded,
        places=places,
        rows=np.array([row for _, row in pairs], dtype=np.int64),
    )


def _value_lists(part: Part, name: str) -> _Lists:
    starts, values = part.columns[name]
    owners = np.repeat(np.arange(part.size, dtype=np.uint32), np.diff(starts))
    order = np.argsort(values, kind="stable")
    counts = np.bincount(values, minlength=len(part.values[name]))
    terms = sorted((value.encode(), number) for number, value in enumerate(part.values[name]))
    return _Lists(
        [term for term, _ in terms],
        np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)]),
        owners[order],
        rows=np.array([number for _, number in terms], dtype=np.int64),
    )


class _PostingsWriter:
    """Whoosh's field writer, fed with whole posting lists."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._file = writer._postfile  # noqa: SLF001  # the codec has no way in for whole lists
        self._index = writer._tindex  # noqa: SLF001  # as above

    def write(self, name: str, field: Any, lists: _Lists) -> None:
        """Write all posting lists of a field."""
        self._writer.start_field(name, field)
        prefix = _FIELD_ID.pack(self._writer._fieldid)  # noqa: SLF001  # as above
        for first, last in lists.batches():
            rows = lists.rows[first:last]
            content, ends, facts, sums = _written(rows, lists.arrays, lists.weights, lists.places)
            infos = np.zeros(rows.size, dtype=_TERM_INFO)
            infos["offset"] = self._file.tell() + np.concatenate([np.zeros(1, np.int64), ends[:-1]])
            infos["length"] = np.diff(ends, prepend=0)
            infos["frequency"], infos["first"], infos["last"] = facts.T
            infos["weight"], infos["greatest"] = sums.T
            self._file.write(content.data)
            self._name(prefix, lists.terms[first:last], infos.tobytes())
        self._writer.finish_field()

    def close(self) -> None:
        self._writer.close()

    def _name(self, prefix: bytes, terms: Sequence[bytes], infos: bytes) -> None:
        """Enter terms into the term index, in one write instead of three for each."""
        index, size = self._index, _TERM_INFO.itemsize
        at = index.dbfile.tell()
        entries = []
        for number, term in enumerate(terms):
            key = prefix + term
            entry = _KEY_AND_DATA.pack(len(key), size) + key
            code = index.hashfn(key)
            index.buckets[code & 0xFF].append((code, at))
            index.index.append(at)
            entries += [entry, infos[number * size : (number + 1) * size]]
            at += len(entry) + size
        index.dbfile.write(b"".join(entries))


@compiled_for_bulk
def _written(
    rows: Numbers, arrays: tuple[Numbers, Docs, Codes], weights: Weights, places: Places
) -> tuple[Bytes, Numbers, Numbers, Weights]:
    """Write posting lists as the codec does, uncompressed.

    Returns:
        The bytes; where each list ends in them; (postings, first document, last document) and
        (sum, greatest) of the weights of each list.
    """
    offsets, docs, coded = arrays
    starts, _, ranked = places
    bound = 0
    for term in range(rows.size):
        first, last = offsets[rows[term]], offsets[rows[term] + 1]
        bound += _BOUND * ((last - first) // _BLOCK + 2) + (last - first) * _BOUND_POSTING
        if starts.size:
            bound += 3 * (starts[last - ranked] - starts[first - ranked])
    out = np.empty(bound, dtype=np.uint8)
    ends = np.empty(rows.size, dtype=np.int64)
    facts = np.empty((rows.size, 3), dtype=np.int64)
    sums = np.zeros((rows.size, 2), dtype=np.float64)
    at = 0
    for term in range(rows.size):
        first, last = offsets[rows[term]], offsets[rows[term] + 1]
        facts[term, 0] = last - first
        facts[term, 1] = docs[first]
        facts[term, 2] = docs[last - 1]
        for i in range(4):
            out[at + i] = _MAGIC[i]
        at += 4
        for begin in range(first, last, _BLOCK):
            end = min(last, begin + _BLOCK)
            greatest = 1.0
            total = float(end - begin)
            if weights.size:
                greatest, total = _summed(coded, weights, begin, end)
            sums[term, 0] += total
            sums[term, 1] = max(sums[term, 1], greatest)
            start = at
            at = _put_info(out, at + 4, end - begin, docs[end - 1], greatest)
            at = _put_block(out, at, arrays, weights, places, begin, end)
            length = at - start - 4
            _put_big(out, start, -length if end == last else length, 4)
        ends[term] = at
    return out[:at], ends, facts, sums


@compiled
def _summed(coded: Codes, weights: Weights, begin: int, end: int) -> tuple[float, float]:
    """Return the greatest weight and the sum of all."""
    greatest = 0.0
    total = 0.0
    for i in range(begin, end):
        greatest = max(greatest, weights[coded[i]])
        total += weights[coded[i]]
    return greatest, total


@compiled
def _put_info(out: Bytes, at: int, count: int, last: int, greatest: float) -> int:
    """Pickle what a reader may skip a block by: (postings, last document, weight, 0, 0, 0).

    The zeros say: not compressed, no field lengths.
    """
    out[at] = 0x80
    out[at + 1] = 2
    out[at + 2] = ord("(")
    at = _put_int(out, at + 3, np.int64(count))
    at = _put_int(out, at, np.int64(last))
    at = _put_float(out, at, greatest)
    for _ in range(3):
        at = _put_int(out, at, np.int64(0))
    out[at] = ord("t")
    out[at + 1] = ord(".")
    return at + 2


@compiled
def _put_block(  # noqa: PLR0913, PLR0917  # a kernel takes arrays, not objects
    out: Bytes,
    at: int,
    arrays: tuple[Numbers, Docs, Codes],
    weights: Weights,
    places: Places,
    begin: int,
    end: int,
) -> int:
    """Pickle the postings of a block: documents, weights or None, values or None."""
    _, docs, coded = arrays
    starts, positions, ranked = places
    out[at] = 0x80
    out[at + 1] = 2
    at = _put_ids(out, at + 2, docs, begin, end)
    if weights.size:
        out[at] = ord("(")
        at += 1
        for i in range(begin, end):
            at = _put_float(out, at, weights[coded[i]])
        out[at] = ord("t")
    else:
        out[at] = ord("N")
    at += 1
    if starts.size:
        at = _put_places(out, at, starts, positions, begin - ranked, end - ranked)
    else:
        out[at] = ord("N")
        at += 1
    out[at] = 0x87  # a tuple of three
    out[at + 1] = ord(".")
    return at + 2


@compiled
def _put_big(out: Bytes, at: int, value: int, size: int) -> None:
    """Write a number, most significant byte first."""
    for i in range(size):
        out[at + i] = (value >> (8 * (size - 1 - i))) & 0xFF


@compiled
def _put_float(out: Bytes, at: int, value: float) -> int:
    """Pickle a number; return where the next thing goes."""
    image = np.empty(1, dtype=np.float64)
    image[0] = value
    out[at] = ord("G")
    _put_big(out, at + 1, image.view(np.int64)[0], 8)
    return at + 9


@compiled
def _put_int(out: Bytes, at: int, value: np.int64) -> int:
    """Pickle a number that is not negative; return where the next thing goes."""
    if value < 0x100:  # noqa: PLR2004  # one byte
        out[at] = ord("K")
        out[at + 1] = value
        return at + 2
    if value < 0x10000:  # noqa: PLR2004  # two bytes
        out[at] = ord("M")
        out[at + 1] = value & 0xFF
        out[at + 2] = value >> 8
        return at + 3
    out[at] = ord("J")
    for i in range(4):
        out[at + 1 + i] = (value >> (8 * i)) & 0xFF
    return at + 5


@compiled
def _put_ids(out: Bytes, at: int, docs: Docs, begin: int, end: int) -> int:
    """Pickle a tuple of document numbers, each but the first as its distance from the last."""
    out[at] = ord("(")
    at += 1
    before = np.int64(0)
    for i in range(begin, end):
        at = _put_int(out, at, np.int64(docs[i]) - before)
        before = np.int64(docs[i])
    out[at] = ord("t")
    return at + 1


@compiled
def _put_places(
    out: Bytes, at: int, starts: Numbers, positions: Codes, begin: int, end: int
) -> int:
    """Pickle a tuple of byte strings: count and pickled list of distances, as Positions writes."""
    out[at] = ord("(")
    at += 1
    for posting in range(begin, end):
        first, last = starts[posting], starts[posting + 1]
        size_at = at + 1
        out[at] = ord("B")
        _put_big(out, at + 5, last - first, 4)
        out[at + 9] = 0x80
        out[at + 10] = 2
        out[at + 11] = ord("]")
        out[at + 12] = ord("(")
        at += 13
        before = np.int64(0)
        for i in range(first, last):
            at = _put_int(out, at, np.int64(positions[i]) - before)
            before = np.int64(positions[i])
        out[at] = ord("e")
        out[at + 1] = ord(".")
        at += 2
        length = at - size_at - 4
        for i in range(4):
            out[size_at + i] = (length >> (8 * i)) & 0xFF
    out[at] = ord("t")
    return at + 1
