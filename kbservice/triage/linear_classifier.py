"""The trained classifier: one linear score a label, calibrated, with exact reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kbservice.triage.calibration import Calibration, doubted, trusted
from kbservice.triage.classifier import Decision, Prediction, ReleaseInfo, TicketText
from kbservice.triage.explanation import Explanation, attribute, strongest
from kbservice.triage.features import FIELDS, blanked, features_of
from kbservice.triage.layout import laid_out
from kbservice.triage.measures import Doubles
from kbservice.triage.stated_fields import names_of
from kbservice.triage.thresholds import LabelThreshold, Promises
from kbservice.triage.vectoriser import Vector, Vectoriser
from kbservice.triage.vocabulary import Vocabulary

REVIEW_CONFIDENCE = 0.4
"""Confidence from which a prediction is offered; a profile may ask for more."""
_SMALLEST = 1e-300
# How far a text of unknown words is judged by pieces of them: 1 of 8 such questions rightly.
_TRUST_IN_STRANGE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What training learned of one kind of label.

    Attributes:
        labels: In the order of the weights' columns.
        weights: Shape (features, labels): the rows of a ticket's features lie close together.
        thresholds: In the same order.
        promises: What the thresholds keep.
        fields: What a ticket must state, with known values, to be read with its fields.
        least_known: Share of known words below which a text is too strange to say anything of.
    """

    labels: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    intercepts: Doubles
    calibration: Calibration
    thresholds: tuple[LabelThreshold, ...]
    promises: Promises
    fields: frozenset[str] = frozenset()
    least_known: float = 0.0


class LinearClassifier:
    """Guesses one kind of label; immutable, safe for any number of threads.

    Args:
        vectoriser: Makes numbers of a ticket.
        learned: What they weigh.
        info: The release.
        of_text: Reads the tickets that lack the fields this one counts on; None: it needs none.
    """

    def __init__(
        self,
        vectoriser: Vectoriser,
        learned: Weights,
        info: ReleaseInfo,
        of_text: LinearClassifier | None = None,
    ) -> None:
        self.vectoriser = vectoriser
        self.learned = learned
        self.of_text = of_text
        self._info = info
        self._vocabulary = Vocabulary.of(vectoriser)
        self._tickets = np.array([item.tickets for item in learned.thresholds])
        self._in_set = np.array([item.in_set for item in learned.thresholds])

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that can come out, in a fixed order."""
        return self.learned.labels

    @property
    def info(self) -> ReleaseInfo:
        """Which release this is."""
        return self._info

    @property
    def frequencies(self) -> Mapping[str, float]:
        """How frequent each label was in what was learned from."""
        held = {name: item.tickets for name, item in self.thresholds().items()}
        return {name: tickets / sum(held.values()) for name, tickets in held.items()}

    def thresholds(self) -> Mapping[str, LabelThreshold]:
        """Return from which probability each label is filled in or offered.

        Of tickets with and without their fields, the more careful one counts.
        """
        own = dict(zip(self.labels, self.learned.thresholds, strict=True))
        if self.of_text is None:
            return own
        return {
            label: replace(
                max(own[label], item, key=lambda either: either.automatic), tickets=item.tickets
            )
            for label, item in self.of_text.thresholds().items()
        }

    def reading(self, ticket: TicketText) -> LinearClassifier:
        """Return what answers for a ticket: itself, or what reads the text alone."""
        if self.of_text is None:
            return self
        stated = features_of(blanked(ticket)).of(FIELDS).terms
        known = names_of(field for field in stated if field in self.vectoriser.known(FIELDS))
        return self if known >= self.learned.fields else self.of_text

    def released_as(self, info: ReleaseInfo) -> LinearClassifier:
        """Return the same classifier under a release's name."""
        of_text = self.of_text.released_as(info) if self.of_text else None
        return LinearClassifier(self.vectoriser, self.learned, info, of_text)

    def predict(self, ticket: TicketText) -> Prediction:
        """Return the calibrated guess with its reasons."""
        reading = self.reading(ticket)
        if reading is not self:
            return reading.predict(ticket)
        ticket = blanked(ticket)
        vector = self._vector(ticket)
        is_strange = self._is_strange(ticket)
        probabilities = self._probabilities(vector, is_strange=is_strange)
        order = np.argsort(-probabilities, kind="stable")
        plain = self._prediction(probabilities, order)
        if is_strange:
            return replace(plain, decision="abstain")
        explanation = self._explanation(ticket, vector, probabilities)
        return replace(plain, evidence=strongest(explanation))

    def probabilities(self, ticket: TicketText) -> Doubles:
        """Return the probability of every label, in the order of ``labels``."""
        reading = self.reading(ticket)
        if reading is not self:
            return reading.probabilities(ticket)
        ticket = blanked(ticket)
        return self._probabilities(self._vector(ticket), is_strange=self._is_strange(ticket))

    def explain(self, ticket: TicketText) -> Explanation:
        """Return all reasons: they add up to the log-odds of the winner against the runner-up."""
        reading = self.reading(ticket)
        if reading is not self:
            return reading.explain(ticket)
        ticket = blanked(ticket)
        vector = self._vector(ticket)
        probabilities = self._probabilities(vector, is_strange=self._is_strange(ticket))
        return self._explanation(ticket, vector, probabilities)

    def _is_strange(self, ticket: TicketText) -> bool:
        """Whether too few words are known; stated fields tell enough."""
        if self.learned.fields:
            return False
        known = self._vocabulary.known(ticket)
        return not known or known < self.learned.least_known

    def _probabilities(self, vector: Vector, *, is_strange: bool) -> Doubles:
        calibrated = self.learned.calibration.probabilities(self._scores(vector))
        held = trusted(calibrated, self._tickets)
        return doubted(held, _TRUST_IN_STRANGE) if is_strange else held

    def _vector(self, ticket: TicketText) -> Vector:
        return self.vectoriser.vector(features_of(ticket))

    def _scores(self, vector: Vector) -> Doubles:
        learned = self.learned
        return np.asarray(vector.values @ learned.weights[vector.columns] + learned.intercepts)

    def _prediction(self, probabilities: Doubles, order: npt.NDArray[np.int64]) -> Prediction:
        ranked = tuple((self.labels[at], float(probabilities[at])) for at in order)
        value, confidence = ranked[0]
        in_set = tuple(self.labels[at] for at in order if probabilities[at] >= self._in_set[at])
        return Prediction(
            value=value,
            confidence=confidence,
            probabilities=ranked,
            label_set=in_set or (value,),
            decision=_decision(confidence, self.learned.thresholds[order[0]].automatic),
        )

    def _explanation(
        self, ticket: TicketText, vector: Vector, probabilities: Doubles
    ) -> Explanation:
        learned, calibration = self.learned, self.learned.calibration
        winner, runner_up = np.argsort(-probabilities, kind="stable")[:2].tolist()
        rows = learned.weights[vector.columns]
        parts = calibration.scale * vector.values * (rows[:, winner] - rows[:, runner_up])
        between = learned.intercepts[winner] - learned.intercepts[runner_up]
        bias = calibration.scale * between + calibration.bias[winner] - calibration.bias[runner_up]
        bias += _bend(probabilities, parts.sum() + bias, winner, runner_up)
        words, rest = attribute(laid_out(ticket), vector.spread(parts.astype(float)))
        return Explanation(
            winner=learned.labels[winner],
            runner_up=learned.labels[runner_up],
            bias=float(bias),
            words=words,
            rest=rest,
        )


def _bend(probabilities: Doubles, straight: float, winner: int, runner_up: int) -> float:
    """Return what the calibration's curve added to the straight log-odds of two labels."""
    held = np.maximum(probabilities[[winner, runner_up]], _SMALLEST)
    return float(np.log(held[0]) - np.log(held[1]) - straight)


def _decision(confidence: float, automatic: float) -> Decision:
    if confidence >= automatic:
        return "auto"
    return "review" if confidence >= REVIEW_CONFIDENCE else "abstain"
