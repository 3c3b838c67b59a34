"""What the radar sees in one question."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from kbservice.domain.account import Principal
from kbservice.domain.radar import Incident, Verdict
from kbservice.profiles.schema import Profile
from kbservice.radar.terms import Terms
from kbservice.text.languages import language_of
from kbservice.triage.classifier import Assessment
from kbservice.triage.priority import Costs, lifted
from kbservice.triage.rules import FiredRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """An earlier open ticket with nearly the same text.

    Attributes:
        likeness: Share of both texts that is the same, 0-1.
    """

    ticket_id: int
    number: str
    title: str
    opened_at: datetime
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """An incident as it is shown.

    Attributes:
        id: None for one that is only proposed while nothing is stored yet.
        parent: Number of the ticket to handle it under.
        tickets: Numbers of the tickets in it, oldest first.
        count: How many people reported it.
        window_minutes: Within which time.
        traffic: All tickets of that time.
        expected: How many similar ones are usual in such traffic.
        chance: Probability that usual traffic looks like this.
    """

    id: int | None
    parent: str
    tickets: tuple[str, ...]
    ticket_ids: tuple[int, ...]
    count: int
    window_minutes: int
    traffic: int
    expected: float
    chance: float
    verdict: str = Verdict.PROPOSED.value

    @property
    def why(self) -> dict[str, Any]:
        """The figures, as they are kept."""
        return {
            "count": self.count,
            "window_minutes": self.window_minutes,
            "traffic": self.traffic,
            "expected": round(self.expected, 3),
            "chance": self.chance,
        }


def grouped(incident: Incident) -> Grouped:
    """Return a stored incident as it is shown."""
    why = incident.why
    people = {sighting.requester for sighting in incident.sightings}
    return Grouped(
        id=incident.id,
        parent=incident.parent.number,
        tickets=tuple(sighting.ticket.number for sighting in incident.sightings),
        ticket_ids=tuple(sighting.ticket_id for sighting in incident.sightings),
        count=max(len(people), int(why.get("count", 0))),
        window_minutes=int(why["window_minutes"]),
        traffic=int(why["traffic"]),
        expected=float(why["expected"]),
        chance=float(why["chance"]),
        verdict=incident.verdict.value,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    """What was seen, and what intake needs to note it.

    Attributes:
        repeat: Among what the asker may see.
        noted_repeat: Among all tickets, for staff.
        is_for_staff: Whether the asker may be told of other people's tickets.
        silent_incident: One that staff dismissed; the ticket joins it and nothing is shown.
        requester: Keyed digest of who asks.
    """

    repeat: Repeat | None = None
    noted_repeat: Repeat | None = None
    is_for_staff: bool = False
    incident: Grouped | None = None
    silent_incident: int | None = None
    requester: str = ""
    bands: tuple[int, ...] = ()
    terms: Terms = field(default_factory=lambda: np.empty(0, dtype=np.uint32))

    def lifts(self, assessment: Assessment, profile: Profile, text: str) -> Assessment:
        """Raise the priority as the profile's rule asks, and name it in the text's language."""
        if self.incident is None:
            return assessment
        rule = incident_rule(profile, language_of(text))
        if rule is None:
            return assessment
        priority = lifted(assessment.priority, (rule,), Costs.of(profile))
        return replace(assessment, priority=priority)


NOTHING = Sighted()


class Asked(Protocol):
    """A question, as far as the radar reads it."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def body(self) -> str:
        """Its text."""

    @property
    def requester(self) -> str:
        """What tells who asks from others; empty: unknown."""


class Watcher(Protocol):
    """Sees what a ticket has in common with others."""

    def look(self, question: Asked, profile: Profile, principal: Principal) -> Sighted:
        """Return the repeat and the incident that a text belongs to."""


class _Blind:
    def look(self, question: Asked, profile: Profile, principal: Principal) -> Sighted:  # noqa: ARG002  # sees nothing
        return NOTHING


BLIND: Watcher = _Blind()
"""Sees nothing, for answers that are given once more."""


def incident_rule(profile: Profile, language: str) -> FiredRule | None:
    """Return the priority rule that an incident fires, or None where the profile names none."""
    for rule in profile.priority_rules:
        if rule.value == profile.radar.priority_rule:
            return FiredRule(
                value=rule.value,
                name=rule.labels.text(language),
                at_least=rule.at_least,
                phrase="",
                field="",
                start=-1,
                end=-1,
            )
    return None


def told(seen: Sighted) -> dict[str, Any]:
    """Return what the asker is told of it, in JSON's own types, as it is kept with an answer."""
    repeat, incident = seen.repeat, seen.incident if seen.is_for_staff else None
    return {
        "repeat": repeat
        and {
            "number": repeat.number,
            "title": repeat.title,
            "opened_at": repeat.opened_at.isoformat(),
            "likeness": round(repeat.likeness, 3),
        },
        "incident": incident
        and {
            "id": incident.id,
            "parent": incident.parent,
            "tickets": list(incident.tickets),
            "verdict": incident.verdict,
            **incident.why,
        },
    }
