"""Learns a ranker from judged suggestions, and never trusts it further than it proved."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from kbservice.suggestion import fixed_weights
from kbservice.suggestion.certainty import fit_certainty
from kbservice.suggestion.lessons import Lesson, Stack
from kbservice.suggestion.linear import fit_linear
from kbservice.suggestion.ranker import Learned, Ranker, learned_scores, mixed
from kbservice.suggestion.scaling import standardised
from kbservice.suggestion.trees import grow

LEAST_LESSONS: Final = 20
MOST_LESSONS: Final = 4_000
_FOLDS: Final = 4
_BLENDS: Final = (0.2, 0.4, 0.6, 0.8)
# From 20 lessons at most .4 of the order is learned, from 30 .6, from 80 .8.
_GROWTH: Final = 20
# A gain counts less a quarter of its standard error.
_CAUTION: Final = 0.25
_DEPTH: Final = 10
# One busy account may say twice as much as the usual one, and at least this often.
_LEAST_SAY: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A ranker and how it was judged while learning.

    Attributes:
        gain: nDCG@10 above the fixed weights on lessons left out of learning.
    """

    ranker: Ranker
    lessons: int
    blend: float
    fixed_ndcg: float
    gain: float
    gain_error: float

    @property
    def parameters(self) -> dict[str, float]:
        """What was chosen, for the release's manifest."""
        return {"blend": self.blend, "lessons": float(self.lessons)}


def train(lessons: Sequence[Lesson], *, release: str) -> Trained:
    """Return the best ranker that the lessons justify; the fixed weights where none does."""
    telling = bounded([lesson for lesson in lessons if lesson.is_telling])[-MOST_LESSONS:]
    if len(telling) < LEAST_LESSONS:
        return _fixed(release, telling)
    folds = _folds(telling)
    held_out: dict[int, fixed_weights.Scores] = {}
    for fold in range(_FOLDS):
        learned = _learn([lesson for at, lesson in enumerate(telling) if folds[at] != fold])
        for at, lesson in enumerate(telling):
            if folds[at] == fold:
                fixed = fixed_weights.order_scores(lesson.features)
                held_out[at] = learned_scores(learned, lesson.features, fixed)
    blend, gains = _best_blend(telling, held_out)
    learned = _learn(telling)
    certainty = fit_certainty([lesson for lesson in telling if not lesson.is_comparison])
    ranker = Ranker(
        release=release,
        learned=Learned(learned.linear, learned.trees, blend) if blend else None,
        certainty=certainty,
        identities=len({lesson.identity for lesson in telling}),
    )
    return Trained(
        ranker=ranker,
        lessons=len(telling),
        blend=blend,
        fixed_ndcg=round(float(np.mean([ndcg(item, _fixed_order(item)) for item in telling])), 4),
        gain=round(float(gains.mean()), 4),
        gain_error=round(_error(gains), 4),
    )


def ndcg(lesson: Lesson, scores: fixed_weights.Scores) -> float:
    """Return the binary nDCG at 10 of an order (Järvelin & Kekäläinen 2002)."""
    order = np.argsort(-scores, kind="stable")[:_DEPTH]
    gain = sum(lesson.right[at] / math.log2(place + 2) for place, at in enumerate(order))
    relevant = max(int(lesson.right.sum()), lesson.relevant)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(_DEPTH, relevant)))
    return float(gain / ideal) if ideal else 0.0


def stacked(lessons: Sequence[Lesson]) -> Stack:
    """Return telling lessons as one table."""
    weights = np.array([lesson.weight for lesson in lessons])
    sizes = [len(lesson.right) for lesson in lessons]
    return Stack(
        features=np.vstack([lesson.features for lesson in lessons]),
        standard=np.vstack([standardised(lesson.features) for lesson in lessons]),
        base=np.concatenate([standardised(_fixed_order(lesson)) for lesson in lessons]),
        share=np.concatenate(
            [w * item.right / item.right.sum() for w, item in zip(weights, lessons, strict=True)]
        ),
        weights=np.repeat(weights, sizes),
        queries=np.repeat(np.arange(len(lessons)), sizes),
    )


def _learn(lessons: Sequence[Lesson]) -> Learned:
    stack = stacked(lessons)
    return Learned(fit_linear(stack), grow(stack), 1.0)


def bounded(lessons: Sequence[Lesson]) -> list[Lesson]:
    """Return the newest lessons of each identity, none with many more than the usual one."""
    counts = Counter(lesson.identity for lesson in lessons)
    allowed = max(_LEAST_SAY, round(2.0 * median(counts.values()))) if counts else 0
    kept = []
    for lesson in lessons:
        if counts[lesson.identity] <= allowed:
            kept.append(lesson)
        counts[lesson.identity] -= 1
    return kept


def _folds(lessons: Sequence[Lesson]) -> list[int]:
    """Keep lessons about one article together: what they say of it is no proof for it."""
    fold_of: dict[str, int] = {}
    sizes = [0] * _FOLDS
    folds = []
    for lesson in lessons:
        known = [fold_of[key] for key in sorted(lesson.judged_ids) if key in fold_of]
        fold = known[0] if known else sizes.index(min(sizes))
        for key in lesson.judged_ids:
            fold_of.setdefault(key, fold)
        sizes[fold] += 1
        folds.append(fold)
    return folds


def _best_blend(
    lessons: Sequence[Lesson], held_out: dict[int, fixed_weights.Scores]
) -> tuple[float, fixed_weights.Scores]:
    """Return the learned part that gains most on what it did not see, 0 if none surely does."""
    before = np.array([ndcg(lesson, _fixed_order(lesson)) for lesson in lessons])
    most = len(lessons) / (len(lessons) + _GROWTH)
    best, gains, worth = 0.0, np.zeros(len(lessons)), 0.0
    for blend in _BLENDS:
        if blend > most + 1e-9:
            continue
        after = [
            ndcg(lesson, mixed(_fixed_order(lesson), held_out[at], blend))
            for at, lesson in enumerate(lessons)
        ]
        found = np.array(after) - before
        sure = float(found.mean()) - _CAUTION * _error(found)
        if sure > worth:
            best, gains, worth = blend, found, sure
    return best, gains


def _error(values: fixed_weights.Scores) -> float:
    return float(values.std() / math.sqrt(len(values)))


def _fixed_order(lesson: Lesson) -> fixed_weights.Scores:
    return fixed_weights.order_scores(lesson.features)


def _fixed(release: str, lessons: Sequence[Lesson]) -> Trained:
    found = [ndcg(lesson, _fixed_order(lesson)) for lesson in lessons]
    return Trained(
        ranker=Ranker(release=release),
        lessons=len(lessons),
        blend=0.0,
        fixed_ndcg=round(float(np.mean(found)), 4) if found else 0.0,
        gain=0.0,
        gain_error=0.0,
    )
