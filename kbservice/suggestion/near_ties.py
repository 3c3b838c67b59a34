"""Near ties shown in either order, by lot: what tells attention from merit."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from kbservice.suggestion.fixes import Ranked

_NEAR: Final = 0.02


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person sees.

    Attributes:
        lots: Of the two articles that a lot decided about: ``kept`` or ``swapped``.
    """

    ranked: Ranked
    lots: Mapping[str, str] = field(default_factory=dict)


def drawn(shown: Shown, dice: Random) -> Shown:
    """Let a lot decide between the first two neighbours of nearly equal confidence."""
    fixes = list(shown.ranked.fixes)
    for at, (upper, lower) in enumerate(itertools.pairwise(fixes)):
        if upper.confidence - lower.confidence > _NEAR:
            continue
        lot = "swapped" if dice.random() < 0.5 else "kept"  # noqa: PLR2004  # a fair coin
        if lot == "swapped":
            # None may look surer than the one above it.
            sure = lower.confidence
            fixes[at : at + 2] = [lower, replace(upper, confidence=sure, band=lower.band)]
        lots = {upper.article_id: lot, lower.article_id: lot}
        return Shown(replace(shown.ranked, fixes=tuple(fixes)), lots)
    return shown
