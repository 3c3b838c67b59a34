"""How a profile states its time targets. Nothing here computes a date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from kbservice.profiles.wording import Named, Slug, Sourced

Unit = Literal["minute", "hour", "working_hour", "working_day"]
"""``minute`` and ``hour`` run day and night; the working units follow the work calendar."""

Stage = Literal[
    "acknowledge",
    "accept",
    "analysis",
    "response",
    "progress",
    "escalation",
    "consultation",
    "resolution",
    "archive",
    "callback",
]
Event = Literal[
    "open",
    "acknowledge",
    "grade",
    "assign",
    "accept",
    "analyse",
    "respond",
    "block",
    "unblock",
    "progress",
    "escalate",
    "consult",
    "propose_solution",
    "approve_solution",
    "implement",
    "verify_internal",
    "verify_user",
    "fail_verification",
    "resolve",
    "rate",
    "rate_badly",
    "callback",
    "close",
    "reopen",
    "archive",
    "merge",
]
NoTarget = Literal["no target"]
NO_TARGET: Final[NoTarget] = "no target"
"""The specification sets no limit here; neither zero nor forgotten."""


class Target(Sourced):
    """An amount of time.

    Attributes:
        stop: Event that stops the clock for this target, where it differs from the clock's.
    """

    amount: int = Field(gt=0)
    unit: Unit
    stop: Event | None = None


class StageClock(Named):
    """One clock of a ticket.

    Attributes:
        start: Event that starts it.
        stop: Event that stops it; for a repeating clock, that starts it anew.
        paused_in: States in which it stands still.
        repeats: The target recurs until the ticket is solved.
        not_later_than: Another clock whose earlier due time caps this one.
        every: The target of all priorities; else ``by_priority`` names each.
    """

    value: Stage
    start: Event
    stop: Event
    paused_in: tuple[Slug, ...] = ()
    repeats: bool = False
    not_later_than: Stage | None = None
    every: Target | NoTarget | None = None
    by_priority: Mapping[Slug, Target | NoTarget] = {}

    @model_validator(mode="after")
    def _has_one_kind_of_target(self) -> Self:
        if (self.every is None) == (not self.by_priority):
            raise ValueError("give either 'every' or 'by_priority'")
        return self

    def target(self, priority: str | None) -> Target | NoTarget | None:
        """Return the target, or None while it hangs on a priority not yet assessed."""
        if self.every is not None:
            return self.every
        return None if priority is None else self.by_priority.get(priority, NO_TARGET)
