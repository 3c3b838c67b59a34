"""From which probability a label is filled in unasked, and from which it is offered.

Every label has its own thresholds, learned from out-of-fold probabilities. What few tickets
cannot tell of a label is borrowed from all labels together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from kbservice.triage.measures import Doubles, Ints, wilson_lower_bound

NEVER: Final = 2.0
"""A confidence that no prediction reaches."""
LEAST_LABELLED: Final = 20
"""A label with fewer tickets than this is never filled in unasked."""

# So many tickets of its own, and a label's threshold owes as much to them as to all the others.
_AS_MUCH_FOR_PRECISION: Final = 50
_AS_MUCH_FOR_COVERAGE: Final = 200
_AIMS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # of the way to certainty
_LEAST_AUTOMATIC: Final = 20
_LEAST_TELLING: Final = 10
_MOST_NEEDED: Final = 5_000
_SMALLEST: Final = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What the decisions promise.

    Attributes:
        precision: Share of the predictions filled in unasked that are right.
        coverage: Share of the tickets whose true label is in the label set.
    """

    precision: float = 0.95
    coverage: float = 0.9


USUAL: Final = Promises()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelThreshold:
    """The thresholds of one label.

    Attributes:
        automatic: Confidence from which it is filled in; ``NEVER`` where nothing is promised.
        in_set: Probability from which it is in the label set.
        tickets: How many tickets of it were learned from.
        needed: How many more it needs, as far as can be told, before it may be filled in
            unasked; None where more of the same would not do.
    """

    automatic: float
    in_set: float
    tickets: int
    needed: int | None = 0

    @property
    def may_fill_in(self) -> bool:
        """Whether it is ever filled in unasked."""
        return self.automatic < NEVER


def thresholds(
    probabilities: Doubles, truth: Ints, promises: Promises
) -> tuple[LabelThreshold, ...]:
    """Return the thresholds of every label, in the order of the columns.

    Args:
        probabilities: Calibrated, of shape (tickets, labels), by classifiers that had not seen
            the ticket.
        truth: Index of each ticket's true label.
        promises: What is to be kept.
    """
    guesses = _Guesses(probabilities, truth)
    automatic = guesses.automatic(promises.precision)
    in_set = label_set_thresholds(probabilities, truth, promises.coverage)
    return tuple(
        LabelThreshold(
            automatic=float(automatic[label]),
            in_set=float(in_set[label]),
            tickets=int(guesses.labelled[label]),
            needed=0 if automatic[label] < NEVER else guesses.needed(label, promises.precision),
        )
        for label in range(probabilities.shape[1])
    )


def needed_at_first(tickets: int) -> int:
    """Return how many more tickets a label needs at least, where nothing was learned yet."""
    return max(0, LEAST_LABELLED - tickets)


def label_set_thresholds(probabilities: Doubles, truth: Ints, coverage: float) -> Doubles:
    """Return the probability from which each label belongs into the label set.

    A label's own quantile is drawn towards that of all tickets the more, the fewer tickets the
    label has; then all are moved alike, so that together they keep the promise.

    Source: Sadinle, Lei, Wasserman 2019, Least Ambiguous Set-Valued Classifiers with Bounded
    Error Levels; the probabilities are out-of-fold, so the coverage is close to, not exactly,
    promised.
    """
    n = len(truth)
    # One standard error more: a miss is worse than a label too many.
    level = min(1.0, coverage + math.sqrt(coverage * (1 - coverage) / n))
    held = _log_odds(probabilities[np.arange(n), truth])
    overall = _upper_share(held, level)
    own = np.full(probabilities.shape[1], overall)
    for label in np.unique(truth):
        of_label = held[truth == label]
        size = len(of_label)
        borrowed = _AS_MUCH_FOR_COVERAGE * overall
        total = size * _upper_share(of_label, level) + borrowed
        own[label] = total / (size + _AS_MUCH_FOR_COVERAGE)
    own += _upper_share(held - own[truth], level)
    return np.asarray(1.0 / (1.0 + np.exp(-own)))


def _upper_share(values: Doubles, level: float) -> float:
    """Return the value that a share of ``level`` reaches, with the correction for few values."""
    ordered = np.sort(values)
    below = int((len(ordered) + 1) * (1.0 - level))
    return float(ordered[max(0, below - 1)])


def _log_odds(probabilities: Doubles) -> Doubles:
    held = np.clip(probabilities, _SMALLEST, 1.0 - _SMALLEST)
    return np.asarray(np.log(held) - np.log1p(-held))


class _Guesses:
    """The likeliest labels with their confidences, the surest first."""

    def __init__(self, probabilities: Doubles, truth: Ints) -> None:
        confidence = probabilities.max(axis=1)
        order = np.argsort(-confidence, kind="stable")
        self.labelled = np.bincount(truth, minlength=probabilities.shape[1])
        self._confidence = confidence[order]
        self._guess = probabilities.argmax(axis=1)[order]
        self._right = (self._guess == truth[order]).astype(float)
        # Which of them calibrates and which judges, when the promise is cross-checked.
        self._half = order % 2

    def automatic(self, promised: float) -> Doubles:
        """Return the least confidence of each label with which all of them keep the promise.

        Labels ask for the same precision, each by its own threshold. Not the precision counts
        but its lower confidence bound, and the thresholds of one half of the tickets must keep
        the promise on the other. The precision asked for is raised until both hold.
        """
        everything = np.ones(len(self._right), dtype=bool)
        shrunk = [self._shrunk(everything), *(self._shrunk(self._half == h) for h in (0, 1))]
        for aim in _AIMS:
            asked = promised + aim * (1.0 - promised)
            found, *halves = (self._reaching(table, asked) for table in shrunk)
            if self._keeps(found, promised) and self._cross_keeps(halves, promised):
                return found
        return np.full(len(self.labelled), NEVER)

    def needed(self, label: int, promised: float) -> int | None:
        """Return how many more tickets of a label it takes until it may be filled in."""
        missing = needed_at_first(int(self.labelled[label]))
        own = self._right[self._guess == label]
        if len(own) < _LEAST_TELLING:
            return missing or None
        taken = np.arange(1, len(own) + 1)
        precision = (np.cumsum(own) / taken)[_LEAST_TELLING - 1 :]
        best = len(precision) - 1 - int(precision[::-1].argmax())
        trials = _trials_until(float(precision[best]), promised)
        if trials is None:
            return missing or None
        labelled = int(self.labelled[label])
        wanted = math.ceil(labelled * trials / (best + _LEAST_TELLING))
        return max(missing, wanted - labelled, 1)

    def _shrunk(self, among: npt.NDArray[np.bool_]) -> dict[int, tuple[Doubles, Doubles]]:
        """Return each label's precision down to each confidence, with all labels' mixed in."""
        confidence, guess = self._confidence[among], self._guess[among]
        right = self._right[among]
        pooled = np.cumsum(right) / np.arange(1, len(right) + 1)
        found = {}
        for label in np.flatnonzero(self.labelled >= LEAST_LABELLED).tolist():
            own = guess == label
            hits = np.cumsum(own * right) + _AS_MUCH_FOR_PRECISION * pooled
            found[label] = (confidence, hits / (np.cumsum(own) + _AS_MUCH_FOR_PRECISION))
        return found

    def _reaching(self, shrunk: dict[int, tuple[Doubles, Doubles]], asked: float) -> Doubles:
        found = np.full(len(self.labelled), NEVER)
        for label, (confidence, precision) in shrunk.items():
            places = np.flatnonzero(precision >= asked)
            if len(places):
                found[label] = confidence[places[-1]]
        return found

    def _keeps(self, bars: Doubles, promised: float) -> bool:
        right, taken = self._outcomes(bars, np.ones(len(self._right), dtype=bool))
        return taken >= _LEAST_AUTOMATIC and float(wilson_lower_bound(right, taken)) >= promised

    def _cross_keeps(self, halves: Sequence[Doubles], promised: float) -> bool:
        pairs = [self._outcomes(halves[half], self._half != half) for half in (0, 1)]
        right, taken = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        return taken >= _LEAST_AUTOMATIC and right >= promised * taken

    def _outcomes(self, bars: Doubles, among: npt.NDArray[np.bool_]) -> tuple[float, int]:
        taken = among & (self._confidence >= bars[self._guess])
        return float(self._right[taken].sum()), int(taken.sum())


def _trials_until(precision: float, promised: float) -> int | None:
    """Return how many trials with this precision prove the promised one."""
    trials = np.arange(1, _MOST_NEEDED)
    enough = np.flatnonzero(wilson_lower_bound(precision * trials, trials) >= promised)
    return int(trials[enough[0]]) if len(enough) else None
