"""The priority that costs least when it is wrong, lifted by the rules that fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from kbservice.profiles.schema import Profile
from kbservice.triage.classifier import Prediction
from kbservice.triage.measures import Doubles, cost_matrix
from kbservice.triage.rules import FiredRule

_DOUBT: Final = 0.15
RULE_CONFIDENCE: Final = 0.7
"""How sure a rule alone is: a careful guess, since no labels back it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """An ordered scale and what a wrong level costs.

    Attributes:
        levels: The most urgent first.
        under: Cost of each level that the guess is too low.
        over: Cost of each level that the guess is too high.
    """

    levels: tuple[str, ...]
    under: float
    over: float

    @classmethod
    def of(cls, profile: Profile) -> Costs:
        """Read a profile's scale."""
        return cls(
            levels=tuple(priority.value for priority in profile.priorities_by_rank),
            under=profile.priority_cost.under,
            over=profile.priority_cost.over,
        )

    def cheapest(
        self, probabilities: Mapping[str, float], usual: Mapping[str, float] | None = None
    ) -> str:
        """Return the level with the least expected cost.

        Args:
            probabilities: Of the levels.
            usual: How frequent the levels are; they weigh in a little, since words tell urgency
                badly and a wrong level costs more than the usual one.
        """
        held = self._row(probabilities)
        if usual:
            held = (1.0 - _DOUBT) * held + _DOUBT * self._row(usual)
        expected = held @ cost_matrix(len(self.levels), under=self.under, over=self.over)
        return self.levels[int(expected.argmin())]

    def _row(self, shares: Mapping[str, float]) -> Doubles:
        return np.array([shares.get(level, 0.0) for level in self.levels])


def at_least_cost(
    prediction: Prediction, costs: Costs, usual: Mapping[str, float] | None = None
) -> Prediction:
    """Choose the level with the least expected cost; needs calibrated probabilities.

    A ticket's words tell its urgency badly: the level is offered, never filled in unasked.
    """
    if prediction.value is None or prediction.decision == "abstain":
        return prediction
    held = dict(prediction.probabilities)
    value = costs.cheapest(held, usual)
    if value == prediction.value:
        return replace(prediction, decision="review")
    return replace(
        prediction,
        value=value,
        confidence=held.get(value, 0.0),
        label_set=_led_by(value, prediction.label_set),
        # The reasons given compare the likeliest level with the next, not this one.
        evidence=(),
        decision="review",
    )


def lifted(prediction: Prediction, rules: Sequence[FiredRule], costs: Costs) -> Prediction:
    """Raise a prediction to the level that the fired rules ask for, and name the rules."""
    lifting = [rule for rule in rules if rule.at_least in costs.levels]
    if not lifting:
        return prediction
    reasons = tuple(rule.evidence for rule in lifting)
    asked = min((rule.at_least for rule in lifting), key=costs.levels.index)
    if _is_above(prediction.value, asked, costs):
        return replace(prediction, evidence=(*reasons, *prediction.evidence), decision="review")
    held = dict(prediction.probabilities).get(asked, 0.0)
    return replace(
        prediction,
        value=asked,
        confidence=max(held, RULE_CONFIDENCE),
        label_set=_led_by(asked, prediction.label_set),
        # Words that spoke for a lower level are no reasons for this one.
        evidence=(*reasons, *(prediction.evidence if prediction.value == asked else ())),
        decision="review",
    )


def _is_above(level: str | None, other: str, costs: Costs) -> bool:
    return level in costs.levels and costs.levels.index(str(level)) < costs.levels.index(other)


def _led_by(value: str, labels: Sequence[str]) -> tuple[str, ...]:
    return (value, *(label for label in labels if label != value))
