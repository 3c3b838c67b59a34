"""Shapes of labels in quarantine."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from kbservice.domain.label_review import LabelReview
from kbservice.web.api.schemas.base import In, Name, Out


class LabelReviewOut(Out):
    """A category that looks wrong; nothing is learned from it until somebody settled it.

    `reason`: `contradicted`, a sure prediction says otherwise; `bulk`, many at once by one
    account; `account`, one account disagrees far more than all others.
    `given_by`: null for an import.
    """

    id: int
    ticket: str
    title: str
    given: str
    given_by: str | None
    proposed: str
    reason: Literal["contradicted", "bulk", "account"]
    found_at: datetime
    settled: str | None
    settled_by: str | None

    @classmethod
    def of(cls, review: LabelReview) -> Self:
        """Present a review."""
        return cls(
            id=review.id,
            ticket=review.ticket.number,
            title=review.ticket.title,
            given=review.value,
            given_by=review.given_by or None,
            proposed=review.proposed,
            reason=review.reason,
            found_at=review.found_at,
            settled=review.settled_value,
            settled_by=review.settled_by,
        )


class LabelVerdictIn(In):
    """What the category is: the one that was given, or another."""

    category: Name = Field(min_length=1)
