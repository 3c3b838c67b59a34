"""From scores to probabilities that mean what they say, and to the decisions they allow.

Everything here is learned from out-of-fold scores: those of tickets that the classifier which
scored them had not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

from kbservice.triage.measures import macro_f1

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PROMISED_PRECISION: Final = 0.95
"""Share of the predictions filled in unasked that must be right."""
PROMISED_COVERAGE: Final = 0.9
"""Share of the tickets whose true label must be in the label set."""
NEVER: Final = 2.0
"""A confidence that no prediction reaches."""

_SMALLEST: Final = 1e-9
_SHRINKAGES: Final = (0.02, 0.1, 0.5, 2.0)  # strongest biases first
_LEAST_AUTOMATIC: Final = 20
_LARGEST_LOSS: Final = 0.03  # of macro-F1, as a share
_Z: Final = 1.645  # one-sided 95 %


@dataclass(frozen=True, slots=True)
class Calibration:
    """How scores become probabilities: softmax(scale x score + bias).

    Attributes:
        bias: One number a label; all zero where a plain temperature serves better.
    """

    scale: float
    bias: Doubles

    def probabilities(self, scores: Doubles) -> Doubles:
        """Return the probability of each label, in the last axis."""
        return softmax(scores * self.scale + self.bias)


def softmax(scores: Doubles) -> Doubles:
    """Return scores as probabilities over the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def log_loss(probabilities: Doubles, truth: Ints) -> float:
    """Return the mean negative log-likelihood of the true labels."""
    held = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(held, _SMALLEST)).mean())


def with_temperature(scores: Doubles, truth: Ints) -> Calibration:
    """Fit one factor for all scores (temperature scaling).

    Source: Guo, Pleiss, Sun, Weinberger 2017, On Calibration of Modern Neural Networks.
    """
    found = minimize_scalar(
        lambda log_scale: log_loss(softmax(scores * np.exp(log_scale)), truth),
        bounds=(-4, 4),
        method="bounded",
    )
    return Calibration(float(np.exp(found.x)), np.zeros(scores.shape[1]))


def with_bias(scores: Doubles, truth: Ints, *, shrinkage: float = _SHRINKAGES[0]) -> Calibration:
    """Fit one factor and one bias a label, the biases shrunk towards zero."""
    start = with_temperature(scores, truth).scale
    scaled, n_labels = scores * start, scores.shape[1]

    def loss(values: Doubles) -> tuple[float, Doubles]:
        scale, bias = np.exp(values[0]), values[1:]
        probabilities = softmax(scaled * scale + bias)
        excess = probabilities.copy()
        excess[np.arange(len(truth)), truth] -= 1.0
        slope = np.append(
            (excess * scaled).sum() / len(truth) * scale,
            excess.mean(axis=0) + 2 * shrinkage * bias / n_labels,
        )
        return log_loss(probabilities, truth) + shrinkage * float((bias**2).mean()), slope

    found = minimize(loss, np.zeros(n_labels + 1), jac=True, method="L-BFGS-B")
    return Calibration(float(start * np.exp(found.x[0])), np.asarray(found.x[1:]))


Fit = Callable[[Doubles, Ints], Calibration]
_BIASED: Final[tuple[Fit, ...]] = tuple(
    partial(with_bias, shrinkage=shrinkage) for shrinkage in _SHRINKAGES
)


def calibrate(scores: Doubles, truth: Ints, *, keep_priors: bool = False) -> Calibration:
    """Fit the calibration that does better on tickets it was not fitted on.

    Biases make probabilities sharper, but on skewed queues they can silence rare labels: they
    are used, as strong as can be, where the log loss falls and macro-F1 hardly does.

    Args:
        scores: Out-of-fold scores of shape (tickets, labels).
        truth: Index of each ticket's true label.
        keep_priors: Always fit biases: costs are weighed with the probabilities, so these
            must be as frequent as the labels are.
    """
    if keep_priors:
        return with_bias(scores, truth)
    plain = _cross_fitted(with_temperature, scores, truth)
    floor = macro_f1(truth, plain.argmax(axis=1)) * (1.0 - _LARGEST_LOSS)
    best: Fit = with_temperature
    least = log_loss(plain, truth)
    for fitted in _BIASED:
        unseen = _cross_fitted(fitted, scores, truth)
        loss = log_loss(unseen, truth)
        if loss < least and macro_f1(truth, unseen.argmax(axis=1)) >= floor:
            best, least = fitted, loss
    return best(scores, truth)


def _cross_fitted(fitted: Fit, scores: Doubles, truth: Ints) -> Doubles:
    """Return probabilities of each half by the calibration of the other half."""
    halves = np.arange(len(truth)) % 2
    found = np.empty_like(scores)
    for half in (0, 1):
        seen, kept = halves != half, halves == half
        found[kept] = fitted(scores[seen], truth[seen]).probabilities(scores[kept])
    return found


def automatic_threshold(probabilities: Doubles, truth: Ints) -> float:
    """Return the confidence from which predictions keep the promised precision.

    Not the measured precision counts but its lower confidence bound, so that few tickets
    promise nothing. Returns ``NEVER`` where no threshold does.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = np.cumsum(probabilities.argmax(axis=1)[order] == truth[order])
    taken = np.arange(1, len(truth) + 1)
    keeps = (wilson_lower_bound(right, taken) >= PROMISED_PRECISION) & (taken >= _LEAST_AUTOMATIC)
    places = np.flatnonzero(keeps)
    return float(confidence[order][places[-1]]) if len(places) else NEVER


def wilson_lower_bound(successes: npt.ArrayLike, trials: npt.ArrayLike) -> Doubles:
    """Return the one-sided 95 % lower bound of a share.

    Source: Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference.
    """
    n = np.asarray(trials, dtype=float)
    share = np.asarray(successes, dtype=float) / n
    centre = share + _Z**2 / (2 * n)
    spread = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return np.asarray((centre - spread) / (1 + _Z**2 / n))


def label_set_threshold(probabilities: Doubles, truth: Ints) -> float:
    """Return the probability from which a label belongs into the label set.

    Source: Sadinle, Lei, Wasserman 2019, Least Ambiguous Set-Valued Classifiers with Bounded
    Error Levels; the scores are out-of-fold, so the coverage is close to, not exactly, promised.
    """
    n = len(truth)
    strangeness = 1.0 - probabilities[np.arange(n), truth]
    level = min(1.0, np.ceil((n + 1) * PROMISED_COVERAGE) / n)
    return float(1.0 - np.quantile(strangeness, level, method="higher"))
