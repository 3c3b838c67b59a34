"""Shapes of repeats and incidents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field

from kbservice.domain.radar import Incident, Sighting
from kbservice.services.radar_desk import Links
from kbservice.services.sighting import Grouped, grouped
from kbservice.web.api.schemas.base import In, Label, Out, Query

Said = Literal["proposed", "accepted", "dismissed"]


class IncidentWhyOut(Out):
    """The figures: so many similar tickets are usual in this traffic, and so likely is chance."""

    traffic: int = Field(description="All tickets of the window")
    expected: float = Field(description="Similar ones that are usual among so many")
    chance: float = Field(description="Probability that usual traffic holds as many")


class IncidentOut(Out):
    """Several people with the same trouble within a short time.

    `id`: null while it is only foreseen, before the ticket is stored.
    """

    id: int | None
    parent: str = Field(description="The ticket to handle it under")
    tickets: list[str]
    count: int = Field(description="People who reported it")
    window_minutes: int
    why: IncidentWhyOut
    verdict: Said

    @classmethod
    def of(cls, shown: Grouped) -> Self:
        """Present an incident."""
        return cls.of_told(
            {
                **shown.why,
                "id": shown.id,
                "parent": shown.parent,
                "tickets": shown.tickets,
                "verdict": shown.verdict,
            }
        )

    @classmethod
    def of_told(cls, told: Mapping[str, Any]) -> Self:
        """Present an incident as it was kept with an answer."""
        return cls(
            id=told["id"],
            parent=told["parent"],
            tickets=list(told["tickets"]),
            count=told["count"],
            window_minutes=told["window_minutes"],
            why=IncidentWhyOut(
                traffic=told["traffic"], expected=told["expected"], chance=told["chance"]
            ),
            verdict=told["verdict"],
        )


class IncidentEntryOut(IncidentOut):
    """An incident in the list of them."""

    profile: str
    opened_at: datetime
    last_at: datetime
    ended_at: datetime | None
    settled_by: str | None

    @classmethod
    def listed(cls, incident: Incident) -> Self:
        """Present a stored incident."""
        return cls(
            **IncidentOut.of(grouped(incident)).model_dump(),
            profile=incident.profile_key,
            opened_at=incident.opened_at,
            last_at=incident.last_at,
            ended_at=incident.ended_at,
            settled_by=incident.settled_by,
        )


class IncidentQuery(Query):
    """Which incidents."""

    open: bool = Field(True, description="Only those that go on and were not dismissed")


class IncidentVerdictIn(In):
    """Whether it is one, and under which of its tickets it is handled."""

    verdict: Literal["accepted", "dismissed"]
    parent: Label | None = None


class RepeatOut(Out):
    """A ticket that may be the same as an earlier open one."""

    ticket: str
    title: str
    duplicate_of: str
    likeness: float = Field(description="Share of both texts that is the same, 0-1")
    opened_at: datetime

    @classmethod
    def of(cls, sighting: Sighting) -> Self:
        """Present what was noted of a ticket."""
        return cls(
            ticket=sighting.ticket.number,
            title=sighting.ticket.title,
            duplicate_of=sighting.duplicate_of.number if sighting.duplicate_of else "",
            likeness=sighting.likeness,
            opened_at=sighting.ticket.opened_at,
        )


class RepeatVerdictIn(In):
    """Whether the ticket repeats another: the one proposed, or `duplicate_of`."""

    verdict: Literal["accepted", "dismissed"]
    duplicate_of: Label | None = None


class LinksOut(Out):
    """What a ticket has to do with others; `repeats`: the tickets that repeat this one."""

    duplicate_of: str | None
    likeness: float
    verdict: Said | None
    repeats: list[str]
    incident: IncidentOut | None

    @classmethod
    def of(cls, links: Links) -> Self:
        """Present the links of a ticket."""
        return cls(
            duplicate_of=links.duplicate_of,
            likeness=links.likeness,
            verdict=links.verdict.value if links.verdict else None,
            repeats=list(links.repeats),
            incident=IncidentOut.of(links.incident) if links.incident else None,
        )
