"""Which fields a ticket states beside its text: product, version, channel.

A field that every ticket of the past states, and that tells the label, must not be counted on
where somebody asks with a text alone: such a ticket is read by its text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from kbservice.triage.classifier import TicketText
from kbservice.triage.features import blanked, fields_of

# Values of fewer tickets are as good as unknown, and one value for all tickets tells nothing.
_LEAST_TICKETS: Final = 2
_NONE: Final = frozenset[str]()


def without_fields(ticket: TicketText) -> TicketText:
    """Return the text alone."""
    return replace(ticket, product="", version="", channel="")


def names_of(fields: Iterable[str]) -> frozenset[str]:
    """Return the names in features such as ``product=crm``."""
    return frozenset(field.partition("=")[0] for field in fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualFields:
    """The fields that tickets most often state together.

    Attributes:
        names: Empty where no field tells anything.
        stating: Places of the tickets that state all of them.
    """

    names: frozenset[str]
    stating: npt.NDArray[np.int64]

    @classmethod
    def of(cls, tickets: Sequence[TicketText]) -> Self:
        """Look at the fields of some tickets."""
        stated = [fields_of(blanked(ticket)) for ticket in tickets]
        telling = _telling(stated)
        known = [names_of(field for field in own if field in telling) for own in stated]
        together = Counter(names for names in known if names)
        usual = max(together, key=lambda names: (together[names], sorted(names)), default=_NONE)
        found = [at for at, names in enumerate(known) if usual and names >= usual]
        return cls(names=usual, stating=np.array(found, dtype=np.int64))


def _telling(stated: Sequence[Sequence[str]]) -> frozenset[str]:
    """Return the features that some tickets share, of names with at least two such."""
    users = Counter(field for own in stated for field in own)
    shared = [field for field, tickets in users.items() if tickets >= _LEAST_TICKETS]
    values = Counter(field.partition("=")[0] for field in shared)
    return frozenset(field for field in shared if values[field.partition("=")[0]] > 1)
