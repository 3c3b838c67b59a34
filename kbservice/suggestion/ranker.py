"""The order of the candidates: by fixed weights, or by what feedback taught."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from kbservice.suggestion import fixed_weights
from kbservice.suggestion.features import Matrix
from kbservice.suggestion.fixed_weights import Scores
from kbservice.suggestion.linear import ANCHOR
from kbservice.suggestion.scaling import standardised
from kbservice.suggestion.trees import Trees

FIXED_RELEASE: Final = "fixed"


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned.

    Attributes:
        linear: Weights of the fixed order and of each feature.
        blend: What part of the order is learned, 0 to 1; the rest is the fixed one.
    """

    linear: Scores
    trees: Trees
    blend: float


@dataclass(frozen=True, slots=True)
class Certainty:
    """How the fixed weights' log-odds read as a probability: ``shift + scale x log-odds``."""

    shift: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranker:
    """Orders candidates; one release of it is in use at a time.

    Attributes:
        identities: From how many people it learned: it moves no candidate by more places.
    """

    release: str = FIXED_RELEASE
    learned: Learned | None = None
    certainty: Certainty = field(default_factory=Certainty)
    identities: int = 0

    def scores(self, features: Matrix) -> Scores:
        """Return what each candidate's place goes by, best highest."""
        fixed = fixed_weights.order_scores(features)
        if self.learned is None or len(features) < 2:  # noqa: PLR2004  # nothing to order
            return fixed
        return mixed(fixed, learned_scores(self.learned, features, fixed), self.learned.blend)

    def confidences(self, features: Matrix) -> Scores:
        """Return the probability that each candidate is right."""
        odds = self.certainty.shift + self.certainty.scale * fixed_weights.log_odds(features)
        return fixed_weights.confidences(features, odds)


def learned_scores(learned: Learned, features: Matrix, fixed: Scores) -> Scores:
    """Return the two halves of what was learned, each on the scale of one query."""
    standard, base = standardised(features), standardised(fixed)
    linear = learned.linear[0] * base + standard @ learned.linear[1:]
    # The trees were grown upon the fixed order.
    grown = learned.trees.scores(standard, features) + ANCHOR * base
    both: Scores = 0.5 * standardised(linear) + 0.5 * standardised(grown)
    return both


def mixed(fixed: Scores, learned: Scores, blend: float) -> Scores:
    """Return part learned, part fixed; with no learned part the fixed scores themselves."""
    if not blend:
        return fixed
    total: Scores = blend * learned + (1.0 - blend) * standardised(fixed)
    return np.round(total, 9)
