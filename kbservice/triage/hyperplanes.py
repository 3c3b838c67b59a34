"""Hyperplanes between labels: each against the rest, or level by level of an ordered scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.svm import LinearSVC

from kbservice.triage.measures import Doubles, Ints

Plane = tuple[npt.NDArray[np.float32], Doubles]
"""Weights of shape (labels, features), and one intercept a label."""
Separate = Callable[[Any, Ints, int, float], Plane]
"""From a matrix of tickets, their labels, the number of labels and the penalty."""

_TOLERANCE: Final = 1e-3
_SEED: Final = 20231001
# The score of a label that no ticket at hand has: as unlikely as labels get.
_UNSEEN: Final = -1.5


def separate_labels(matrix: Any, truth: Ints, n_labels: int, penalty: float) -> Plane:
    """Fit one hyperplane a label against the rest; rare labels count for more.

    The weight of a label falls with the root of its frequency: full balancing made rare labels
    win too often on skewed queues.
    """
    held = np.bincount(truth, minlength=n_labels)
    present = np.flatnonzero(held)
    weights = np.zeros((n_labels, matrix.shape[1]), dtype=np.float32)
    intercepts = np.full(n_labels, _UNSEEN)
    if len(present) == 1:
        intercepts[present] = 0.0
        return weights, intercepts
    raw = {int(label): (len(truth) / held[label]) ** 0.5 for label in present}
    mean = sum(raw[int(label)] for label in truth) / len(truth)
    machine = _machine(penalty, {label: weight / mean for label, weight in raw.items()})
    machine.fit(matrix, truth)
    found, offsets = machine.coef_, machine.intercept_
    if len(present) == 2:  # noqa: PLR2004 (scikit-learn fits one hyperplane for two labels)
        found, offsets = np.vstack([-found, found]), np.concatenate([-offsets, offsets])
    weights[present] = found
    intercepts[present] = offsets
    return weights, intercepts


def separate_levels(matrix: Any, truth: Ints, n_labels: int, penalty: float) -> Plane:
    """Fit one hyperplane between every two neighbours of an ordered scale.

    Each is learned from all tickets, those above it against those below. A level's score is the
    sum of the hyperplanes that it lies above, so that what speaks for the highest level speaks
    for the second highest too. Levels are not weighted: weighted ones overstate urgency, which
    costs more than the constant answer where urgent tickets are few.
    """
    weights = np.zeros((n_labels, matrix.shape[1]), dtype=np.float32)
    intercepts = np.zeros(n_labels)
    for border in range(n_labels - 1):
        above = truth <= border
        if above.all() or not above.any():
            intercepts[: border + 1] -= np.copysign(_UNSEEN, 0.5 - above.all())
            continue
        machine = _machine(penalty, None)
        machine.fit(matrix, above)
        weights[: border + 1] += machine.coef_[0]
        intercepts[: border + 1] += machine.intercept_[0]
    return weights, intercepts


def _machine(penalty: float, weights: dict[int, float] | None) -> LinearSVC:
    return LinearSVC(
        C=penalty, class_weight=weights, tol=_TOLERANCE, max_iter=4000, random_state=_SEED
    )
