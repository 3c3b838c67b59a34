"""The postings of one commit, over all its segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kbservice.search import recipe
from kbservice.search.matching import Slot

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Postings(Protocol):
    """Which documents hold what, and how well they answer; documents are numbered throughout.

    Deleted documents never occur.
    """

    def frequencies(self, stream: str, terms: Sequence[str]) -> Sequence[int]:
        """Return how many documents hold each term."""

    def holders(self, stream: str, term: str) -> Mask:
        """Return the documents that hold a term."""

    def sequence(self, stream: str, slots: Sequence[Slot]) -> Mask:
        """Return the documents where the slots follow each other."""

    def starting(self, stream: str, prefix: str) -> list[str]:
        """Return up to 50 terms that begin so, the most frequent first."""

    def covered(self, weights: Mapping[str, float]) -> Scores:
        """Return the sum of the weights of the words that each document holds."""

    def best(
        self, terms: Sequence[recipe.QueryTerm], mask: Mask, limit: int
    ) -> tuple[Numbers, Scores]:
        """Return masked documents, among them the ``limit`` best, with their scores above 0.

        They come in no order, and ties at the border are complete.
        """

    def scores(self, terms: Sequence[recipe.QueryTerm], numbers: Numbers) -> Scores:
        """Return the exact scores of documents, given in ascending order."""

    def held(self, terms: Sequence[recipe.QueryTerm], numbers: Numbers) -> Scores:
        """Return the sum of the factors of the terms that each document holds; as ``scores``."""

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Yield the terms of the word stream with their document frequencies."""


MAX_EXPANSIONS = 50


def most_frequent(frequencies: Mapping[str, int]) -> list[str]:
    """Return the terms to expand a prefix by."""
    return sorted(frequencies, key=lambda term: (-frequencies[term], term))[:MAX_EXPANSIONS]


def fillings(postings: Postings, stream: str, slot: Slot) -> list[str]:
    """Return the terms that fill a slot."""
    if slot.kind == "exact":
        return [slot.text]
    found = [term for term in postings.starting(stream, slot.root) if slot.accepts(term)]
    return found if slot.text in found else [*found, slot.text]
