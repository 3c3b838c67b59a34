"""What tickets have in common, and when that counts."""

from __future__ import annotations

from pydantic import Field

from kbservice.profiles.wording import Part, Slug


class RadarRules(Part):
    """When tickets count as repeats, as one incident, or as a gap in the knowledge.

    Attributes:
        repeat_days: An open ticket is offered as the same one for so long.
        window_minutes: An incident shows within this time.
        requesters: So many different people at least.
        chance: Greatest probability with which usual traffic may look like an incident.
        quiet_minutes: An incident ends when nobody reported for so long.
        priority_rule: The priority rule that an incident fires; None: it lifts nothing.
        gap_tickets: So many badly served tickets about one thing are a gap.
        slow_days: A ticket without a target is badly served once it is open for so long.
    """

    repeat_days: int = Field(default=14, ge=1, le=365)
    window_minutes: int = Field(default=60, ge=5, le=1440)
    requesters: int = Field(default=3, ge=2, le=100)
    chance: float = Field(default=0.001, gt=0, lt=0.1)
    quiet_minutes: int = Field(default=120, ge=5, le=10_080)
    priority_rule: Slug | None = None
    gap_tickets: int = Field(default=3, ge=2, le=100)
    slow_days: int = Field(default=7, ge=1, le=365)
