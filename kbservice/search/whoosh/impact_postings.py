"""Postings from impact files, scored by the kernels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Final

import numpy as np

from kbservice.search import recipe
from kbservice.search.matching import Slot
from kbservice.search.whoosh import codes, kernels
from kbservice.search.whoosh.directory import Directory
from kbservice.search.whoosh.part import Part
from kbservice.search.whoosh.postings import Mask, Numbers, Scores, fillings, most_frequent

_ONES: Final = np.ones_like(codes.SATURATED)
# A posting costs about 1 ns to add up; to look a document up in a posting list, 50 ns.
_LOOKUP_COST: Final = 50
# Under a quarter as many postings as documents, the touched documents are listed.
_FEW: Final = 4


class ImpactPostings:
    """The Postings of some parts; safe to share between threads."""

    def __init__(
        self, parts: Sequence[Part], live: Mask, saturated: Scores = codes.SATURATED
    ) -> None:
        """Join parts.

        Args:
            parts: In the order in which their documents are numbered.
            live: Which documents are not deleted.
            saturated: What a posting's code adds to a score, before its term's factor.
        """
        self._parts = parts
        self._live = live
        self._bases = np.cumsum([0, *(part.size for part in parts)]).tolist()
        self._directory = Directory(parts, live)
        # Zeroed arrays for those who score at the moment; as many as there were at once.
        self._scratch: list[kernels.Scores] = []
        self._saturated = saturated
        self._table = saturated.astype(np.float32)

    def frequencies(self, stream: str, terms: Sequence[str]) -> list[int]:
        """Return how many documents hold each term."""
        directory = self._with_room(len(terms))
        return directory.counts(directory.places(stream, terms))

    def holders(self, stream: str, term: str) -> Mask:
        """Return the documents that hold a term."""
        return self._marked(self._lists(stream, (term,))) & self._live

    def sequence(self, stream: str, slots: Sequence[Slot]) -> Mask:
        """Return the documents where the slots follow each other."""
        filled = [self._lists(stream, fillings(self, stream, slot)) for slot in slots]
        candidates: Mask = reduce(np.logical_and, map(self._marked, filled), self._live)
        if len(slots) == 1 or not candidates.any():
            return candidates
        # From the rarest slot on, the fewest places have to be looked at.
        rarest = min(range(len(slots)), key=lambda i: _postings(filled[i]))
        found = np.zeros(self._live.size, dtype=np.bool_)
        for number, (part, base) in enumerate(zip(self._parts, self._bases, strict=False)):
            mask = candidates[base : base + part.size]
            if mask.any():
                ranges = [np.ascontiguousarray(lists[:, number]) for lists in filled]
                found[base + _standing(part, ranges, rarest, mask)] = True
        return found

    def starting(self, stream: str, prefix: str) -> list[str]:
        """Return up to 50 terms that begin so, the most frequent first."""
        counts: Counter[str] = Counter()
        for part in self._parts:
            for term, row in part.starting(stream, prefix):
                counts[term] += int(part.offsets[row + 1] - part.offsets[row])
        return most_frequent(counts)

    def covered(self, weights: Mapping[str, float]) -> Scores:
        """Return the sum of the weights of the words that each document holds."""
        sums = np.zeros(self._live.size)
        lists = self._lists("words", list(weights))
        for weight, ranges in zip(weights.values(), lists.tolist(), strict=True):
            for part, base, (start, end) in zip(self._parts, self._bases, ranges, strict=False):
                kernels.add(part.docs, start, end, weight, sums[base : base + part.size])
        return sums

    def best(
        self, terms: Sequence[recipe.QueryTerm], mask: Mask, limit: int
    ) -> tuple[Numbers, Scores]:
        """Return masked documents, among them the ``limit`` best, with their scores above 0."""
        directory = self._with_room(len(terms))
        places = directory.places_of(terms)
        ranges, postings = directory.ranges(places), sum(directory.sizes(places))
        factors = _factors(terms)
        if postings * _FEW < mask.size:
            return self._best_of_few(ranges, factors, mask, limit)
        if np.count_nonzero(mask) * len(terms) * _LOOKUP_COST < postings:
            numbers = np.flatnonzero(mask)
        else:
            numbers = self._candidates(ranges, factors, mask, limit)
        scores = self._exact(ranges, factors, numbers)
        return numbers[scores > 0.0], scores[scores > 0.0]

    def scores(self, terms: Sequence[recipe.QueryTerm], numbers: Numbers) -> Scores:
        """Return the exact scores of documents, given in ascending order."""
        return self._exact(self._ranges(terms), _factors(terms), numbers)

    def held(self, terms: Sequence[recipe.QueryTerm], numbers: Numbers) -> Scores:
        """Return the sum of the factors of the terms that each document holds; as ``scores``."""
        return self._exact(self._ranges(terms), _factors(terms), numbers, _ONES)

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Yield the terms of the word stream with their document frequencies."""
        counts: Counter[bytes] = Counter()
        for part in self._parts:
            sizes = np.diff(part.offsets)
            for term, row in part.terms("words"):
                counts[term] += int(sizes[row])
        return ((term.decode("utf-8", "replace"), count) for term, count in counts.items())

    def _best_of_few(
        self, ranges: Numbers, factors: Scores, mask: Mask, limit: int
    ) -> tuple[Numbers, Scores]:
        found = []
        for number, (part, base) in enumerate(zip(self._parts, self._bases, strict=False)):
            lists = (part.docs, part.codes, self._saturated)
            own = mask[base : base + part.size]
            numbers, values = kernels.best_of_few(lists, ranges[number], factors, own, limit)
            found.append((numbers + base if base else numbers, values))
        if len(found) == 1:
            return found[0]
        return np.concatenate([n for n, _ in found]), np.concatenate([v for _, v in found])

    def _candidates(self, ranges: Numbers, factors: Scores, mask: Mask, limit: int) -> Numbers:
        scores = self._scratch.pop() if self._scratch else np.zeros(mask.size, np.float32)
        weights = factors.astype(np.float32)
        for number, (part, base) in enumerate(zip(self._parts, self._bases, strict=False)):
            lists = (part.docs, part.codes, self._table)
            own = scores[base : base + part.size]
            kernels.accumulate(lists, ranges[number], weights, own)
        candidates = kernels.best(scores, mask, limit)
        self._scratch.append(scores)
        return candidates

    def _exact(
        self, ranges: Numbers, factors: Scores, numbers: Numbers, table: Scores | None = None
    ) -> Scores:
        table = self._saturated if table is None else table
        found = []
        bounds = np.searchsorted(numbers, self._bases)
        for number, (part, base) in enumerate(zip(self._parts, self._bases, strict=False)):
            wanted = numbers[bounds[number] : bounds[number + 1]] - base
            if wanted.size:
                arrays = (part.docs, part.codes, table)
                found.append(kernels.exact(arrays, ranges[number], factors, wanted))
        return np.concatenate(found) if found else np.zeros(0)

    def _ranges(self, terms: Sequence[recipe.QueryTerm]) -> Numbers:
        """Return (start, end) by segment and term."""
        directory = self._with_room(len(terms))
        return directory.ranges(directory.places_of(terms))

    def _lists(self, stream: str, terms: Sequence[str]) -> Numbers:
        """Return (start, end) by term and segment."""
        directory = self._with_room(len(terms))
        return directory.ranges(directory.places(stream, terms)).transpose(1, 0, 2)

    def _with_room(self, terms: int) -> Directory:
        # Other threads may still use the old one.
        directory = self._directory
        if not directory.has_room(terms):
            directory = self._directory = Directory(self._parts, self._live)
        return directory

    def _marked(self, lists: Numbers) -> Mask:
        """Return the documents of all posting lists, deleted ones too."""
        mask = np.zeros(self._live.size, dtype=np.bool_)
        for ranges in lists.tolist():
            for part, base, (start, end) in zip(self._parts, self._bases, ranges, strict=False):
                kernels.mark(part.docs, start, end, mask[base : base + part.size])
        return mask


def _postings(lists: Numbers) -> int:
    return int((lists[..., 1] - lists[..., 0]).sum())


def _factors(terms: Sequence[recipe.QueryTerm]) -> Scores:
    return np.array([idf * weight for _, _, idf, weight in terms])


def _standing(part: Part, ranges: Sequence[Numbers], first: int, mask: Mask) -> Numbers:
    """Return the documents where a posting list of each slot follows the others' places."""
    arrays = (part.docs, part.starts, part.positions, part.ranked)
    found = [kernels.places(arrays, start, end, mask) for start, end in ranges[first].tolist()]
    docs = np.concatenate([docs for docs, _ in found])
    places = np.concatenate([places for _, places in found])
    if len(found) > 1:
        order = np.lexsort((places, docs))
        docs, places = docs[order], places[order]
    for slot, lists in enumerate(ranges):
        if slot != first:
            docs, places = kernels.follow(arrays, docs, places, lists, slot - first)
    return docs
