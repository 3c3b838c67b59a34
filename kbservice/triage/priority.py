"""The assessed priority: what the text suggests, lifted by the profile's rules, at least cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kbservice.profiles.schema import PriorityRule, Profile
from kbservice.triage.classifier import Evidence, Prediction
from kbservice.triage.measures import cost_matrix

RULE_CONFIDENCE = 0.9


def at_least_cost(prediction: Prediction, profile: Profile) -> Prediction:
    """Choose the priority with the least expected cost: a missed urgent one costs more."""
    held = dict(prediction.probabilities)
    levels = [item.value for item in profile.priorities_by_rank]
    if not set(levels) <= held.keys():
        return prediction
    costs = cost_matrix(
        len(levels), under=profile.priority_cost.under, over=profile.priority_cost.over
    )
    expected = [
        sum(held[true] * costs[row][guess] for row, true in enumerate(levels))
        for guess in range(len(levels))
    ]
    best = levels[min(range(len(levels)), key=lambda guess: expected[guess])]
    return replace(prediction, value=best, confidence=held[best])


def lifted(
    prediction: Prediction, fired: Sequence[tuple[PriorityRule, Evidence]], profile: Profile
) -> Prediction:
    """Raise a prediction to what the fired rules demand, and name the rules."""
    if not fired:
        return prediction
    strictest = min(fired, key=lambda item: profile.priority(item[0].at_least).rank)[0]
    demanded = profile.priority(strictest.at_least)
    reasons = tuple(replace(place, text=place.text) for _, place in fired)
    current = prediction.value
    if current and profile.priority(current).rank <= demanded.rank:
        return replace(prediction, evidence=(*reasons, *prediction.evidence))
    others = [pair for pair in prediction.probabilities if pair[0] != demanded.value]
    rest = sum(held for _, held in others) or 1.0
    scaled = tuple((label, held / rest * (1 - RULE_CONFIDENCE)) for label, held in others)
    return Prediction(
        value=demanded.value,
        confidence=RULE_CONFIDENCE,
        probabilities=((demanded.value, RULE_CONFIDENCE), *scaled),
        label_set=tuple(dict.fromkeys((demanded.value, *prediction.label_set))),
        evidence=(*reasons, *prediction.evidence),
        decision="review",
    )
