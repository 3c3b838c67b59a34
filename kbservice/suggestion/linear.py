"""The linear half of a learned ranker: few weights, held near the fixed order."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from kbservice.suggestion.features import DIRECTIONS
from kbservice.suggestion.fixed_weights import Scores
from kbservice.suggestion.lessons import Stack
from kbservice.suggestion.scaling import softmax

# What the fixed order weighs before anything is learned, and how firmly each weight is held
# where it starts. Neither was searched for; cross-validation bounds what a bad choice costs.
ANCHOR: Final = 1.5
_HELD: Final = 5.0
_STEPS: Final = 200
_ENOUGH: Final = 1e-4


def fit_linear(stack: Stack) -> Scores:
    """Return the weights of the fixed order and of each feature, all standardised per query.

    The probability that a right candidate comes first is raised (Plackett-Luce, first place
    only): unlike counting misordered pairs, this looks at the top. A feature that can only
    help gets no negative weight, however few lessons say so. Solved by accelerated projected
    gradient (Beck & Teboulle 2009).
    """
    rows = np.column_stack([stack.base, stack.standard])
    anchor = np.zeros(rows.shape[1])
    anchor[0] = ANCHOR
    directions = np.array((1, *DIRECTIONS))
    least = np.where(directions > 0, 0.0, -np.inf)
    most = np.where(directions < 0, 0.0, np.inf)
    pace = 1.0 / (
        0.5 * float((stack.weights * (rows**2).sum(axis=1)).sum()) / _usual(stack) + _HELD
    )
    weights = ahead = anchor
    momentum = 1.0
    for _ in range(_STEPS):
        wrong = stack.weights * softmax(rows @ ahead, stack.queries) - stack.share
        slope = rows.T @ wrong + _HELD * (ahead - anchor)
        moved = np.clip(ahead - pace * slope, least, most)
        following = (1.0 + math.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
        ahead = moved + (momentum - 1.0) / following * (moved - weights)
        step = float(np.abs(moved - weights).max())
        weights, momentum = moved, following
        if step < _ENOUGH * pace:
            break
    result: Scores = weights
    return result


def _usual(stack: Stack) -> float:
    """Return how many candidates a query has."""
    return max(1.0, len(stack.queries) / stack.count)
