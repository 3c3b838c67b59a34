"""The impact file: everything about a segment's documents that a search reads but their texts.

One file of aligned arrays before a JSON list of them, mapped into memory, never changed. Terms are
rows of one table, ordered by key: the streams that rank, with a weight code per posting; the
sequences, with positions; the folded document ids. The lexicon lists terms by name for prefixes.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from kbservice.errors import IndexCorrupt
from kbservice.search import filtering
from kbservice.search.naming import folded_id
from kbservice.search.whoosh.compiled import compiled
from kbservice.search.whoosh.keys import Keys, keys_of, places_among, rows_of
from kbservice.search.whoosh.lexicon import Names

Numbers = NDArray[np.int64]
Offsets = NDArray[np.integer[Any]]
"""In 32 bits where they fit."""
Docs = NDArray[np.uint32]
Codes = NDArray[np.uint16]
Array = NDArray[Any]

SUFFIX: Final = ".imp"
LEXICONS: Final = ("words", "sequence", "title_sequence")
COLUMNS: Final = tuple(dict.fromkeys((*filtering.FACETS, *filtering.FILTERED)))
"""Fields whose values are counted or filtered by."""

FORMAT: Final = "KBIMPACT4"
_MAGIC: Final = f"{FORMAT}\n".encode()
_ALIGN: Final = 64
_PLACE_BYTES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The arrays of one segment; document numbers count from 0.

    Attributes:
        keys: Ascending key of each row.
        offsets: Row i holds the postings ``offsets[i]`` to ``offsets[i + 1]``.
        docs: Document of each posting.
        codes: Weight code of each posting of the ranking streams, which come first.
        starts: Where the positions of each posting of the sequences start, and the end.
        positions: Of the units in a document, below 65,536.
        lexicon: UTF-8 of the named terms of LEXICONS, sorted within each, NUL after each.
        lexicon_ends: End of each term in ``lexicon``, its NUL not counted.
        lexicon_rows: Row of each.
        lexicon_firsts: Index of the first term of each of LEXICONS, and the number of terms.
        ids: UTF-8 of each document's id.
        values: For each of COLUMNS, the distinct values.
        columns: For each of COLUMNS, where a document's values start, and the values' indices.
    """

    keys: Keys
    offsets: Offsets
    docs: Docs
    codes: Codes
    starts: Offsets
    positions: Codes
    lexicon: NDArray[np.uint8]
    lexicon_ends: Numbers
    lexicon_rows: Numbers
    lexicon_firsts: Numbers
    ids: NDArray[np.bytes_]
    revisions: Numbers
    updated: Numbers
    solved: Numbers
    values: Mapping[str, Sequence[str]]
    columns: Mapping[str, tuple[Offsets, Docs]]

    @property
    def size(self) -> int:
        """How many documents there are."""
        return int(self.ids.size)

    @property
    def ranked(self) -> int:
        """Where the sequences' postings start."""
        return int(self.codes.size)

    def rows(self, stream: str) -> tuple[int, int]:
        """Return the first row of a stream and the one after its last."""
        return rows_of(stream, self.keys)

    def find(self, keys: Keys, rows: tuple[int, int], ranges: Numbers, sizes: Numbers) -> None:
        """Look up where the postings of keys are.

        Args:
            keys: Keys of one stream.
            rows: What ``rows`` says of that stream.
            ranges: Zeros; filled in with (start, end) of each key that has postings.
            sizes: Their number is added.
        """
        _find(self.keys, self.offsets, rows, keys, ranges, sizes)

    def postings(self, stream: str, term: str) -> tuple[int, int]:
        """Return the (start, end) range of a term's postings, empty where it has none."""
        ranges, sizes = np.zeros((1, 2), dtype=np.int64), np.zeros(1, dtype=np.int64)
        self.find(keys_of(stream, (term,)), self.rows(stream), ranges, sizes)
        start, end = ranges[0].tolist()
        return start, end

    def named(self, name: str) -> list[int]:
        """Return the documents whose folded id it is."""
        start, end = self.postings("id", name)
        numbers = self.docs[start:end].tolist()
        return [n for n in numbers if folded_id(self.ids[n].decode()) == name]

    def terms(self, stream: str) -> Iterator[tuple[bytes, int]]:
        """Yield the terms of a lexicon with their rows, sorted."""
        first, last = self._bounds(stream)
        ends, rows = self.lexicon_ends[first:last], self.lexicon_rows[first:last]
        start = int(self.lexicon_ends[first - 1]) + 1 if first else 0
        text = self.lexicon[start : int(ends[-1]) if last > first else start].tobytes()
        yield from zip(text.split(b"\0"), rows.tolist(), strict=True) if last > first else ()

    def names(self, stream: str) -> Names:
        """Return the terms of a lexicon, sorted."""
        first, last = self._bounds(stream)
        ends = self.lexicon_ends[first:last]
        start = int(self.lexicon_ends[first - 1]) + 1 if first else 0
        text = self.lexicon[start : int(ends[-1]) + 1 if last > first else start]
        starts = np.concatenate([np.full(1, start, dtype=np.int64), ends + 1])[: last - first]
        spans = np.stack([starts, ends], axis=1) - start
        return Names(text, spans, self.lexicon_rows[first:last])

    def starting(self, stream: str, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield the terms of a lexicon that begin so, with their rows."""
        wanted = prefix.encode("utf-8", "surrogatepass")
        low, last = self._bounds(stream)
        high = last
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._term(middle) < wanted else (low, middle)
        while low < last and (term := self._term(low)).startswith(wanted):
            yield term.decode("utf-8", "surrogatepass"), int(self.lexicon_rows[low])
            low += 1

    def _bounds(self, stream: str) -> tuple[int, int]:
        at = LEXICONS.index(stream)
        return int(self.lexicon_firsts[at]), int(self.lexicon_firsts[at + 1])

    def _term(self, index: int) -> bytes:
        start = int(self.lexicon_ends[index - 1]) + 1 if index else 0
        return self.lexicon[start : int(self.lexicon_ends[index])].tobytes()


_ARRAYS: Final = tuple(
    field.name for field in fields(Part) if field.name not in {"values", "columns"}
)


class PartFile:
    """An impact file under way."""

    def __init__(self, path: Path, shapes: Mapping[str, tuple[np.dtype[Any], int]]) -> None:
        """Make room for arrays of known sizes; they come in any order and in pieces."""
        self._layout: dict[str, tuple[str, int, int]] = {}
        self._end = len(_MAGIC) + _PLACE_BYTES
        self._file: BinaryIO = path.open("wb")
        self._file.write(_MAGIC)
        for name, (dtype, size) in shapes.items():
            self._place(name, dtype, size)

    def write(self, name: str, array: Array, first: int = 0) -> None:
        """Write a piece of an array at an index."""
        dtype, _, start = self._layout[name]
        self._file.seek(start + first * np.dtype(dtype).itemsize)
        if array.size:
            self._file.write(np.ascontiguousarray(array).data)

    def append(self, name: str, array: Array) -> None:
        """Write a further array."""
        self._place(name, array.dtype, array.size)
        self.write(name, array)

    def close(self, values: Mapping[str, Sequence[str]]) -> None:
        """Finish the file."""
        self._file.seek(self._end)
        self._file.write(orjson.dumps({"arrays": self._layout, "values": values}))
        self._file.seek(len(_MAGIC))
        self._file.write(self._end.to_bytes(_PLACE_BYTES, "little"))
        self._file.close()

    def _place(self, name: str, dtype: np.dtype[Any], size: int) -> None:
        start = self._end + -self._end % _ALIGN
        self._layout[name] = (dtype.str, size, start)
        self._end = start + dtype.itemsize * size


def narrowest(greatest: int) -> np.dtype[Any]:
    """Return the type for offsets up to a number."""
    return np.dtype(np.uint32 if greatest <= np.iinfo(np.uint32).max else np.int64)


def offsets_of(counts: Array) -> Offsets:
    """Return where each of consecutive ranges starts, and the end."""
    dtype = narrowest(int(counts.sum(dtype=np.int64)))
    offsets: Offsets = np.zeros(counts.size + 1, dtype=dtype)
    np.cumsum(counts, dtype=dtype, out=offsets[1:])
    return offsets


@compiled
def _find(  # compiled: names cost a dispatch
    keys: Keys,
    offsets: Offsets,
    rows: tuple[int, int],
    wanted: Keys,
    ranges: Numbers,
    sizes: Numbers,
) -> None:
    """Fill in where the postings of the wanted keys are."""
    places = places_among(keys[rows[0] : rows[1]], wanted)
    for i in range(wanted.size):
        if places[i] >= 0:
            row = rows[0] + places[i]
            ranges[i, 0] = offsets[row]
            ranges[i, 1] = offsets[row + 1]
            sizes[i] += ranges[i, 1] - ranges[i, 0]


def _demand_format(data: mmap.mmap) -> None:
    if data[: len(_MAGIC)] != _MAGIC:
        raise ValueError("another format")


def save(part: Part, path: Path) -> None:
    """Write a part that is in memory."""
    arrays: dict[str, Array] = {name: getattr(part, name) for name in _ARRAYS}
    for name, (starts, values) in part.columns.items():
        arrays |= {f"{name} starts": starts, f"{name} values": values}
    file = PartFile(path, {})
    for name, array in arrays.items():
        file.append(name, array)
    file.close(part.values)


def load(path: Path) -> Part:
    """Map an impact file; a page is read when it is first touched.

    Raises:
        IndexCorrupt: It is absent, cut off or something else.
    """
    try:
        with path.open("rb") as file:
            # A private mapping: pages stay shared, and kernels see one kind of array only.
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        _demand_format(data)
        begin = len(_MAGIC)
        end = int.from_bytes(data[begin : begin + _PLACE_BYTES], "little")
        header = orjson.loads(data[end:])
        arrays = {
            name: np.frombuffer(data, np.dtype(dtype), size, start)
            for name, (dtype, size, start) in header["arrays"].items()
        }
        columns = {name: (arrays[f"{name} starts"], arrays[f"{name} values"]) for name in COLUMNS}
        return Part(
            **{name: arrays[name] for name in _ARRAYS}, values=header["values"], columns=columns
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexCorrupt(
            "Index file {name}: {reason}", name=path.name, reason=str(error)
        ) from error
