"""What a ticket classifier takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Decision = Literal["auto", "review", "abstain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketText:
    """The words of a ticket, before or after it is stored."""

    title: str
    body: str = ""
    product: str = ""
    version: str = ""
    environment: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One reason for a prediction.

    Attributes:
        source: ``word`` (the classifier's own weight), ``rule`` or ``criterion`` (the profile's),
            or ``category``: what tickets of the category guessed usually are.
        text: The word as it stands in the ticket, or a name in the ticket's language.
        value: Which rule or category it is: readers get its name in their own language.
        weight: Part of the log-odds of the winner against the runner-up; negative speaks against.
        start: Offset of the word in the title or body, -1 where it has none.
        field: ``title`` or ``body``, empty where ``start`` is -1.
    """

    source: Literal["word", "rule", "criterion", "category"]
    text: str
    weight: float = 0.0
    field: str = ""
    start: int = -1
    end: int = -1
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A calibrated guess at one label.

    Attributes:
        value: The best label, or None where nothing speaks for any.
        confidence: Calibrated probability of ``value``, 0-1.
        probabilities: Every label of the closed set with its probability, best first.
        label_set: Labels that hold the true one with the promised coverage, best first.
        decision: ``auto`` (safe to fill in), ``review`` (offer), ``abstain`` (not sure).
    """

    value: str | None
    confidence: float
    probabilities: tuple[tuple[str, float], ...] = ()
    label_set: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    decision: Decision = "abstain"


NO_PREDICTION = Prediction(value=None, confidence=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInfo:
    """Which release made a prediction; ``day-zero`` when the profile's criteria did."""

    release: str
    trained_at: datetime | None = None
    tickets: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Everything triage says of one ticket.

    Attributes:
        release: What had a say in any of the labels.
    """

    category: Prediction
    priority: Prediction
    kind: Prediction
    decision: Decision
    release: ReleaseInfo
    degraded: tuple[str, ...] = ()


class TicketClassifier(Protocol):
    """Guesses one kind of label (category or priority) from a ticket's words.

    The label set is closed: a label outside ``labels`` never comes out.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that can come out, in a fixed order."""

    @property
    def info(self) -> ReleaseInfo:
        """Which release this is."""

    @property
    def frequencies(self) -> Mapping[str, float]:
        """How frequent each label was in what was learned from; empty where nothing was."""

    def predict(self, ticket: TicketText) -> Prediction:
        """Return the calibrated guess with its reasons."""
