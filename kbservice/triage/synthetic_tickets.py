"""Made-up tickets from what a profile says of its labels: lessons before there are any.

Each name, keyword, criterion and example of a label stands for a ticket of that label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from kbservice.triage.classifier import TicketText
from kbservice.triage.features import blanked, features_of
from kbservice.triage.hyperplanes import separate_labels
from kbservice.triage.measures import Doubles
from kbservice.triage.vectoriser import Vectoriser, count, weigh

COPIES: Final = 2
"""How often each counts: so often that its words are known, and no word of one ticket alone is."""
_PENALTY: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSpec:
    """What is known of a label without any ticket.

    Attributes:
        names: What people call it, in any language.
        keywords: Words that tickets of this label use.
        samples: Criteria and example texts.
    """

    value: str
    names: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that is said of it, each text once."""
        texts = (*self.names, *self.keywords, *self.samples)
        return tuple(dict.fromkeys(text for text in texts if text.strip()))


@dataclass(frozen=True, slots=True)
class SyntheticTicket:
    """A made-up ticket and its label."""

    words: TicketText
    label: str


def synthetic_tickets(specs: Sequence[LabelSpec]) -> tuple[SyntheticTicket, ...]:
    """Return the made-up tickets of some labels, each as often as it counts."""
    made = [
        SyntheticTicket(TicketText(title=text), spec.value) for spec in specs for text in spec.texts
    ]
    return tuple(made * COPIES)


class Likeness:
    """Scores labels by how much a text resembles what is said of them, word parts included."""

    def __init__(self, specs: Sequence[LabelSpec]) -> None:
        made = synthetic_tickets(specs)
        labels = sorted({item.label for item in made})
        self._labels = tuple(labels)
        counts = count([item.words for item in made])
        if len(labels) < 2 or not counts:  # noqa: PLR2004 (a choice needs two)
            self._labels = ()
            return
        blocks, matrix = weigh(counts, np.arange(len(made)))
        truth = np.array([labels.index(item.label) for item in made], dtype=np.int64)
        weights, self._intercepts = separate_labels(matrix, truth, len(labels), _PENALTY)
        self._weights: npt.NDArray[np.float32] = np.ascontiguousarray(weights.T)
        self._vectoriser = Vectoriser(blocks)

    def scores(self, ticket: TicketText) -> dict[str, float]:
        """Return a number between 0 and about 1 for each label; empty where nothing resembles."""
        if not self._labels:
            return {}
        vector = self._vectoriser.vector(features_of(blanked(ticket)))
        if not len(vector.columns):
            return {}
        found: Doubles = vector.values @ self._weights[vector.columns] + self._intercepts
        return dict(zip(self._labels, (found - found.min()).tolist(), strict=True))
