"""Whether a new ranker may replace the one in use, judged on lessons neither has seen.

What people clicked stood somewhere: the first place is clicked for being first. A judgement
made by clicking counts the more, the lower the right article stood (inverse propensity,
Joachims, Swaminathan & Schnabel 2017); a solved ticket counts the same wherever it stood.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from kbservice.suggestion.learning import ndcg
from kbservice.suggestion.lessons import Lesson
from kbservice.suggestion.ranker import Ranker

HOLDOUT_SHARE: Final = 0.2
# How fast attention falls with the place, until near ties were shown in both orders.
_FALL: Final = 0.5
_MOST_WEIGHT: Final = 3.0
_MARGIN: Final = 0.01
_SURE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a challenger did against the champion.

    Attributes:
        reason: Why it must not serve; empty if it may.
    """

    champion_ndcg: float
    challenger_ndcg: float
    lessons: int
    reason: str


def click_weight(place: int, fall: float = _FALL) -> float:
    """Return how much a click at a place (1 = first) counts."""
    return float(min(_MOST_WEIGHT, place**fall))


def measured_fall(swapped: Sequence[bool]) -> float:
    """Return how fast attention falls, from near ties that were shown in both orders.

    Args:
        swapped: Of each click on one of two neighbours shown by lot: was the upper one clicked?
    """
    if len(swapped) < 50:  # noqa: PLR2004  # below it the ratio is anybody's guess
        return _FALL
    upper = (sum(swapped) + 1) / (len(swapped) + 2)
    # Between places 1 and 2, where most lots are drawn, 2^fall is the ratio of clicks.
    return float(np.clip(math.log2(upper / (1 - upper)), 0.0, 1.0))


def judge(champion: Ranker, challenger: Ranker, holdout: Sequence[Lesson]) -> Verdict:
    """Compare two rankers; the challenger must not be worse beyond noise."""
    telling = [lesson for lesson in holdout if lesson.is_telling]
    if not telling:
        return Verdict(champion_ndcg=0.0, challenger_ndcg=0.0, lessons=0, reason="")
    weights = np.array([lesson.weight for lesson in telling])
    before = np.array([ndcg(lesson, champion.scores(lesson.features)) for lesson in telling])
    after = np.array([ndcg(lesson, challenger.scores(lesson.features)) for lesson in telling])
    shares = weights / weights.sum()
    gain = float(shares @ (after - before))
    error = float(np.sqrt((shares**2) @ (after - before - gain) ** 2))
    found, then = round(float(shares @ before), 4), round(float(shares @ after), 4)
    is_worse = gain < -_MARGIN or gain + _SURE * error < 0
    return Verdict(
        champion_ndcg=found,
        challenger_ndcg=then,
        lessons=len(telling),
        reason=f"nDCG@10 fell from {found} to {then}" if is_worse else "",
    )
