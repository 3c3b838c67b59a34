"""Where the posting lists of terms are, remembered term by term."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from threading import Lock
from typing import Final

import numpy as np

from kbservice.search.recipe import QueryTerm
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
        # By segment first: what a kernel fills in and reads is without gaps.
        self._ranges = np.zeros((len(parts), capacity, 2), dtype=np.int64)
        self._capacity = capacity
        self._sizes: list[int] = []
        self._counts: list[int] = []
        self._lock = Lock()

    def has_room(self, terms: int) -> bool:
        """Tell whether that many more terms surely fit."""
        return len(self._sizes) + terms <= self._capacity

    def places(self, stream: str, terms: Sequence[str]) -> list[int]:
        """Return the number of each term's entry."""
        known = self._places[stream]
        try:
            return [known[term] for term in terms]
        except KeyError:
            with self._lock:
                self._enter(stream, [term for term in dict.fromkeys(terms) if term not in known])
            return [known[term] for term in terms]

    def places_of(self, terms: Sequence[QueryTerm]) -> list[int]:
        """Return the number of the entry of each term of a query."""
        try:
            return [self._places[stream][term] for stream, term, _, _ in terms]
        except KeyError:
            for stream, group in groupby(terms, itemgetter(0)):
                self.places(stream, [term for _, term, _, _ in group])
            return [self._places[stream][term] for stream, term, _, _ in terms]

    def ranges(self, places: Sequence[int]) -> Numbers:
        """Return (start, end) of the posting lists by segment and entry."""
        return self._ranges.take(places, axis=1)

    def sizes(self, places: Sequence[int]) -> list[int]:
        """Return how many postings each entry's term has; deleted documents count."""
        return [self._sizes[place] for place in places]

    def counts(self, places: Sequence[int]) -> list[int]:
        """Return how many documents hold each entry's term; deleted ones do not count."""
        return [self._counts[place] for place in places]

    def _enter(self, stream: str, terms: Sequence[str]) -> None:
        keys = keys_of(stream, terms)
        own = slice(len(self._sizes), len(self._sizes) + keys.size)
        sizes = np.zeros(keys.size, dtype=np.int64)
        dead: Numbers | None = None
        for number, (part, live) in enumerate(zip(self._parts, self._live, strict=True)):
            held = self._ranges[number, own]
            part.find(keys, self._rows[number][stream], held, sizes)
            if live is not None:
                gone = kernels.count_unmarked(part.docs, held, live)
                dead = gone if dead is None else dead + gone
        found = sizes.tolist()
        self._sizes += found
        self._counts += found if dead is None else (sizes - dead).tolist()
        self._places[stream].update(zip(terms, range(own.start, own.stop), strict=True))
