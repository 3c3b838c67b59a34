"""Notices from feedback that what is filled in unasked is no longer right as often as promised.

Thresholds are learned from past tickets. When the tickets change, the thresholds keep their
word no longer, and only what people say of the answers shows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kbservice.triage.measures import wilson_lower_bound, wilson_upper_bound

PromiseState = Literal["kept", "broken", "unknown"]

RECENT: Final = 200
"""How many of the newest outcomes the figures tell of."""
_LEAST_TELLING: Final = 20
# The shortfall that must be noticed soon; a smaller one takes longer.
_SHORTFALL: Final = 0.1
# Evidence that raises the alarm. While the promise is kept, it takes more than
# e^7, or 1,000, decisions on average until it is raised for nothing.
_ALARM: Final = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseCheck:
    """Whether a promised precision still holds.

    Attributes:
        state: ``broken`` once the outcomes speak clearly against it, ``kept`` again when their
            lower bound reaches it, ``unknown`` while there are few.
        promised: The precision.
        right: Right ones of the newest ``decided`` outcomes.
        lower: Wilson bounds of the share of right ones, 0 and 1 without any outcome.
    """

    state: PromiseState
    promised: float
    right: int
    decided: int
    lower: float
    upper: float

    @property
    def precision(self) -> float | None:
        """The share of right ones."""
        return self.right / self.decided if self.decided else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseReport:
    """The check over all labels together, and that of each label."""

    overall: PromiseCheck
    by_label: Mapping[str, PromiseCheck]

    @property
    def is_automatic(self) -> bool:
        """Whether anything may still be filled in unasked."""
        return self.overall.state != "broken"

    @property
    def suspended(self) -> frozenset[str]:
        """The labels that must no longer be filled in unasked."""
        return frozenset(label for label, check in self.by_label.items() if check.state == "broken")


def check(outcomes: Sequence[bool], promised: float) -> PromiseCheck:
    """Say whether outcomes keep a promised precision.

    Each wrong outcome adds evidence for a precision that is ten points lower, each right one
    takes some away, and none is ever owed (a CUSUM); enough of it, and the promise is broken.
    It is kept again when the outcomes since then prove it by their lower bound.

    Source: Page 1954, Continuous Inspection Schemes.

    Args:
        outcomes: Whether each value that was, or would have been, filled in unasked was right,
            newest last; of one release, since another one has other thresholds.
        promised: The precision.
    """
    recent = outcomes[-RECENT:]
    right = sum(recent)
    lower, upper = _bounds(right, len(recent))
    return PromiseCheck(
        state=_state(outcomes, promised),
        promised=promised,
        right=right,
        decided=len(recent),
        lower=lower,
        upper=upper,
    )


def report(outcomes: Iterable[tuple[str, bool]], promised: float) -> PromiseReport:
    """Check the outcomes of all labels, and of each.

    Args:
        outcomes: The label that was, or would have been, filled in, and whether it was right;
            newest last.
        promised: The precision.
    """
    known = list(outcomes)
    by_label: dict[str, list[bool]] = {}
    for label, is_right in known:
        by_label.setdefault(label, []).append(is_right)
    return PromiseReport(
        overall=check([is_right for _, is_right in known], promised),
        by_label={label: check(rights, promised) for label, rights in by_label.items()},
    )


def _state(outcomes: Sequence[bool], promised: float) -> PromiseState:
    feared = max(promised - _SHORTFALL, 0.05)
    step = {True: math.log(feared / promised), False: math.log((1 - feared) / (1 - promised))}
    evidence, since_alarm = 0.0, None
    for at, is_right in enumerate(outcomes):
        if since_alarm is None:
            evidence = max(0.0, evidence + step[is_right])
            if evidence >= _ALARM:
                since_alarm = at + 1
        elif _proves(outcomes[max(since_alarm, at + 1 - RECENT) : at + 1], promised):
            evidence, since_alarm = 0.0, None
    if since_alarm is not None:
        return "broken"
    return "kept" if len(outcomes) >= _LEAST_TELLING else "unknown"


def _proves(outcomes: Sequence[bool], promised: float) -> bool:
    return _bounds(sum(outcomes), len(outcomes))[0] >= promised


def _bounds(right: int, decided: int) -> tuple[float, float]:
    if not decided:
        return 0.0, 1.0
    return float(wilson_lower_bound(right, decided)), float(wilson_upper_bound(right, decided))
