"""Numbers of one query's candidates on one scale, whatever the query."""

from __future__ import annotations

import numpy as np

from kbservice.suggestion.features import Matrix
from kbservice.suggestion.fixed_weights import Scores

_SPREAD_LEAST = 1e-9


def standardised(values: Matrix) -> Matrix:
    """Return each column with mean 0 and deviation 1; a column without differences is 0."""
    centred = values - values.mean(axis=0)
    deviation = centred.std(axis=0)
    spread: Matrix = centred / np.where(deviation > _SPREAD_LEAST, deviation, np.inf)
    return spread


def softmax(scores: Scores, queries: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Scores:
    """Return each candidate's share of its query; ``queries`` numbers them from 0."""
    count = int(queries[-1]) + 1
    best = np.full(count, -np.inf)
    np.maximum.at(best, queries, scores)
    raised = np.exp(scores - best[queries])
    shares: Scores = raised / np.bincount(queries, raised, count)[queries]
    return shares
