"""Category, priority and kind of one ticket, within the labels that the profile knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from kbservice.profiles.schema import Profile
from kbservice.text.languages import language_of
from kbservice.text.normalise import opening
from kbservice.triage import day_zero
from kbservice.triage.classifier import (
    NO_PREDICTION,
    Assessment,
    Decision,
    Evidence,
    Prediction,
    TicketClassifier,
    TicketText,
)
from kbservice.triage.day_zero import DayZeroClassifier
from kbservice.triage.priority import Costs, at_least_cost, lifted
from kbservice.triage.rules import FiredRule, fired

_TORN: Final = 0.5
# Of a title and a body each; what follows is logs, and tells no phrase that was not there before.
_READ: Final = 8_000


class Assessor:
    """Assesses tickets of one profile; immutable, safe for any number of threads.

    Args:
        profile: Its labels, thresholds, rules and costs apply.
        trained: Classifiers by kind of label; the profile's criteria stand in for the rest.
        extra_categories: Categories that count besides the profile's: the instance's own,
            brought along by imported tickets.
        degraded: Parts that should have been there but could not be loaded.
        is_automatic: Whether anything may be filled in unasked; if not, it is offered.
        suspended: Categories that must not be filled in unasked, since feedback showed that the
            promise does not hold for them.
    """

    def __init__(
        self,
        profile: Profile,
        trained: Mapping[str, TicketClassifier],
        *,
        extra_categories: Collection[str] = (),
        degraded: tuple[str, ...] = (),
        is_automatic: bool = True,
        suspended: Collection[str] = (),
    ) -> None:
        self._profile = profile
        self._degraded = degraded
        self._is_automatic = is_automatic
        self._suspended = frozenset(suspended)
        # Where only priorities were labelled, only they are learned.
        self._release = next((item.info for item in trained.values()), day_zero.DAY_ZERO)
        self._categories = {item.value for item in profile.categories} | set(extra_categories)
        self._category = trained.get("category") or DayZeroClassifier(
            day_zero.category_specs(profile)
        )
        self._costs = Costs.of(profile)
        self._has_learned_priorities = "priority" in trained
        self._priority = trained.get("priority") or DayZeroClassifier(
            day_zero.priority_specs(profile), only_stated=True
        )
        self._usual_priorities = self._priority.frequencies
        self._kind = trained.get("kind") or DayZeroClassifier(
            day_zero.kind_specs(profile), only_phrases=True
        )
        self._fault = profile.kinds[0].value

    def assess(self, ticket: TicketText) -> Assessment:
        """Say everything triage can of one ticket."""
        profile = self._profile
        ticket = replace(
            ticket, title=opening(ticket.title, _READ), body=opening(ticket.body, _READ)
        )
        category = self._held_back(within(self._category.predict(ticket), self._categories))
        priority = self._held_back(within(self._priority.predict(ticket), self._costs.levels))
        if self._has_learned_priorities:
            priority = at_least_cost(priority, self._costs, self._usual_priorities)
        kind = within(self._kind.predict(ticket), {item.value for item in profile.kinds})
        rules = fired(profile, ticket)
        # What raises the alarm is a fault, whatever its category usually is.
        alarms = [rule for rule in rules if rule.at_least == self._costs.levels[0]]
        if not alarms or self._usual_kind(category) == self._fault:
            kind = self._with_usual_kind(kind, category, ticket)
        return Assessment(
            category=category,
            priority=lifted(priority, rules, self._costs),
            kind=self._presumed(kind, ticket, alarms),
            decision=category.decision,
            release=self._release,
            degraded=self._degraded,
        )

    def _held_back(self, prediction: Prediction) -> Prediction:
        """Let the stricter of the classifier's and the profile's thresholds decide."""
        return replace(prediction, decision=self._decision(prediction))

    def _decision(self, prediction: Prediction) -> Decision:
        bar = self._profile.thresholds
        if prediction.value is None or prediction.decision == "abstain":
            return "abstain"
        if self._may_fill_in(prediction) and prediction.confidence >= bar.auto:
            return "auto"
        return "review" if prediction.confidence >= bar.review else "abstain"

    def _may_fill_in(self, prediction: Prediction) -> bool:
        return (
            prediction.decision == "auto"
            and self._is_automatic
            and prediction.value not in self._suspended
        )

    def _usual_kind(self, category: Prediction) -> str | None:
        kinds = {item.value: item.kind for item in self._profile.categories}
        return kinds.get(category.value or "")

    def _with_usual_kind(
        self, kind: Prediction, category: Prediction, ticket: TicketText
    ) -> Prediction:
        """Fall back on the kind that tickets of this category usually are."""
        usual = self._usual_kind(category)
        if usual is None or category.decision == "abstain" or self._is_clear(kind, category):
            return kind
        value = str(category.value)
        name = self._profile.category(value).labels.text(
            language_of(f"{ticket.title}\n{ticket.body}")
        )
        return Prediction(
            value=usual,
            confidence=category.confidence,
            probabilities=((usual, category.confidence),),
            label_set=(usual,),
            evidence=(Evidence(source="category", text=name, value=value),),
            decision="review",
        )

    def _is_clear(self, kind: Prediction, category: Prediction) -> bool:
        """Whether a kind needs no help of the category.

        Guesses by keywords are torn where one word asks and another tells of a trouble: how do I
        change the timeout.
        """
        if kind.decision == "abstain":
            return False
        is_torn = isinstance(self._kind, DayZeroClassifier) and kind.confidence < _TORN
        return not is_torn or kind.confidence >= category.confidence

    def _presumed(
        self, kind: Prediction, ticket: TicketText, alarms: Sequence[FiredRule]
    ) -> Prediction:
        """Presume a fault, the profile's first kind, at an alarm or where nothing asks or wishes."""
        if kind.decision != "abstain" or (
            not alarms and not isinstance(self._kind, DayZeroClassifier)
        ):
            return kind
        reasons = self._kind.reasons(ticket) if isinstance(self._kind, DayZeroClassifier) else {}
        if any(found for value, found in reasons.items() if value != self._fault):
            return kind
        return Prediction(
            value=self._fault,
            confidence=dict(kind.probabilities).get(self._fault, 0.0),
            probabilities=kind.probabilities,
            label_set=(self._fault, *(value for value in kind.label_set if value != self._fault)),
            evidence=(*(rule.evidence for rule in alarms), *reasons.get(self._fault, ())),
        )


def within(prediction: Prediction, allowed: Collection[str]) -> Prediction:
    """Keep only allowed labels; they share out the probability that the others held.

    Where the likeliest label is not allowed, nothing is decided and no words are shown: they
    spoke for that label.
    """
    if all(label in allowed for label, _ in prediction.probabilities):
        return prediction
    kept = [(label, held) for label, held in prediction.probabilities if label in allowed]
    total = sum(held for _, held in kept)
    if not total:
        return NO_PREDICTION
    best, held = kept[0]
    is_same = best == prediction.value
    return Prediction(
        value=best,
        confidence=held / total if is_same else held,
        probabilities=tuple((label, share / total) for label, share in kept),
        label_set=tuple(label for label in prediction.label_set if label in allowed) or (best,),
        evidence=prediction.evidence if is_same else (),
        decision=prediction.decision if is_same else "abstain",
    )
