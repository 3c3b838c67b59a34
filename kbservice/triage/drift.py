"""Whether this week's tickets are still like those that the classifier learned from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from kbservice.triage.classifier import TicketText
from kbservice.triage.linear_classifier import LinearClassifier
from kbservice.triage.measures import Doubles
from kbservice.triage.vocabulary import Vocabulary

SignalName = Literal["abstentions", "labels", "words"]
DriftState = Literal["steady", "drifting", "unknown"]

LEAST_TICKETS: Final = 30
"""Of fewer tickets in a week nothing is said."""
# A difference counts from here on, and only if chance hardly explains it (three deviations).
_ABSTENTIONS: Final = 0.10
_WORDS: Final = 0.05
_MIX: Final = 0.25
_MIX_BEYOND_CHANCE: Final = 0.10
_SURE: Final = 3.0
# Labels rarer than this are counted together: a handful of tickets is no change of the mix.
_RARE: Final = 0.02
_OTHERS: Final = ""
_MOVERS: Final = 3
_LOOKED_AT: Final = 1_000
_LEVELS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a classifier makes of some tickets.

    Attributes:
        labels: How often each label was its best guess.
        levels: How many tickets it was how sure of, in steps of 0.02.
        words: The mean share of a ticket's words that it does not know.
        words_deviation: The standard deviation of that share between tickets.
    """

    tickets: int
    labels: Mapping[str, int]
    levels: tuple[int, ...]
    words: float
    words_deviation: float

    def abstained(self, bar: float) -> float:
        """Return the share of tickets that it was less sure of than this, to the next 0.02."""
        return sum(self.levels[: round(bar * _LEVELS)]) / self.tickets if self.tickets else 0.0

    def plain(self) -> dict[str, Any]:
        """Return the same in JSON's own types."""
        return {
            "tickets": self.tickets,
            "labels": dict(self.labels),
            "levels": list(self.levels),
            "words": round(self.words, 4),
            "words_deviation": round(self.words_deviation, 4),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Read what ``plain`` returned."""
        return cls(**{**plain, "levels": tuple(plain["levels"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A label whose share changed: what it is now, and what was usual."""

    label: str
    share: float
    usual: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One figure of a week beside the usual one.

    Attributes:
        name: ``abstentions`` and ``words`` are shares; ``labels`` is the population stability
            index, 0 where the mix is the same.
        bar: Above it, it is drift: more than little, and more than chance explains.
        movers: Of ``labels``: those that changed most.
    """

    name: SignalName
    value: float
    usual: float
    bar: float
    state: DriftState
    movers: tuple[Mover, ...] = ()


def usual(classifier: LinearClassifier, unseen: Sequence[TicketText], table: Doubles) -> Sample:
    """Return what a classifier makes of tickets that it has not learned from.

    Args:
        classifier: Which.
        unseen: Oldest first; the newest 1,000 are looked at.
        table: Its probabilities of them, a row each.
    """
    rows, newest = table[-_LOOKED_AT:], unseen[-_LOOKED_AT:]
    guesses = [classifier.labels[at] for at in rows.argmax(axis=1)]
    vocabulary = Vocabulary.of(classifier.vectoriser)
    return sample(
        zip(guesses, rows.max(axis=1).tolist(), strict=True),
        [vocabulary.unknown(ticket) for ticket in newest],
    )


def sample(guesses: Iterable[tuple[str, float]], unknown: Sequence[float]) -> Sample:
    """Summarise guesses with their confidences, and shares of unknown words."""
    known = list(guesses)
    steps = Counter(min(int(confidence * _LEVELS), _LEVELS - 1) for _, confidence in known)
    mean = sum(unknown) / len(unknown) if unknown else 0.0
    spread = sum((share - mean) ** 2 for share in unknown) / max(1, len(unknown) - 1)
    return Sample(
        tickets=len(known),
        labels=Counter(label for label, _ in known),
        levels=tuple(steps[step] for step in range(_LEVELS)),
        words=mean,
        words_deviation=math.sqrt(spread),
    )


def signals(before: Sample, week: Sample, *, review: float) -> tuple[Signal, ...]:
    """Compare a week with what was usual.

    Args:
        before: What the classifier made of unseen tickets when it was trained.
        week: What was made of one week's tickets.
        review: Confidence below which nothing is offered.
    """
    return (
        _abstentions(before, week, review),
        _labels(before, week),
        _words(before, week),
    )


def _abstentions(before: Sample, week: Sample, review: float) -> Signal:
    share, was = week.abstained(review), before.abstained(review)
    # Of no abstentions at all, the next few tickets may still bring one.
    likely = (was * before.tickets + 1) / (before.tickets + 2)
    chance = math.sqrt(likely * (1 - likely) * _both(before, week))
    bar = was + max(_ABSTENTIONS, _SURE * chance)
    return Signal(
        name="abstentions", value=share, usual=was, bar=bar, state=_state(before, week, share, bar)
    )


def _words(before: Sample, week: Sample) -> Signal:
    deviation = max(before.words_deviation, week.words_deviation)
    bar = before.words + max(_WORDS, _SURE * deviation * math.sqrt(_both(before, week)))
    return Signal(
        name="words",
        value=week.words,
        usual=before.words,
        bar=bar,
        state=_state(before, week, week.words, bar),
    )


def _labels(before: Sample, week: Sample) -> Signal:
    """Compare the mix by the population stability index.

    Source: Yurdakul 2018, Statistical Properties of Population Stability Index: without any
    change it is spread like chi-squared, times the sum of both samples' inverse sizes.
    """
    often = [
        label for label, count in before.labels.items() if count >= _RARE * max(1, before.tickets)
    ]
    was, now = _shares(before, often), _shares(week, often)
    parts = {label: (now[label] - was[label]) * math.log(now[label] / was[label]) for label in was}
    index = sum(parts.values())
    chance = _chi_squared(len(was) - 1) * _both(before, week)
    bar = max(_MIX, _MIX_BEYOND_CHANCE + chance)
    movers = sorted((label for label in often if parts[label] > 0), key=lambda key: -parts[key])
    return Signal(
        name="labels",
        value=index,
        usual=0.0,
        bar=bar,
        state=_state(before, week, index, bar),
        movers=tuple(
            Mover(label=label, share=_share(week, label), usual=_share(before, label))
            for label in movers[:_MOVERS]
        ),
    )


def _shares(of: Sample, often: Sequence[str]) -> dict[str, float]:
    """Return the shares of frequent labels and of all others together; none is quite 0."""
    counts = {label: of.labels.get(label, 0) for label in often}
    counts[_OTHERS] = of.tickets - sum(counts.values())
    total = of.tickets + len(counts) / 2
    return {label: (count + 0.5) / total for label, count in counts.items()}


def _share(of: Sample, label: str) -> float:
    return of.labels.get(label, 0) / of.tickets if of.tickets else 0.0


def _state(before: Sample, week: Sample, value: float, bar: float) -> DriftState:
    if min(before.tickets, week.tickets) < LEAST_TICKETS:
        return "unknown"
    return "drifting" if value > bar else "steady"


def _both(before: Sample, week: Sample) -> float:
    return 1 / max(1, before.tickets) + 1 / max(1, week.tickets)


def _chi_squared(freedom: int) -> float:
    """Return what chi-squared hardly exceeds, once in 740 times.

    Source: Wilson and Hilferty 1931, The Distribution of Chi-Square.
    """
    if freedom < 1:
        return 0.0
    part = 2 / (9 * freedom)
    return freedom * (1 - part + _SURE * math.sqrt(part)) ** 3
