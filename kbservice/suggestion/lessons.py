"""Judged suggestions: what a ranker learns from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from kbservice.suggestion.features import Matrix
from kbservice.suggestion.fixed_weights import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One answered question and which of its candidates were right.

    Attributes:
        ids: Of the candidates, in the order of the rows.
        features: One row per candidate.
        right: 1 for each right candidate, 0 for the others.
        identity: Whose judgement it is.
        weight: How much it counts: less for a click on what stood on top anyway.
        relevant: How many right ones there are, found or not.
        is_comparison: Nobody said what was right, only what was worse: ``right`` has the others.
    """

    ids: tuple[str, ...]
    features: Matrix
    right: Scores
    identity: str = ""
    weight: float = 1.0
    at: datetime | None = None
    relevant: int = 0
    is_comparison: bool = False

    @property
    def is_telling(self) -> bool:
        """Whether the order of the candidates matters at all."""
        return bool(0 < self.right.sum() < len(self.right))

    @property
    def judged_ids(self) -> frozenset[str]:
        """The ids of what somebody spoke of: the right candidates, or what was worse."""
        if self.is_comparison:
            return frozenset(self.ids) - self.right_ids
        return self.right_ids

    @property
    def right_ids(self) -> frozenset[str]:
        """The ids of the right candidates."""
        return frozenset(key for key, right in zip(self.ids, self.right, strict=True) if right)


@dataclass(frozen=True, slots=True)
class Stack:
    """Telling lessons, one under the other.

    Attributes:
        features: Rows of all lessons.
        share: What each candidate's share of its query should be, times the lesson's weight.
        weights: Each row's lesson's weight.
        queries: Number of each row's lesson.
    """

    features: Matrix
    standard: Matrix
    base: Scores
    share: Scores
    weights: Scores
    queries: NDArray[np.intp] = field(repr=False)

    @property
    def count(self) -> int:
        """How many lessons there are."""
        return int(self.queries[-1]) + 1


def data_hash(lessons: Sequence[Lesson]) -> str:
    """Return a digest of all that is learned from."""
    digest = hashlib.sha256()
    for lesson in lessons:
        digest.update(repr((lesson.ids, lesson.identity, lesson.weight)).encode())
        digest.update(np.round(lesson.features, 4).tobytes())
        digest.update(lesson.right.tobytes())
    return digest.hexdigest()
