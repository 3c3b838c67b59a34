"""The postings of one opened commit as arrays over all its segments."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kbservice.search.matching import Slot

Numbers = NDArray[np.int64]
Weights = NDArray[np.float64]
Mask = NDArray[np.bool_]

_CACHED_TERMS = 20_000
_MAX_EXPANSIONS = 50
_NO_NUMBERS: Numbers = np.zeros(0, dtype=np.int64)
_NO_WEIGHTS: Weights = np.zeros(0, dtype=np.float64)


class PostingArrays:
    """Reads postings once, then hands out arrays; safe to share between threads.

    Document numbers run over all segments; deleted documents never occur.
    """

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.size: int = reader.doc_count_all()
        self._cache: OrderedDict[tuple[str, str], tuple[Numbers, Weights]] = OrderedDict()
        # Whoosh's files keep one read position each: one thread at a time.
        self.lock = Lock()

    def read(self, field: str, term: str) -> tuple[Numbers, Weights]:
        """Return the documents that hold a term, and its weight in each."""
        key = (field, term)
        with self.lock:
            found = self._cache.get(key)
            if found is None:
                found = self._load(field, term)
                self._cache[key] = found
                if len(self._cache) > _CACHED_TERMS:
                    self._cache.popitem(last=False)
            else:
                self._cache.move_to_end(key)
        return found

    def frequency(self, field: str, term: str) -> int:
        """Return how many documents hold a term."""
        return int(self.read(field, term)[0].size)

    def mask(self, field: str, term: str) -> Mask:
        """Return the documents that hold a term, as a mask."""
        return self.marked(self.read(field, term)[0])

    def marked(self, numbers: Numbers) -> Mask:
        """Return a mask of the given documents."""
        mask = np.zeros(self.size, dtype=np.bool_)
        mask[numbers] = True
        return mask

    def sequence(self, field: str, slots: Sequence[Slot]) -> Mask:
        """Return the documents where the slots follow each other."""
        terms = [self._filling(field, slot) for slot in slots]
        candidates = np.ones(self.size, dtype=np.bool_)
        for filling in terms:
            here = np.zeros(self.size, dtype=np.bool_)
            for term in filling:
                here |= self.mask(field, term)
            candidates &= here
        if len(slots) == 1 or not candidates.any():
            return candidates
        starts: set[tuple[int, int]] = set()
        for offset, filling in enumerate(terms):
            begins = {
                (number, place - offset)
                for term in filling
                for number, places in self._positions(field, term, candidates).items()
                for place in places
            }
            starts = starts & begins if offset else begins
        return self.marked(np.array(sorted({number for number, _ in starts}), dtype=np.int64))

    def terms_with(self, field: str, prefix: str) -> list[str]:
        """Return up to 50 terms that begin so, the most frequent first."""
        with self.lock:
            found = [term.decode() for term in self.reader.expand_prefix(field, prefix.encode())]
        found.sort(key=lambda term: -self.frequency(field, term))
        return found[:_MAX_EXPANSIONS]

    def values(self, field: str) -> list[str]:
        """Return every term of a filter field."""
        with self.lock:
            return [term.decode() for term in self.reader.lexicon(field)]

    def column(self, field: str) -> Numbers:
        """Return a number for each document."""
        with self.lock:
            column = self.reader.column_reader(field)
            return np.array([column[i] for i in range(self.size)], dtype=np.int64)

    def stored(self, number: int) -> dict[str, Any]:
        """Return the stored fields of a document."""
        with self.lock:
            return dict(self.reader.stored_fields(number))

    def _filling(self, field: str, slot: Slot) -> list[str]:
        """Return the terms that fill a slot."""
        if slot.kind == "exact":
            return [slot.text]
        found = [term for term in self.terms_with(field, slot.root) if slot.accepts(term)]
        return found if slot.text in found else [*found, slot.text]

    def _positions(self, field: str, term: str, candidates: Mask) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        with self.lock:
            if (field, term) not in self.reader:
                return found
            matcher = self.reader.postings(field, term)
            while matcher.is_active():
                number = matcher.id()
                if candidates[number]:
                    found[number] = matcher.value_as("positions")
                matcher.next()
        return found

    def _load(self, field: str, term: str) -> tuple[Numbers, Weights]:
        if (field, term) not in self.reader:
            return _NO_NUMBERS, _NO_WEIGHTS
        matcher = self.reader.postings(field, term)
        numbers: list[int] = []
        weights: list[float] = []
        while matcher.is_active():
            numbers.append(matcher.id())
            weights.append(matcher.weight())
            matcher.next()
        return np.array(numbers, dtype=np.int64), np.array(weights, dtype=np.float64)
