"""What speaks for a fix besides its words: its outcomes, and where it was used."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kbservice.text.normalise import fold_text

_Z: Final = 1.645  # one-sided 95 %
# A version as people write it into a sentence; a bare 3.2 could be anything.
_VERSION: Final = re.compile(
    r"(?<![A-Za-z0-9.])v\d{1,4}(?:\.\d{1,6}){1,3}(?!\.?[A-Za-z0-9])", re.IGNORECASE
)


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
    """Return the share that so many successes prove, 0 without trials.

    Source: Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference.
    """
    if not trials:
        return 0.0
    share = successes / trials
    centre = share + _Z * _Z / (2 * trials)
    spread = _Z * math.sqrt(share * (1 - share) / trials + _Z * _Z / (4 * trials * trials))
    return max(0.0, (centre - spread) / (1 + _Z * _Z / trials))


def product_difference(known: str, wanted: str) -> tuple[str, ...]:
    """Compare the fix's product with the ticket's; what is unknown never differs."""
    if not known or not wanted or _key(known) == _key(wanted):
        return ()
    return (f"{known} ≠ {wanted}",)


def version_difference(known: str, wanted: str, text: str) -> tuple[str, ...]:
    """Compare the fix's version with the ticket's, or with those that its text names."""
    stated = [wanted] if wanted else list(dict.fromkeys(_VERSION.findall(text)))
    if not known or not stated or _key(known) in map(_key, stated):
        return ()
    return (f"{known} ≠ {stated[0]}",)


def _key(value: str) -> str:
    return fold_text(value).casefold().strip().removeprefix("v").strip(" .")
