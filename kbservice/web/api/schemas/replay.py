"""Shapes of an old answer that is given once more."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field

from kbservice import locales
from kbservice.services.kept_sources import Obstacle
from kbservice.services.replay import Replayed, ReplayedFix, ReplayedLabel
from kbservice.web.api.schemas.base import Out


class ObstacleOut(Out):
    """Why a part of the answer cannot be given just as it was."""

    part: Literal["index", "classifier", "ranker", "text", "profile"]
    code: str = Field(
        description="generation_dropped, generation_refused, index_moved, index_was_down, "
        "analyzer_changed, release_dropped, release_refused, promise_broken, "
        "incident_lifted, ranker_dropped, "
        "ranker_refused, lot_drawn, profile_gone or text_masked"
    )
    final: bool = Field(description="The part cannot be given at all")
    message: str
    facts: dict[str, Any]

    @classmethod
    def told(cls, obstacle: Obstacle, locale: str) -> Self:
        """Present an obstacle in the reader's language."""
        return cls(
            part=obstacle.part,
            code=obstacle.code,
            final=obstacle.is_final,
            message=locales.translate(obstacle.message, locale, **obstacle.facts),
            facts=dict(obstacle.facts),
        )


class ReplayedLabelOut(Out):
    """Category, priority or kind: as it was told, and as it comes out now."""

    axis: str
    value_then: str | None
    value_now: str | None
    confidence_then: float
    confidence_now: float | None
    decision_then: str
    decision_now: str | None
    same: bool

    @classmethod
    def of(cls, label: ReplayedLabel) -> Self:
        """Present one label."""
        return cls(
            axis=label.axis,
            value_then=label.value_then,
            value_now=label.value_now,
            confidence_then=round(label.confidence_then, 4),
            confidence_now=_rounded(label.confidence_now),
            decision_then=label.decision_then,
            decision_now=label.decision_now,
            same=label.is_same,
        )


class ReplayedFixOut(Out):
    """One article: its place then and now; `reason`: what became of it since."""

    article_id: str
    title: str
    rank_then: int | None
    rank_now: int | None
    confidence_then: float | None
    confidence_now: float | None
    change: Literal["same", "moved", "rescored", "gone", "new"]
    reason: Literal["changed", "retired", "deleted"] | None

    @classmethod
    def of(cls, fix: ReplayedFix) -> Self:
        """Present one article."""
        return cls.model_validate(
            {
                "article_id": fix.article_id,
                "title": fix.title,
                "rank_then": fix.rank_then,
                "rank_now": fix.rank_now,
                "confidence_then": _rounded(fix.confidence_then),
                "confidence_now": _rounded(fix.confidence_now),
                "change": fix.change,
                "reason": fix.reason or None,
            }
        )


class ReplayOut(Out):
    """An old answer beside the one that comes out now of what it was given from.

    `exact`: everything is kept that it was given from. `same`: the same came out.
    `fixes` is null where they cannot be found again.
    """

    suggestion_id: str
    answered_at: datetime
    classifier_release: str
    index_generation: int
    index_sequence: int
    exact: bool
    same: bool
    obstacles: list[ObstacleOut]
    labels: list[ReplayedLabelOut]
    fixes: list[ReplayedFixOut] | None

    @classmethod
    def of(cls, replayed: Replayed, locale: str) -> Self:
        """Present what came out."""
        old = replayed.suggestion
        fixes = replayed.fixes
        return cls(
            suggestion_id=old.id,
            answered_at=old.created_at,
            classifier_release=old.classifier_release,
            index_generation=old.index_generation,
            index_sequence=old.index_sequence,
            exact=replayed.is_exact,
            same=replayed.is_same,
            obstacles=[ObstacleOut.told(item, locale) for item in replayed.obstacles],
            labels=[ReplayedLabelOut.of(label) for label in replayed.labels],
            fixes=None if fixes is None else [ReplayedFixOut.of(fix) for fix in fixes],
        )


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
