"""Several parts made one: deleted documents left out, nothing analyzed again."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import numpy as np
from numpy.typing import NDArray

from kbservice.search import recipe
from kbservice.search.whoosh.compiled import compiled_for_bulk
from kbservice.search.whoosh.kernels import bounds
from kbservice.search.whoosh.keys import (
    SEQUENCES,
    STREAMS,
    Keys,
    distinct,
    key_cuts,
    places_among,
    rows_of,
)
from kbservice.search.whoosh.lexicon import lexicon_arrays, merged
from kbservice.search.whoosh.part import (
    COLUMNS,
    LEXICONS,
    Codes,
    Docs,
    Numbers,
    Offsets,
    Part,
    PartFile,
    narrowest,
    offsets_of,
)

Mask = NDArray[np.bool_]
Map = NDArray[np.int64]
Counts = NDArray[np.int32]
Source = tuple[Offsets, Docs, Codes, Offsets]

GONE: Final = -1
# What is merged at a time: keys whose table stays in the cache, postings of some 50 MB.
_ROWS: Final = 1 << 18
_POSTINGS: Final = 1 << 21


def renumbered(kept: Sequence[Mask]) -> list[Map]:
    """Return for each part the new number of each document, GONE for those not kept."""
    maps = []
    base = 0
    for mask in kept:
        numbers = np.cumsum(mask, dtype=np.int64) - 1 + base
        maps.append(np.where(mask, numbers, GONE))
        base += int(mask.sum())
    return maps


def merge(parts: Sequence[Part], maps: Sequence[Map], path: Path) -> None:
    """Write the merged impact file; what is in memory at a time is a range of its keys."""
    ranked, sequenced, held = (
        sum(_kept(part, streams, numbers) for part, numbers in zip(parts, maps, strict=True))
        for streams in (tuple(recipe.STREAMS), SEQUENCES, ("id",))
    )
    places = sum(
        _places_kept(part.starts, part.docs[part.ranked :], numbers)
        for part, numbers in zip(parts, maps, strict=True)
    )
    narrow = narrowest(places)
    shapes: dict[str, tuple[np.dtype[Any], int]] = {
        "docs": (np.dtype(np.uint32), ranked + sequenced + held),
        "codes": (np.dtype(np.uint16), ranked),
        "starts": (narrow, sequenced + 1),
        "positions": (np.dtype(np.uint16), places),
    }
    file = PartFile(path, shapes)
    with _Aside(path) as rows:
        at = placed = 0
        for bounds in _ranges(parts):
            piece = _Piece(parts, maps, bounds)
            rows.add(piece.keys, piece.counts)
            docs, codes, starts, positions = piece.postings(ranked=at < ranked)
            file.write("docs", docs, at)
            if at < ranked:
                file.write("codes", codes, at)
            elif at < ranked + sequenced:
                file.write("starts", (starts + placed).astype(narrow), at - ranked)
                file.write("positions", positions, placed)
                placed += positions.size
            at += docs.size
        keys, counts = rows.arrays()
        file.append("keys", keys)
        file.append("offsets", offsets_of(counts))
        values, columns = _columns(parts, maps)
        for name, array in (_per_document(parts, maps) | _lexicon(parts, keys) | columns).items():
            file.append(name, array)
    file.close(values)


def _kept(part: Part, streams: Sequence[str], numbers: Map) -> int:
    """Return how many postings of neighbouring streams will be there."""
    first, last = part.rows(streams[0])[0], part.rows(streams[-1])[1]
    return int(_count_kept(part.offsets[first : last + 1], part.docs, numbers).sum())


def _ranges(parts: Sequence[Part]) -> Iterator[list[tuple[int, int]]]:
    """Yield for one range of keys after the other which rows of each part it takes."""
    for stream in STREAMS:
        bounds = [part.rows(stream) for part in parts]
        rows = sum(last - first for first, last in bounds)
        postings = sum(
            int(part.offsets[last]) - int(part.offsets[first])
            for part, (first, last) in zip(parts, bounds, strict=True)
        )
        # Keys are hashes, hence evenly spread.
        cuts = key_cuts(stream, max(-(-rows // _ROWS), -(-postings // _POSTINGS)))
        inner = [np.searchsorted(part.keys, cuts).tolist() for part in parts]
        ends = [[first, *cut, last] for (first, last), cut in zip(bounds, inner, strict=True)]
        yield from ([(end[i], end[i + 1]) for end in ends] for i in range(cuts.size + 1))


class _Aside:
    """Keys and counts of rows, in files beside until all are known."""

    def __init__(self, path: Path) -> None:
        self._paths = [path.with_suffix(".keys"), path.with_suffix(".counts")]

    def __enter__(self) -> Self:
        self._files = [path.open("w+b") for path in self._paths]
        return self

    def __exit__(self, *_: object) -> None:
        for file, path in zip(self._files, self._paths, strict=True):
            file.close()
            path.unlink()

    def add(self, keys: Keys, counts: Counts) -> None:
        self._files[0].write(keys.data)
        self._files[1].write(counts.data)

    def arrays(self) -> tuple[Keys, Counts]:
        """Return all of them, mapped: memory that can give way."""
        for file in self._files:
            file.flush()
        return _mapped(self._files[0], np.uint64), _mapped(self._files[1], np.int32)


def _mapped(file: BinaryIO, dtype: type[np.generic]) -> NDArray[Any]:
    if not file.tell():
        return np.zeros(0, dtype=dtype)
    # Writable, though nobody writes: read-only arrays would be another type to the kernels.
    return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), dtype=dtype)


class _Piece:
    """The rows of a range of keys, of all parts."""

    def __init__(
        self, parts: Sequence[Part], maps: Sequence[Map], bounds: Sequence[tuple[int, int]]
    ) -> None:
        own = list(zip(parts, bounds, strict=True))
        self._sources = [
            (part.offsets[first : last + 1], part.docs, part.codes, part.starts)
            for part, (first, last) in own
        ]
        self._positions = [part.positions for part in parts]
        self._maps = maps
        held = [
            _count_kept(source[0], source[1], numbers)
            for source, numbers in zip(self._sources, maps, strict=True)
        ]
        everything = np.concatenate([part.keys[first:last] for part, (first, last) in own])
        counts = np.concatenate(held)
        is_kept = counts > 0
        self.keys, targets, _ = distinct(everything[is_kept])
        self.counts: Counts = np.zeros(self.keys.size, dtype=np.int32)
        _sum(targets, counts, self.counts)
        # A row without a kept document goes nowhere.
        rows = np.full(everything.size, GONE, dtype=np.int32)
        rows[is_kept] = targets
        self._targets = np.split(rows, np.cumsum([rows.size for rows in held])[:-1])

    def postings(self, *, ranked: bool) -> tuple[Docs, Codes, Numbers, Codes]:
        """Return documents and either codes or starts (from 0) and positions, by row."""
        offsets = offsets_of(self.counts).astype(np.int64)
        docs = np.empty(offsets[-1], dtype=np.uint32)
        codes = np.empty(offsets[-1] if ranked else 0, dtype=np.uint16)
        starts = np.zeros(0 if ranked else offsets[-1] + 1, dtype=np.int64)
        steps = list(zip(self._sources, self._maps, self._targets, strict=True))
        cursors = offsets[:-1].copy()
        for source, numbers, targets in steps:
            _copy(source, numbers, targets, cursors, (docs, codes, starts))
        np.cumsum(starts, out=starts)
        positions = np.empty(0 if ranked else starts[-1], dtype=np.uint16)
        if positions.size:
            cursors = offsets[:-1].copy()
            for (source, numbers, targets), held in zip(steps, self._positions, strict=True):
                _copy_places(source, held, numbers, targets, cursors, (starts, positions))
        return docs, codes, starts, positions


def _per_document(parts: Sequence[Part], maps: Sequence[Map]) -> dict[str, NDArray[Any]]:
    return {
        name: np.concatenate(
            [getattr(part, name)[numbers >= 0] for part, numbers in zip(parts, maps, strict=True)]
        )
        for name in ("ids", "revisions", "updated", "solved")
    }


def _lexicon(parts: Sequence[Part], keys: Keys) -> dict[str, NDArray[Any]]:
    named = []
    for stream in LEXICONS:
        held = [part.names(stream) for part in parts]
        rows = [
            _rows_of(part.keys[names.rows], stream, keys)
            for part, names in zip(parts, held, strict=True)
        ]
        pairs = zip(held, rows, strict=True)
        named.append(merged([n._replace(rows=found) for n, found in pairs], keys.size))
    return lexicon_arrays(named)


def _rows_of(wanted: Keys, stream: str, keys: Keys) -> Numbers:
    """Return the row of each key of a stream, -1 where there is none."""
    first, last = rows_of(stream, keys)
    places = places_among(keys[first:last], wanted)
    return np.where(places >= 0, places + first, GONE)


def _columns(
    parts: Sequence[Part], maps: Sequence[Map]
) -> tuple[dict[str, list[str]], dict[str, NDArray[Any]]]:
    values: dict[str, list[str]] = {}
    columns: dict[str, NDArray[Any]] = {}
    for name in COLUMNS:
        numbers: dict[str, int] = {}
        sizes, held = [], []
        for part, mapped in zip(parts, maps, strict=True):
            starts, indices = part.columns[name]
            renamed = renaming(part.values[name], numbers)
            is_kept = np.repeat(mapped >= 0, np.diff(starts))
            sizes.append(np.diff(starts)[mapped >= 0])
            held.append(renamed[indices[is_kept]])
        counts = np.concatenate(sizes)
        values[name] = list(numbers)
        columns[f"{name} starts"] = offsets_of(counts)
        columns[f"{name} values"] = np.concatenate(held)
    return values, columns


def renaming(values: Sequence[str], numbers: dict[str, int]) -> Docs:
    """Return the number of each value in a common list, which grows as needed."""
    return np.array(
        [numbers.setdefault(value, len(numbers)) for value in values] or [0], dtype=np.uint32
    )


@compiled_for_bulk
def _sum(targets: Docs, counts: Counts, summed: Counts) -> None:
    """Add the counts of the rows that have any, in their order, to those of their targets."""
    at = 0
    for row in range(counts.size):
        if counts[row] > 0:
            summed[targets[at]] += counts[row]
            at += 1


@compiled_for_bulk
def _count_kept(offsets: Offsets, docs: Docs, numbers: Map) -> Counts:
    """Return how many kept documents each row has."""
    counts = np.zeros(offsets.size - 1, dtype=np.int32)
    for row in range(counts.size):
        first, last = bounds(offsets, row)
        for i in range(first, last):
            counts[row] += numbers[docs[i]] >= 0
    return counts


@compiled_for_bulk
def _places_kept(starts: Offsets, docs: Docs, numbers: Map) -> int:
    """Return how many positions the kept documents among these have."""
    count = 0
    for i in range(starts.size - 1):
        if numbers[docs[i]] >= 0:
            first, last = bounds(starts, i)
            count += last - first
    return count


@compiled_for_bulk
def _copy(
    source: Source,
    numbers: Map,
    targets: Counts,
    cursors: Numbers,
    merged: tuple[Docs, Codes, Numbers],
) -> None:
    """Copy documents, and codes; or put the number of positions of posting i at i + 1."""
    offsets, docs, codes, starts = source
    for row in range(targets.size):
        target = targets[row]
        first, last = bounds(offsets, row)
        for i in range(first, last if target >= 0 else first):
            number = numbers[docs[i]]
            if number < 0:
                continue
            at = cursors[target]
            cursors[target] += 1
            merged[0][at] = number
            if i < codes.size:
                merged[1][at] = codes[i]
            elif i - codes.size < starts.size - 1:
                start, end = bounds(starts, i - codes.size)
                merged[2][at + 1] = end - start


@compiled_for_bulk
def _copy_places(
    source: Source,
    positions: Codes,
    numbers: Map,
    targets: Counts,
    cursors: Numbers,
    merged: tuple[Numbers, Codes],
) -> None:
    offsets, docs, codes, starts = source
    for row in range(targets.size):
        target = targets[row]
        first, last = bounds(offsets, row)
        for i in range(first, last if target >= 0 else first):
            if numbers[docs[i]] < 0:
                continue
            at = merged[0][cursors[target]]
            cursors[target] += 1
            start, end = bounds(starts, i - codes.size)
            for j in range(start, end):
                merged[1][at] = positions[j]
                at += 1
