"""Which words of the ticket spoke for the winner, exactly: nothing is left out of the sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from kbservice.triage.classifier import Evidence
from kbservice.triage.layout import Layout
from kbservice.triage.measures import Doubles

MAX_FOR: Final = 6
MAX_AGAINST: Final = 2
_LEAST_WEIGHT: Final = 0.01


class Word(NamedTuple):
    """A word of the ticket with its weight; for the rest see ``Evidence``, which costs far more."""

    text: str
    weight: float
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Log-odds of the winner against the runner-up = bias + the words' weights + rest.

    Attributes:
        words: Each word of the ticket once, the strongest first.
        rest: What fell on punctuation between words.
    """

    winner: str
    runner_up: str
    bias: float
    words: tuple[Word, ...]
    rest: float

    @property
    def log_odds(self) -> float:
        """The sum."""
        return self.bias + sum(word.weight for word in self.words) + self.rest


def strongest(explanation: Explanation) -> tuple[Evidence, ...]:
    """Return the words worth showing: first those that speak for the winner, then against."""
    told = [word for word in explanation.words if abs(word.weight) >= _LEAST_WEIGHT]
    speak_for = [word for word in told if word.weight > 0][:MAX_FOR]
    against = [word for word in told if word.weight < 0][:MAX_AGAINST]
    return tuple(
        Evidence(
            source="word",
            text=word.text,
            weight=word.weight,
            field=word.field,
            start=word.start,
            end=word.end,
        )
        for word in (*speak_for, *against)
    )


def attribute(layout: Layout, weights: Doubles) -> tuple[tuple[Word, ...], float]:
    """Share the features' weights out to the words that they were made from.

    Args:
        layout: Of the ticket as the classifier read it.
        weights: What every feature adds to the log-odds, block after block.

    Returns:
        The words, the strongest first, and what fell on none.
    """
    told = layout.on_units(weights)
    # Rounded, or the last digit would decide between equals, not their places.
    strongest_first = np.argsort(-np.abs(told.round(9)), kind="stable").tolist()
    held, units = told.tolist(), layout.units
    words = tuple(
        Word(text, held[at], field, start, end)
        for at in strongest_first
        for text, field, start, end in (units[at],)
    )
    return words, float(weights.sum() - told.sum())
