"""Confidence that keeps its word: the fixed weights' log-odds, fitted to what people said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from kbservice.suggestion import fixed_weights
from kbservice.suggestion.lessons import Lesson
from kbservice.suggestion.ranker import Certainty

LEAST_LESSONS: Final = 50
_SHOWN: Final = 5
# As many answers as hold the formula where it is.
_HELD: Final = 10.0
_STEPS: Final = 30
_SCALES: Final = (0.2, 3.0)


def fit_certainty(lessons: Sequence[Lesson]) -> Certainty:
    """Return how the log-odds of what would be shown read as probabilities (Platt 1999).

    The scale stays positive: what was surer stays surer.
    """
    if len(lessons) < LEAST_LESSONS:
        return Certainty()
    odds, right = _shown(lessons)
    shift, scale = 0.0, 1.0
    for _ in range(_STEPS):
        sure = 1.0 / (1.0 + np.exp(-np.clip(shift + scale * odds, -30, 30)))
        curve = sure * (1.0 - sure)
        slope = np.array(
            [
                (sure - right).sum() + _HELD * shift,
                ((sure - right) * odds).sum() + _HELD * (scale - 1.0),
            ]
        )
        mixed = float((curve * odds).sum())
        bend = np.array(
            [[curve.sum() + _HELD, mixed], [mixed, float((curve * odds * odds).sum()) + _HELD]]
        )
        step = np.linalg.solve(bend, slope)
        shift, scale = shift - float(step[0]), float(np.clip(scale - step[1], *_SCALES))
    return Certainty(shift=round(shift, 6), scale=round(scale, 6))


def _shown(lessons: Sequence[Lesson]) -> tuple[fixed_weights.Scores, fixed_weights.Scores]:
    odds, right = [], []
    for lesson in lessons:
        order = np.argsort(-fixed_weights.order_scores(lesson.features), kind="stable")[:_SHOWN]
        odds.append(fixed_weights.log_odds(lesson.features)[order])
        right.append(lesson.right[order])
    return np.concatenate(odds), np.concatenate(right)
