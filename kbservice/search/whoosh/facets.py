"""The filter fields of one commit as columns: counting values over any set of documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kbservice.search import filtering
from kbservice.search.whoosh import kernels
from kbservice.search.whoosh.merging import renaming
from kbservice.search.whoosh.part import Docs, Numbers, Part, offsets_of


class Column:
    """One field's values over all segments."""

    def __init__(self, parts: Sequence[Part], field: str) -> None:
        numbers: dict[str, int] = {}
        held = [renaming(part.values[field], numbers)[part.columns[field][1]] for part in parts]
        sizes = [np.diff(part.columns[field][0]) for part in parts]
        self._names = list(numbers)
        self._ranks = np.argsort(np.argsort(np.array(self._names, dtype=np.str_)))
        self._values: Docs = np.concatenate([np.zeros(0, dtype=np.uint32), *held])
        self._starts = offsets_of(np.concatenate([np.zeros(0, dtype=np.int64), *sizes]))

    def counts(self, numbers: Numbers) -> tuple[tuple[str, int], ...]:
        """Count the values of some documents, most frequent first, and then by name."""
        counts = np.zeros(len(self._names), dtype=np.int64)
        kernels.tally(numbers, self._starts, self._values, counts)
        found = np.flatnonzero(counts)
        order = np.lexsort((self._ranks[found], -counts[found]))
        first = found[order[: filtering.MOST_VALUES]]
        return tuple(
            (self._names[i], count) for i, count in zip(first, counts[first].tolist(), strict=True)
        )
