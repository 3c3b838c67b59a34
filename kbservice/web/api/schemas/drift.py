"""Shapes of how the last weeks' tickets compare with those of the training."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from kbservice import locales
from kbservice.services.drift import DriftReport, Week
from kbservice.triage.drift import Mover, Signal
from kbservice.web.api.schemas.base import Out

State = Literal["steady", "drifting", "unknown"]


class MoverOut(Out):
    """A category whose share grew or fell most."""

    label: str
    share: float
    usual: float

    @classmethod
    def of(cls, mover: Mover) -> Self:
        """Present one category."""
        return cls(label=mover.label, share=round(mover.share, 4), usual=round(mover.usual, 4))


class SignalOut(Out):
    """One figure; above `bar` it is drift.

    `abstentions` and `words` are shares, `labels` is the population stability index.
    """

    name: Literal["abstentions", "labels", "words"]
    value: float
    usual: float
    bar: float
    state: State
    movers: list[MoverOut]

    @classmethod
    def of(cls, signal: Signal) -> Self:
        """Present one figure."""
        return cls(
            name=signal.name,
            value=round(signal.value, 4),
            usual=round(signal.usual, 4),
            bar=round(signal.bar, 4),
            state=signal.state,
            movers=[MoverOut.of(mover) for mover in signal.movers],
        )


class WeekOut(Out):
    """Seven days from `start` on; the figures are unknown where there were few tickets."""

    start: datetime
    tickets: int
    signals: list[SignalOut]

    @classmethod
    def of(cls, week: Week) -> Self:
        """Present one week."""
        return cls(
            start=week.start,
            tickets=week.tickets,
            signals=[SignalOut.of(signal) for signal in week.signals],
        )


class DriftOut(Out):
    """How the last weeks' tickets compare with those that the classifier learned from."""

    release: str | None = Field(description="The release in use; null: none says what is usual")
    state: State
    sentences: list[str] = Field(description="What the last seven days say")
    weeks: list[WeekOut] = Field(description="Newest first")

    @classmethod
    def of(cls, report: DriftReport, locale: str) -> Self:
        """Present a report in the reader's language."""
        return cls(
            release=report.release or None,
            state=report.state,
            sentences=[
                locales.translate(told.message, locale, **told.facts) for told in report.sentences()
            ],
            weeks=[WeekOut.of(week) for week in report.weeks],
        )
