"""Everything triage says of one ticket: category, priority and kind, each with honest doubt."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from kbservice.profiles.schema import Profile
from kbservice.triage.classifier import (
    NO_PREDICTION,
    Assessment,
    Decision,
    Prediction,
    ReleaseInfo,
    TicketClassifier,
    TicketText,
)
from kbservice.triage.day_zero import (
    DAY_ZERO,
    DayZeroClassifier,
    category_words,
    kind_words,
    priority_words,
)
from kbservice.triage.priority import at_least_cost, lifted
from kbservice.triage.rules import fired_rules


class Assessor:
    """Assesses tickets of one profile, with a trained release where there is one.

    The label set is closed: the profile's values, and the instance's own categories that
    imported tickets brought along.
    """

    def __init__(
        self,
        profile: Profile,
        trained: Mapping[str, TicketClassifier],
        *,
        extra_categories: Collection[str] = (),
        degraded: tuple[str, ...] = (),
    ) -> None:
        self._profile = profile
        self._trained = trained
        self._degraded = degraded
        self._allowed = {
            "category": {item.value for item in profile.categories} | set(extra_categories),
            "priority": {item.value for item in profile.priorities},
            "kind": {item.value for item in profile.kinds},
        }
        self._day_zero: dict[str, TicketClassifier] = {
            "category": DayZeroClassifier(category_words(profile)),
            "priority": DayZeroClassifier(priority_words(profile)),
            "kind": DayZeroClassifier(kind_words(profile)),
        }

    @property
    def release(self) -> ReleaseInfo:
        """The release in use; day zero while there is none."""
        return next((classifier.info for classifier in self._trained.values()), DAY_ZERO)

    def assess(self, ticket: TicketText) -> Assessment:
        """Return what the ticket's words say."""
        category = self._decided(self._predict("category", ticket))
        guessed = self._predict("priority", ticket)
        if "priority" in self._trained and guessed.value:
            guessed = at_least_cost(guessed, self._profile)
        fired = fired_rules(self._profile, ticket)
        priority = lifted(self._decided(guessed), fired, self._profile)
        return Assessment(
            category=category,
            priority=priority,
            kind=self._kind(ticket, category),
            decision=_weaker(category.decision, priority.decision),
            release=self.release,
            degraded=self._degraded,
        )

    def _predict(self, name: str, ticket: TicketText) -> Prediction:
        classifier = self._trained.get(name) or self._day_zero[name]
        return self._closed(name, classifier.predict(ticket))

    def _closed(self, name: str, prediction: Prediction) -> Prediction:
        """Drop labels that the profile no longer has, and share out their probability."""
        allowed = self._allowed[name]
        kept = [pair for pair in prediction.probabilities if pair[0] in allowed]
        if len(kept) == len(prediction.probabilities):
            return prediction
        total = sum(held for _, held in kept)
        if not total:
            return NO_PREDICTION
        best, held = kept[0]
        return replace(
            prediction,
            value=best,
            confidence=held / total,
            probabilities=tuple((label, share / total) for label, share in kept),
            label_set=tuple(label for label in prediction.label_set if label in allowed) or (best,),
            evidence=prediction.evidence if best == prediction.value else (),
            decision="review",
        )

    def _decided(self, prediction: Prediction) -> Prediction:
        """Let the stricter of the release's and the profile's thresholds decide."""
        bar = self._profile.thresholds
        if prediction.value is None or prediction.confidence < bar.review:
            return replace(prediction, decision="abstain")
        if prediction.decision == "auto" and prediction.confidence >= bar.auto:
            return prediction
        return replace(prediction, decision="review")

    def _kind(self, ticket: TicketText, category: Prediction) -> Prediction:
        """Return the kind that the words tell, else the one that the category usually is."""
        kind = self._predict("kind", ticket)
        if kind.value or not category.value or category.decision == "abstain":
            return kind
        usual = {item.value: item.kind for item in self._profile.categories}.get(category.value)
        if usual is None:
            return kind
        return Prediction(
            value=usual,
            confidence=category.confidence,
            probabilities=((usual, category.confidence),),
            label_set=(usual,),
            decision="review",
        )


def _weaker(first: Decision, second: Decision) -> Decision:
    order: tuple[Decision, ...] = ("abstain", "review", "auto")
    return min(first, second, key=order.index)
