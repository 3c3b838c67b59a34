"""How good predictions are: accuracy, macro-F1, calibration error, cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BINS: Final = 15
_SAMPLES: Final = 300
_SEED: Final = 20231001
_Z: Final = 1.645  # one-sided 95 %


def accuracy(truth: Ints, guess: Ints) -> float:
    """Return the share of right guesses."""
    return float((truth == guess).mean())


def f1_by_label(truth: Ints, guess: Ints) -> dict[int, float]:
    """Return the F1 of every label that occurs in ``truth``."""
    size = int(max(truth.max(), guess.max())) + 1
    held, guessed = np.bincount(truth, minlength=size), np.bincount(guess, minlength=size)
    hits = np.bincount(truth[truth == guess], minlength=size)
    return {
        label: 2.0 * float(hits[label]) / float(held[label] + guessed[label])
        for label in np.flatnonzero(held).tolist()
    }


def macro_f1(truth: Ints, guess: Ints) -> float:
    """Return the mean F1 over the labels that occur in ``truth``, each counting the same."""
    return float(np.mean(list(f1_by_label(truth, guess).values())))


def top_k_accuracy(truth: Ints, probabilities: Doubles, k: int = 3) -> float:
    """Return how often the true label is among the ``k`` likeliest."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((best == truth[:, None]).any(axis=1).mean())


def calibration_error(truth: Ints, probabilities: Doubles) -> float:
    """Return the expected calibration error over equal-width bins of confidence.

    0 is perfect; with few tickets even a perfect classifier has some (about .1 at 200).

    Source: Guo, Pleiss, Sun, Weinberger 2017, On Calibration of Modern Neural Networks.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(confidence[bins == at].sum() - right[bins == at].sum()) for at in np.unique(bins)]
    return float(sum(gaps) / len(truth))


def cost_matrix(n_levels: int, *, under: float, over: float) -> Doubles:
    """Return the cost of each guess (column) for each truth (row), most urgent level first.

    A guess below the true urgency costs ``under`` a level, one above it ``over``.
    """
    distance = np.arange(n_levels)[None, :] - np.arange(n_levels)[:, None]
    return np.where(distance > 0, under * distance, -over * distance).astype(float)


def area_under_curve(positive: npt.NDArray[np.bool_], score: Doubles) -> float:
    """Return the probability that a positive scores above a negative; ties count half."""
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    order = np.sort(score)
    below = np.searchsorted(order, score, side="left")
    upto = np.searchsorted(order, score, side="right")
    ranks = (below + upto + 1) / 2.0
    excess = ranks[positive].sum() - n_positive * (n_positive + 1) / 2.0
    return float(excess / (n_positive * n_negative))


def interval(
    measure: Callable[[Ints, Ints], float], truth: Ints, guess: Ints
) -> tuple[float, float]:
    """Return the bounds that hold 95 % of a measure's values over resampled tickets.

    The same tickets give the same bounds.

    Source: Efron 1979, Bootstrap Methods: Another Look at the Jackknife.
    """
    random = np.random.default_rng(_SEED)
    drawn = (random.integers(len(truth), size=len(truth)) for _ in range(_SAMPLES))
    values = [measure(truth[rows], guess[rows]) for rows in drawn]
    lower, upper = np.quantile(values, (0.025, 0.975))
    return float(lower), float(upper)


def wilson_lower_bound(successes: npt.ArrayLike, trials: npt.ArrayLike) -> Doubles:
    """Return the one-sided 95 % lower bound of a share.

    Source: Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference.
    """
    return _wilson(successes, trials, -1.0)


def wilson_upper_bound(successes: npt.ArrayLike, trials: npt.ArrayLike) -> Doubles:
    """Return the one-sided 95 % upper bound of a share."""
    return _wilson(successes, trials, 1.0)


def _wilson(successes: npt.ArrayLike, trials: npt.ArrayLike, side: float) -> Doubles:
    n = np.asarray(trials, dtype=float)
    share = np.asarray(successes, dtype=float) / n
    centre = share + _Z**2 / (2 * n)
    spread = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return np.asarray((centre + side * spread) / (1 + _Z**2 / n))
