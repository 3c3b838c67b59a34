"""Shapes of a classifier release's cards."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field

from kbservice.services.training import ReleaseCard
from kbservice.triage.card import Card
from kbservice.web.api.schemas.base import Out


class LabelRowOut(Out):
    """One label: how it did on unseen tickets, and when it is filled in unasked."""

    label: str
    tickets: int
    guessed: int
    precision: float | None
    recall: float | None
    f1: float | None
    learned_from: int
    automatic: float | None = Field(description="Confidence from which it is filled in; or never")
    needed: int | None = Field(
        description="Tickets that it still needs before it may be filled in; null: more would not do"
    )


class ReliabilityBinOut(Out):
    """The tickets it was about so sure of, and how often it was right."""

    tickets: int
    confidence: float
    accuracy: float


class ConfusionOut(Out):
    """One label taken for another; the titles are masked."""

    label: str
    guess: str
    tickets: int
    examples: list[str]


class CardOut(Out):
    """How a release did on tickets that it had not seen, for one kind of label.

    `matrix` counts by true label (row) and guess (column) in the order of `labels`; it is empty
    where there are more than 20.
    """

    tickets: int
    since: str | None
    until: str | None
    labels: list[LabelRowOut]
    matrix: list[list[int]]
    reliability: list[ReliabilityBinOut]
    confusions: list[ConfusionOut]

    @classmethod
    def of(cls, card: Card) -> Self:
        """Present a card."""
        plain = card.plain()
        return cls.model_validate(
            {**plain, "since": card.since or None, "until": card.until or None}
        )


class ReleaseCardOut(Out):
    """One release: what its training recorded, and a card for each kind of label.

    `release.verdict` tells how it did beside the release that was in use then.
    """

    release: dict[str, Any]
    cards: dict[str, CardOut]

    @classmethod
    def of(cls, found: ReleaseCard) -> Self:
        """Present a release."""
        return cls(
            release=dict(found.facts),
            cards={name: CardOut.of(card) for name, card in found.cards.items()},
        )
