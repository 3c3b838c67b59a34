"""The planner's set operations on one snapshot, as masks."""

from __future__ import annotations

import numpy as np

from kbservice.search.documents import Filters
from kbservice.search.matching import Slot
from kbservice.search.whoosh.postings import Mask
from kbservice.search.whoosh.snapshot import Snapshot


class MaskView:
    """The documents of a snapshot that pass the filters."""

    def __init__(self, snapshot: Snapshot, filters: Filters) -> None:
        self._postings = snapshot.postings
        self._snapshot = snapshot
        self._allowed = snapshot.allowed(filters)

    def everything(self) -> Mask:
        """Return all of them."""
        return self._allowed

    def nothing(self) -> Mask:
        """Return the empty set."""
        return np.zeros(self._allowed.size, dtype=np.bool_)

    def having(self, stream: str, term: str) -> Mask:
        """Return the documents that hold a term of a stream."""
        return self._postings.holders(stream, term) & self._allowed

    def sequence(self, slots: tuple[Slot, ...], field: str) -> Mask:
        """Return where the slots follow each other: in the title, the text, or in either."""
        streams = {"title": ("title_sequence",), "text": ("sequence",)}.get(
            field, ("title_sequence", "sequence")
        )
        found = self.nothing()
        for stream in streams:
            found |= self._postings.sequence(stream, slots)
        return found & self._allowed

    def starting(self, prefix: str) -> Mask:
        """Return the documents with a term of the word stream that begins so."""
        found = self.nothing()
        for term in self._postings.starting("words", prefix):
            found |= self._postings.holders("words", term)
        return found & self._allowed

    def named(self, name: str) -> Mask:
        """Return the documents whose folded id it is."""
        found = self.nothing()
        found[self._snapshot.named(name)] = True
        return found & self._allowed

    def both(self, left: Mask, right: Mask) -> Mask:
        """Return the intersection."""
        return left & right

    def either(self, left: Mask, right: Mask) -> Mask:
        """Return the union."""
        return left | right

    def without(self, left: Mask, right: Mask) -> Mask:
        """Return the difference."""
        return left & ~right

    def size(self, docs: Mask) -> int:
        """Return how many there are."""
        return int(np.count_nonzero(docs))

    def frequency(self, stream: str, term: str) -> int:
        """Return how many documents of the whole index hold a term."""
        return self._postings.frequencies(stream, (term,))[0]

    def total(self) -> int:
        """Return how many documents the whole index holds."""
        return self._snapshot.total

    def covering(self, idfs: dict[str, float], least: float) -> Mask:
        """Return the documents whose words' idf adds up to at least ``least``."""
        # A sum of the same parts in another order may differ in the last digit.
        return (self._postings.covered(idfs) >= least - 1e-9) & self._allowed
