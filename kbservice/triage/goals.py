"""What a profile wants of its classifiers: promises, the order of priorities, first lessons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kbservice.profiles.schema import Profile
from kbservice.triage.day_zero import category_specs, kind_specs
from kbservice.triage.synthetic_tickets import SyntheticTicket, synthetic_tickets
from kbservice.triage.thresholds import USUAL, Promises


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals:
    """What training needs of a profile.

    Attributes:
        order: The priorities, the most urgent first; empty where they have no order.
        synthetic: By kind of label, made-up tickets to learn from while there are few real ones.
    """

    promises: Promises = USUAL
    order: tuple[str, ...] = ()
    synthetic: Mapping[str, tuple[SyntheticTicket, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, profile: Profile) -> Goals:
        """Read a profile."""
        return cls(
            promises=Promises(
                precision=profile.thresholds.promised_precision,
                coverage=profile.thresholds.promised_coverage,
            ),
            order=tuple(item.value for item in profile.priorities_by_rank),
            synthetic={
                "category": synthetic_tickets(category_specs(profile)),
                "kind": synthetic_tickets(kind_specs(profile)),
            },
        )


PLAIN: Final = Goals()
