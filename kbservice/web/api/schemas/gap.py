"""Shapes of gaps in the knowledge."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from kbservice.services.gaps import KnowledgeGap
from kbservice.web.api.schemas.base import In, Out


class GapOut(Out):
    """Something that is asked, and that no article answers.

    `source`: `tickets` that were badly served, or a `search` that found nothing.
    """

    id: str
    source: Literal["tickets", "search"]
    title: str = Field(description="A requester's own words, as a title to begin with")
    words: list[str] = Field(description="How others put it")
    count: int = Field(description="Badly served tickets, or how often it was searched")
    reasons: dict[str, int] = Field(
        description="Tickets by reason: no_fix, rejected, unsolved, slow"
    )
    tickets: list[str] = Field(description="The latest ones, 10 at most")
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, gap: KnowledgeGap) -> Self:
        """Present a gap."""
        return cls(
            id=gap.id,
            source=gap.source,
            title=gap.title,
            words=list(gap.words),
            count=gap.count,
            reasons=dict(gap.reasons),
            tickets=list(gap.tickets),
            first_at=gap.first_at,
            last_at=gap.last_at,
        )


class GapVerdictIn(In):
    """What became of a gap; `article_id`: the article that was written for it."""

    verdict: Literal["written", "dismissed"]
    article_id: str | None = Field(None, max_length=200)
