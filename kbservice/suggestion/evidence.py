"""What speaks for a fix besides its words: its outcomes, and where it was used."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kbservice.suggestion.candidate import Candidate, Wanted
from kbservice.text.normalise import fold_text

_Z: Final = 1.645  # one-sided 95 %
# A version as people write it into a sentence; a bare 3.2 could be anything.
_VERSION: Final = re.compile(
    r"(?<![A-Za-z0-9.])v\d{1,4}(?:\.\d{1,6}){1,3}(?!\.?[A-Za-z0-9])", re.IGNORECASE
)
_SYSTEM: Final = re.compile(
    r"(?<![A-Za-z])(Windows|Win|Android|iOS|macOS|Ubuntu|CentOS|Debian|Kylin|UOS|Chrome|Edge|"
    r"Firefox|Safari|Office|WPS|Java|JDK|Python|MySQL|Oracle|PostgreSQL|Node|麒麟|统信|鸿蒙)"
    r"[ _-]{0,2}[vV]?(\d{1,4}(?:\.\d{1,4}){0,3})(?![\dA-Za-z])",
    re.IGNORECASE,
)
_FAMILIES: Final = {"win": "Windows", "windows": "Windows", "jdk": "Java"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How a fix did so far.

    Attributes:
        lower_bound: Share of successes that the outcomes prove, 0-1 (Wilson 1927).
        verification: Who confirmed it: ``user``, ``internal`` or ``unverified``.
        environment_diff: Where it was used otherwise, spelt out: ``V3.2 ≠ V3.4``.
    """

    solved: int
    failed: int
    lower_bound: float
    last_success_at: datetime | None
    verification: str = "unverified"
    environment_diff: tuple[str, ...] = ()


def evidence_of(wanted: Wanted, article: Candidate) -> Evidence:
    """Return what speaks for an article besides its words."""
    trials = article.solved_count + article.failed_count
    return Evidence(
        solved=article.solved_count,
        failed=article.failed_count,
        lower_bound=round(wilson_lower_bound(article.solved_count, trials), 4),
        last_success_at=article.last_success_at,
        verification=article.verification,
        environment_diff=differences(wanted, article),
    )


def differences(wanted: Wanted, article: Candidate) -> tuple[str, ...]:
    """Return where the article's fix was used otherwise than the ticket asks, spelt out."""
    return (
        *product_difference(article.product, wanted.product),
        *version_difference(article.version, wanted.version, wanted.text),
        *environment_difference(article, wanted.environment),
    )


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


def environment_difference(article: Candidate, wanted: str) -> tuple[str, ...]:
    """Compare the systems that an article's environment section and the ticket name."""
    section = dict(article.sections).get("environment", "")
    known, asked = _systems(section), _systems(wanted)
    if not known or not asked:
        return ()
    # Win10 and Windows 11 differ; a browser beside an operating system does not.
    return tuple(
        f"{known[family]} ≠ {asked[family]}"
        for family in known
        if family in asked and _key(known[family]) != _key(asked[family])
    )


def _systems(text: str) -> dict[str, str]:
    """Return the first numbered name of each family: windows -> Windows 11."""
    found: dict[str, str] = {}
    for match in _SYSTEM.finditer(fold_text(text)):
        family, number = match.groups()
        name = _FAMILIES.get(family.casefold(), family)
        found.setdefault(name.casefold(), f"{name} {number}")
    return found


def _key(value: str) -> str:
    return fold_text(value).casefold().strip().removeprefix("v").strip(" .")
