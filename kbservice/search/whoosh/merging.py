"""Several parts made one: deleted documents left out, nothing analyzed again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kbservice.search import recipe
from kbservice.search.whoosh.compiled import compiled_for_bulk
from kbservice.search.whoosh.keys import (
    SEQUENCES,
    STREAMS,
    Keys,
    distinct,
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
    Part,
    PartFile,
    offsets_of,
)

Mask = NDArray[np.bool_]
Map = NDArray[np.int64]
Counts = NDArray[np.int32]
Sequenced = tuple[Numbers, Docs, Numbers, int]

GONE: Final = -1


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
    """Write the merged impact file; what is in memory at a time is one stream of it."""
    aside = path.with_suffix(".rows")
    tables = {stream: _Table(stream, parts, maps, aside) for stream in STREAMS}
    keys = np.concatenate([table.keys for table in tables.values()])
    counts = np.concatenate([table.counts for table in tables.values()])
    offsets = offsets_of(counts)
    del counts
    first_rows = np.cumsum([0, *(table.keys.size for table in tables.values())])
    rows = dict(zip(tables, first_rows.tolist(), strict=False))
    small = _per_document(parts, maps) | _lexicon(parts, keys)
    values, columns = _columns(parts, maps)
    small |= {"keys": keys, "offsets": offsets} | columns
    ranked = int(offsets[rows[SEQUENCES[0]]])
    sequenced = int(offsets[rows["id"]]) - ranked
    places = sum(tables[stream].places(parts) for stream in SEQUENCES)
    shapes: dict[str, tuple[np.dtype[Any], int]] = {
        "docs": (np.dtype(np.uint32), int(offsets[-1])),
        "codes": (np.dtype(np.uint16), ranked),
        "starts": (np.dtype(np.int64), sequenced + 1),
        "positions": (np.dtype(np.uint16), places),
    }
    shapes |= {name: (array.dtype, array.size) for name, array in small.items()}
    file = PartFile(path, shapes, values)
    for name, array in small.items():
        file.write(name, array)
    written = 0
    for stream, table in tables.items():
        first = int(offsets[rows[stream]])
        if stream in SEQUENCES:
            docs, starts, positions = table.sequences(parts)
            file.write("starts", starts[:-1] + written, first - ranked)
            file.write("positions", positions, written)
            written += positions.size
        else:
            docs, codes = table.postings(parts)
            if stream in recipe.STREAMS:
                file.write("codes", codes, first)
        file.write("docs", docs, first)
    file.write("starts", np.array([written], dtype=np.int64), sequenced)
    file.close()


class _Table:
    """The rows of one stream, of all parts."""

    def __init__(
        self, stream: str, parts: Sequence[Part], maps: Sequence[Map], aside: Path
    ) -> None:
        self._maps = maps
        self._bounds = [part.rows(stream) for part in parts]
        pairs = list(zip(parts, self._bounds, strict=True))
        held = [
            _count_kept(part.offsets[first : last + 1], part.docs, numbers)
            for (part, (first, last)), numbers in zip(pairs, maps, strict=True)
        ]
        everything = np.concatenate([part.keys[first:last] for part, (first, last) in pairs])
        counts = np.concatenate(held)
        del held
        is_kept = counts > 0
        keys, targets, _ = distinct(everything if is_kept.all() else everything[is_kept])
        summed = np.zeros(keys.size, dtype=np.int32)
        _sum(targets, counts, summed)
        # A row without a kept document goes nowhere.
        rows = np.full(everything.size, GONE, dtype=np.int32)
        rows[is_kept] = targets
        self.keys = _spilled(keys, aside)
        self.counts: Counts = _spilled(summed, aside)
        self._targets: Counts = _spilled(rows, aside)

    def places(self, parts: Sequence[Part]) -> int:
        """Return how many positions there will be."""
        return sum(
            _count_places(_sequence_arrays(part, bounds), numbers)
            for part, bounds, numbers in zip(parts, self._bounds, self._maps, strict=True)
        )

    def postings(self, parts: Sequence[Part]) -> tuple[Docs, Codes]:
        """Return documents and codes, by row."""
        offsets = offsets_of(self.counts)
        docs = np.empty(offsets[-1], dtype=np.uint32)
        codes = np.empty(offsets[-1], dtype=np.uint16)
        cursors = offsets[:-1].copy()
        for part, (first, last), numbers, targets in self._each(parts):
            source = (part.offsets[first : last + 1], part.docs, part.codes)
            _copy(source, numbers, targets, cursors, (docs, codes))
        return docs, codes

    def sequences(self, parts: Sequence[Part]) -> tuple[Docs, Numbers, Codes]:
        """Return documents, starts of positions (from 0) and positions, by row."""
        offsets = offsets_of(self.counts)
        docs = np.empty(offsets[-1], dtype=np.uint32)
        starts = np.zeros(offsets[-1] + 1, dtype=np.int64)
        cursors = offsets[:-1].copy()
        for part, bounds, numbers, targets in self._each(parts):
            source = _sequence_arrays(part, bounds)
            _copy_sizes(source, numbers, targets, cursors, (docs, starts))
        np.cumsum(starts, out=starts)
        positions = np.empty(starts[-1], dtype=np.uint16)
        cursors = offsets[:-1].copy()
        for part, bounds, numbers, targets in self._each(parts):
            source = _sequence_arrays(part, bounds)
            _copy_places(source, part.positions, numbers, targets, cursors, (starts, positions))
        return docs, starts, positions

    def _each(self, parts: Sequence[Part]) -> list[tuple[Part, tuple[int, int], Map, Counts]]:
        ends = np.cumsum([last - first for first, last in self._bounds])
        targets = np.split(self._targets, ends[:-1])
        return list(zip(parts, self._bounds, self._maps, targets, strict=True))


def _spilled(array: NDArray[Any], aside: Path) -> NDArray[Any]:
    """Return the same from a file that is gone when nobody holds it: memory that can give way."""
    if not array.size:
        return array
    array.tofile(aside)
    # Writable, though nobody writes: read-only arrays would be another type to the kernels.
    mapped = np.asarray(np.memmap(aside, dtype=array.dtype, mode="r+"))
    aside.unlink()
    return mapped


def _sequence_arrays(part: Part, bounds: tuple[int, int]) -> Sequenced:
    return part.offsets[bounds[0] : bounds[1] + 1], part.docs, part.starts, part.ranked


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
def _count_kept(offsets: Numbers, docs: Docs, numbers: Map) -> Counts:
    """Return how many kept documents each row has."""
    counts = np.zeros(offsets.size - 1, dtype=np.int32)
    for row in range(counts.size):
        for i in range(offsets[row], offsets[row + 1]):
            counts[row] += numbers[docs[i]] >= 0
    return counts


@compiled_for_bulk
def _count_places(source: Sequenced, numbers: Map) -> int:
    offsets, docs, starts, ranked = source
    count = 0
    for i in range(offsets[0], offsets[-1]):
        if numbers[docs[i]] >= 0:
            count += starts[i - ranked + 1] - starts[i - ranked]
    return count


@compiled_for_bulk
def _copy(
    source: tuple[Numbers, Docs, Codes],
    numbers: Map,
    targets: Counts,
    cursors: Numbers,
    merged: tuple[Docs, Codes],
) -> None:
    offsets, docs, codes = source
    for row in range(targets.size):
        target = targets[row]
        for i in range(offsets[row], offsets[row + 1] if target >= 0 else offsets[row]):
            number = numbers[docs[i]]
            if number >= 0:
                at = cursors[target]
                merged[0][at] = number
                if i < codes.size:
                    merged[1][at] = codes[i]
                cursors[target] += 1


@compiled_for_bulk
def _copy_sizes(
    source: Sequenced,
    numbers: Map,
    targets: Counts,
    cursors: Numbers,
    merged: tuple[Docs, Numbers],
) -> None:
    """Copy documents; put the number of positions of posting i at i + 1."""
    offsets, docs, starts, ranked = source
    for row in range(targets.size):
        target = targets[row]
        for i in range(offsets[row], offsets[row + 1] if target >= 0 else offsets[row]):
            number = numbers[docs[i]]
            if number >= 0:
                at = cursors[target]
                merged[0][at] = number
                merged[1][at + 1] = starts[i - ranked + 1] - starts[i - ranked]
                cursors[target] += 1


@compiled_for_bulk
def _copy_places(
    source: Sequenced,
    positions: Codes,
    numbers: Map,
    targets: Counts,
    cursors: Numbers,
    merged: tuple[Numbers, Codes],
) -> None:
    offsets, docs, starts, ranked = source
    for row in range(targets.size):
        target = targets[row]
        for i in range(offsets[row], offsets[row + 1] if target >= 0 else offsets[row]):
            if numbers[docs[i]] >= 0:
                at = merged[0][cursors[target]]
                for j in range(starts[i - ranked], starts[i - ranked + 1]):
                    merged[1][at] = positions[j]
                    at += 1
                cursors[target] += 1
