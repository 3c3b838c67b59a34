"""Where the posting lists of terms are, remembered term by term."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from threading import Lock
from typing import Final

import numpy as np

from kbservice.search.whoosh import kernels
from kbservice.search.whoosh.keys import STREAMS, keys_of
from kbservice.search.whoosh.part import Numbers, Part
from kbservice.search.whoosh.postings import Mask

_CAPACITY: Final = 60_000


class Directory:
    """The posting lists of the terms that were asked for, in every segment.

    Entries are numbered and stay; a full directory is thrown away by its owner.
    """

    def __init__(self, parts: Sequence[Part], live: Mask, capacity: int = _CAPACITY) -> None:
        """Start empty.

        Args:
            parts: In the order in which their documents are numbered.
            live: Which documents are not deleted.
            capacity: How many terms fit.
        """
        self._parts = parts
        bases = np.cumsum([0, *(part.size for part in parts)]).tolist()
        masks = [live[a:b] for a, b in pairwise(bases)]
        self._live = [None if mask.all() else mask for mask in masks]
        self._rows = [{stream: part.rows(stream) for stream in STREAMS} for part in parts]
        self._places: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._ranges = np.zeros((capacity, len(parts), 2), dtype=np.int64)
        self._counts = np.zeros(capacity, dtype=np.int64)
        self._used = 0
        self._lock = Lock()

    def has_room(self, terms: int) -> bool:
        """Tell whether that many more terms surely fit."""
        return self._used + terms <= self._counts.size

    def places(self, stream: str, terms: Sequence[str]) -> list[int]:
        """Return the number of each term's entry."""
        known = self._places[stream]
        try:
            return [known[term] for term in terms]
        except KeyError:
            with self._lock:
                self._enter(stream, [term for term in dict.fromkeys(terms) if term not in known])
            return [known[term] for term in terms]

    def ranges(self, places: Sequence[int]) -> Numbers:
        """Return (start, end) of the posting lists by entry and segment."""
        return self._ranges[places]

    def counts(self, places: Sequence[int]) -> list[int]:
        """Return how many documents hold each entry's term; deleted ones do not count."""
        counts: list[int] = self._counts[places].tolist()
        return counts

    def _enter(self, stream: str, terms: Sequence[str]) -> None:
        keys = keys_of(stream, terms)
        own = slice(self._used, self._used + keys.size)
        for number, (part, live) in enumerate(zip(self._parts, self._live, strict=True)):
            held = part.find(keys, self._rows[number][stream])
            self._ranges[own, number] = held
            self._counts[own] += held[:, 1] - held[:, 0]
            if live is not None:
                self._counts[own] -= kernels.count_unmarked(part.docs, held, live)
        self._places[stream].update(zip(terms, range(own.start, own.stop), strict=True))
        self._used = own.stop
