"""What speaks for a fix besides its words: outcomes, recency, and where it was used."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from kbservice.text.normalise import fold_text

_Z = 1.645  # one-sided 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How a fix did so far.

    Attributes:
        lower_bound: Share of successes that the outcomes prove, 0-1 (Wilson 1927).
        environment_diff: Where it was used otherwise, spelt out: ``V3.2 ≠ V3.4``.
    """

    solved: int
    failed: int
    lower_bound: float
    last_success_at: datetime | None
    environment_diff: tuple[str, ...] = ()


def wilson_lower_bound(successes: int, trials: int) -> float:
    """Return the lower end of the Wilson score interval; 0 without trials."""
    if not trials:
        return 0.0
    share = successes / trials
    centre = share + _Z * _Z / (2 * trials)
    spread = _Z * math.sqrt(share * (1 - share) / trials + _Z * _Z / (4 * trials * trials))
    return max(0.0, (centre - spread) / (1 + _Z * _Z / trials))


def differences(wanted: tuple[str, str], known: tuple[str, str]) -> tuple[str, ...]:
    """Compare (product, version) of the ticket and of the fix; what is unknown never differs."""
    pairs = zip(known, wanted, strict=True)
    return tuple(
        f"{there} ≠ {here}" for there, here in pairs if here and there and _key(here) != _key(there)
    )


def _key(value: str) -> str:
    return fold_text(value).casefold().strip().removeprefix("v").strip(" .")
