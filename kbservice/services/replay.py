"""Gives an old answer once more, from what it was given from, and says where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.orm import Session

from kbservice.clock import FrozenClock
from kbservice.domain.account import Principal, Role
from kbservice.domain.article import ArticleState
from kbservice.domain.suggestion import Suggestion
from kbservice.search.engine import SearchEngine
from kbservice.services.kept_sources import Current, KeptSources, Obstacle, told_prediction
from kbservice.services.profiles import ProfileBook
from kbservice.services.question import Question
from kbservice.services.rankers import Rankers
from kbservice.services.releases import Releases
from kbservice.services.suggesting import Answer, Suggesting
from kbservice.store import articles
from kbservice.store import suggestions as store
from kbservice.store.database import Database
from kbservice.text.masking import without_masks
from kbservice.triage.classifier import Assessment, Prediction

FixChange = Literal["same", "moved", "rescored", "gone", "new"]

_AXES: Final = ("category", "priority", "kind")
_USUAL_LIMIT: Final = 5
_SAME: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedLabel:
    """One label: what was told then, and what comes out now; None where nothing does."""

    axis: str
    value_then: str | None
    value_now: str | None
    confidence_then: float
    confidence_now: float | None
    decision_then: str
    decision_now: str | None

    @property
    def is_same(self) -> bool:
        """Whether value, probability and decision agree."""
        return (
            self.value_then == self.value_now
            and self.decision_then == self.decision_now
            and self.confidence_now is not None
            and abs(self.confidence_then - self.confidence_now) < _SAME
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedFix:
    """One article: its place then and now, from 1; None where it is not offered.

    Attributes:
        reason: What became of the article since: ``changed``, ``retired``, ``deleted``; empty
            where nothing did.
    """

    article_id: str
    title: str
    rank_then: int | None
    rank_now: int | None
    confidence_then: float | None
    confidence_now: float | None
    reason: str

    @property
    def change(self) -> FixChange:
        """What is different now."""
        if self.rank_now is None or self.confidence_now is None:
            return "gone"
        if self.rank_then is None or self.confidence_then is None:
            return "new"
        if self.rank_then != self.rank_now:
            return "moved"
        is_same = abs(self.confidence_then - self.confidence_now) < _SAME
        return "same" if is_same else "rescored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """An old answer beside the one that its sources give now.

    Attributes:
        obstacles: Why it is not, or not in everything, the answer of that time.
        labels: Category, priority and kind.
        fixes: The old ones in their order, then new ones; None where they cannot be found again.
    """

    suggestion: Suggestion
    obstacles: tuple[Obstacle, ...]
    labels: tuple[ReplayedLabel, ...]
    fixes: tuple[ReplayedFix, ...] | None

    @property
    def is_exact(self) -> bool:
        """Whether everything is there that the answer was given from."""
        return not self.obstacles

    @property
    def is_same(self) -> bool:
        """Whether the same answer came out, however exact that is."""
        return (
            self.fixes is not None
            and all(fix.change == "same" for fix in self.fixes)
            and all(label.is_same for label in self.labels)
        )


class Replay:
    """Answers old questions from the generation and the release that answered them."""

    def __init__(
        self,
        *,
        database: Database,
        engine: SearchEngine,
        profiles: ProfileBook,
        releases: Releases,
        rankers: Rankers,
    ) -> None:
        self._database = database
        self._now = Current(engine=engine, profiles=profiles, releases=releases, rankers=rankers)

    def replay(self, suggestion_id: str, principal: Principal) -> Replayed:
        """Answer an old question again and compare.

        Raises:
            NotFound: There is no such suggestion.
        """
        principal.demand(Role.AGENT)
        with self._database.reading() as session:
            old = store.get(session, suggestion_id)
        sources = KeptSources(old, self._now)
        answer = self._answer(old, sources)
        labels = tuple(_labels(old, answer.assessment if sources.has_triage else None))
        obstacles = [*sources.obstacles, *_held_back(labels), *_lifted(old, labels)]
        fixes = None
        if sources.has_index:
            with self._database.reading() as session:
                fixes = tuple(_fixes(old, answer, session))
        return Replayed(suggestion=old, obstacles=tuple(obstacles), labels=labels, fixes=fixes)

    def _answer(self, old: Suggestion, sources: KeptSources) -> Answer:
        suggesting = Suggesting(
            database=self._database,
            engine=sources,
            profiles=sources,
            releases=sources,
            rankers=sources,
            clock=FrozenClock(old.created_at),
        )
        return suggesting.answer(
            _question(old), _asker(old), for_staff=bool(old.question.get("for_staff"))
        )


def _question(old: Suggestion) -> Question:
    asked = old.question
    texts = {field: without_masks(str(asked.get(field, ""))) for field in ("title", "body")}
    if not any(text.strip() for text in texts.values()):
        texts["title"] = str(asked.get("title", "")) or "*"
    return Question(
        title=texts["title"],
        body=texts["body"],
        product=asked.get("product", ""),
        version=asked.get("version", ""),
        environment=asked.get("environment", ""),
        profile=old.profile_key,
        channel=asked.get("channel", ""),
        kind=asked.get("kind", ""),
        limit=int(asked.get("limit", _USUAL_LIMIT)),
    )


def _asker(old: Suggestion) -> Principal:
    """Return who asked, in the role that decided what could be found."""
    # Answers of before the role was kept: only staff saw similar tickets.
    usual = Role.AGENT if old.answer.get("similar_tickets") else Role.INTAKE
    return Principal(name=old.principal, role=Role(old.question.get("role", usual)))


def _labels(old: Suggestion, assessment: Assessment | None) -> Iterator[ReplayedLabel]:
    told = old.answer["assessment"]
    for axis in _AXES:
        then = told_prediction(told[axis])
        now: Prediction | None = getattr(assessment, axis) if assessment else None
        yield ReplayedLabel(
            axis=axis,
            value_then=then.value,
            value_now=now.value if now else None,
            confidence_then=then.confidence,
            confidence_now=now.confidence if now else None,
            decision_then=then.decision,
            decision_now=now.decision if now else None,
        )


def _held_back(labels: tuple[ReplayedLabel, ...]) -> Iterator[Obstacle]:
    """Yield that the release had lost the right to fill in: that is no part of the release."""
    for label in labels:
        if (label.axis, label.decision_then, label.decision_now) == ("category", "review", "auto"):
            yield Obstacle(
                "At that time nothing was filled in: people had found it wrong too often",
                "classifier",
                "promise_broken",
            )


def _lifted(old: Suggestion, labels: tuple[ReplayedLabel, ...]) -> Iterator[Obstacle]:
    """Yield that an incident went on then: it is no part of the text."""
    told = old.answer["assessment"]["priority"].get("evidence", ())
    has_incident = any(item["source"] == "rule" and item["start"] < 0 for item in told)
    if has_incident and any(label.axis == "priority" and not label.is_same for label in labels):
        yield Obstacle(
            "At that time an incident lifted the priority", "classifier", "incident_lifted"
        )


def _fixes(old: Suggestion, answer: Answer, session: Session) -> Iterator[ReplayedFix]:
    now = {fix.article_id: (rank, fix) for rank, fix in enumerate(answer.fixes, start=1)}
    then = {item.article_id: item for item in old.items}
    for article_id in dict.fromkeys((*then, *now)):
        item = then.get(article_id)
        rank, fix = now.get(article_id, (None, None))
        yield ReplayedFix(
            article_id=article_id,
            title=fix.title if fix else str(item.shown.get("title", "")) if item else "",
            rank_then=item.rank if item else None,
            rank_now=rank,
            confidence_then=item.confidence if item else None,
            confidence_now=fix.confidence if fix else None,
            reason=_since(session, article_id, old.created_at),
        )


def _since(session: Session, article_id: str, moment: datetime) -> str:
    article = articles.find(session, article_id)
    if article is None:
        return "deleted"
    if article.state != ArticleState.PUBLISHED:
        return "retired"
    return "changed" if article.updated_at > moment else ""
