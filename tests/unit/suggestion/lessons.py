"""Made-up judged suggestions with a rule to be found in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from kbservice.suggestion.features import COLUMN, NAMES
from kbservice.suggestion.lessons import Lesson

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CANDIDATES = 12


def a_lesson(number: int, *, rule: str = "tags", noise: float = 0.3, identity: str = "") -> Lesson:
    """Build a question whose right article has most of ``rule``, unlike its search score."""
    dice = np.random.default_rng(number)
    features = np.zeros((CANDIDATES, len(NAMES)))
    shares = np.sort(dice.uniform(0.6, 1.0, CANDIDATES))[::-1] / 1.0
    features[:, COLUMN["score_share"]] = shares / shares[0]
    features[:, COLUMN["lead"]] = shares / shares[0]
    features[:, COLUMN["standing"]] = 1.0 / np.arange(1, CANDIDATES + 1)
    features[:, COLUMN["summary_in_text"]] = dice.uniform(0.2, 0.8, CANDIDATES)
    features[:, COLUMN[rule]] = dice.uniform(0.0, 1.0, CANDIDATES)
    merit = features[:, COLUMN[rule]] + noise * dice.normal(size=CANDIDATES)
    right = np.zeros(CANDIDATES)
    right[int(np.argmax(merit))] = 1.0
    return Lesson(
        ids=tuple(f"KB-{number}-{place}" for place in range(CANDIDATES)),
        features=features,
        right=right,
        identity=identity or f"agent-{number}",
        at=NOW + timedelta(minutes=number),
    )


def noise_lesson(number: int) -> Lesson:
    """Build a question whose right article is the best found one, mostly."""
    dice = np.random.default_rng(10_000 + number)
    lesson = a_lesson(number)
    right = np.zeros(CANDIDATES)
    right[min(CANDIDATES - 1, int(dice.exponential(1.0)))] = 1.0
    return Lesson(
        ids=lesson.ids,
        features=lesson.features,
        right=right,
        identity=lesson.identity,
        at=lesson.at,
    )
