"""Postings as Whoosh itself gives them: what answers when an impact file or numba is missing.

Words are ranked by the same formula, from the weights in Whoosh's postings; characters and
pairs of them are looked up in the reading order and do not rank.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, Final

import numpy as np

from kbservice.search import recipe
from kbservice.search.matching import Slot
from kbservice.search.whoosh.part import LEXICONS
from kbservice.search.whoosh.postings import Mask, Numbers, Scores, fillings, most_frequent
from kbservice.text.tokens import sequence_terms

_REMEMBERED: Final = 20_000
_RANKING: Final = "words"


class StockPostings:
    """The Postings of one Whoosh reader; safe to share between threads."""

    def __init__(self, reader: Any, live: Mask) -> None:
        self._reader = reader
        self._live = live
        self._size = live.size
        self._cache: OrderedDict[tuple[str, str], tuple[Numbers, Scores]] = OrderedDict()
        # Whoosh's files keep one read position each: one thread at a time.
        self._lock = Lock()
        self.close = weakref.finalize(self, reader.close)

    def frequencies(self, stream: str, terms: Sequence[str]) -> list[int]:
        """Return how many documents hold each term."""
        return [int(np.count_nonzero(self.holders(stream, term))) for term in terms]

    def holders(self, stream: str, term: str) -> Mask:
        """Return the documents that hold a term."""
        if stream in {"bigrams", "chars"}:
            slots = [Slot(unit) for unit in sequence_terms(term)]
            return self.sequence("sequence", slots) | self.sequence("title_sequence", slots)
        return self._marked(self._read(stream, term)[0])

    def sequence(self, stream: str, slots: Sequence[Slot]) -> Mask:
        """Return the documents where the slots follow each other."""
        terms = [fillings(self, stream, slot) for slot in slots]
        candidates = self._live.copy()
        for filling in terms:
            here = np.zeros(self._size, dtype=np.bool_)
            for term in filling:
                here |= self._marked(self._read(stream, term)[0])
            candidates &= here
        if len(slots) == 1 or not candidates.any():
            return candidates
        starts: set[tuple[int, int]] = set()
        for offset, filling in enumerate(terms):
            begins = {
                (number, place - offset)
                for term in filling
                for number, places in self._places(stream, term, candidates)
                for place in places
            }
            starts = starts & begins if offset else begins
        return self._marked(np.array(sorted({number for number, _ in starts}), dtype=np.int64))

    def starting(self, stream: str, prefix: str) -> list[str]:
        """Return up to 50 terms that begin so, the most frequent first."""
        with self._lock:
            found = [t.decode() for t in self._reader.expand_prefix(stream, prefix.encode())]
            return most_frequent({t: self._reader.doc_frequency(stream, t) for t in found})

    def covered(self, weights: Mapping[str, float]) -> Scores:
        """Return the sum of the weights of the words that each document holds."""
        sums = np.zeros(self._size)
        for word, weight in weights.items():
            sums[self._read("words", word)[0]] += weight
        return sums

    def best(
        self, terms: Sequence[recipe.QueryTerm], mask: Mask, limit: int
    ) -> tuple[Numbers, Scores]:
        """Return masked documents, among them the ``limit`` best, with their scores above 0."""
        scores = self._added(terms)
        numbers: Numbers = np.flatnonzero(mask & (scores > 0.0))
        if numbers.size > limit:
            border = np.partition(scores[numbers], numbers.size - limit)[numbers.size - limit]
            numbers = numbers[scores[numbers] >= border]
        return numbers, scores[numbers]

    def scores(self, terms: Sequence[recipe.QueryTerm], numbers: Numbers) -> Scores:
        """Return the exact scores of documents, given in ascending order."""
        return self._added(terms)[numbers]

    def held(self, terms: Sequence[recipe.QueryTerm], numbers: Numbers) -> Scores:
        """Return the sum of the factors of the terms that each document holds; as ``scores``."""
        words = {term.term: term.factor for term in terms if term.stream == _RANKING}
        return self.covered(words)[numbers]

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Yield the terms of the word stream with their document frequencies."""
        with self._lock:
            for term in self._reader.lexicon("words"):
                yield term.decode(), int(self._reader.doc_frequency("words", term))

    def _added(self, terms: Sequence[recipe.QueryTerm]) -> Scores:
        scores = np.zeros(self._size)
        for item in terms:
            if item.stream == _RANKING:
                numbers, weights = self._read(item.stream, item.term)
                scores[numbers] += item.factor * weights * (recipe.K1 + 1.0) / (recipe.K1 + weights)
        return scores

    def _marked(self, numbers: Numbers) -> Mask:
        mask = np.zeros(self._size, dtype=np.bool_)
        mask[numbers] = True
        return mask

    def _read(self, stream: str, term: str) -> tuple[Numbers, Scores]:
        key = (stream, term)
        with self._lock:
            found = self._cache.get(key)
            if found is None:
                found = self._cache[key] = self._load(stream, term)
                if len(self._cache) > _REMEMBERED:
                    self._cache.popitem(last=False)
        return found

    def _load(self, stream: str, term: str) -> tuple[Numbers, Scores]:
        numbers: list[int] = []
        weights: list[float] = []
        if stream in (*LEXICONS, "id") and (stream, term) in self._reader:
            matcher = self._reader.postings(stream, term)
            while matcher.is_active():
                numbers.append(matcher.id())
                weights.append(matcher.weight())
                matcher.next()
        return np.array(numbers, dtype=np.int64), np.array(weights, dtype=np.float64)

    def _places(
        self, stream: str, term: str, candidates: Mask
    ) -> Iterator[tuple[int, Sequence[int]]]:
        with self._lock:
            if (stream, term) not in self._reader:
                return
            matcher = self._reader.postings(stream, term)
            while matcher.is_active():
                if candidates[matcher.id()]:
                    yield matcher.id(), matcher.value_as("positions")
                matcher.next()
