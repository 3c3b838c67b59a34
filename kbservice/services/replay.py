"""Gives an old answer once more, from what it was given from, and says where it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from kbservice.clock import FrozenClock
from kbservice.domain.account import Principal, Role
from kbservice.domain.article import ArticleState
from kbservice.domain.suggestion import Suggestion
from kbservice.errors import ArtifactRejected, KbServiceError, NotFound
from kbservice.profiles.schema import Profile
from kbservice.search.documents import NO_FILTERS, Filters, IndexState, SearchHit
from kbservice.search.engine import IndexReader, SearchEngine
from kbservice.services.profiles import ProfileBook
from kbservice.services.releases import Releases
from kbservice.services.suggesting import Answer, Question, Suggesting, Triage
from kbservice.store import articles
from kbservice.store import suggestions as store
from kbservice.store.database import Database
from kbservice.text.tokens import FINGERPRINT
from kbservice.triage.classifier import (
    NO_PREDICTION,
    Assessment,
    Prediction,
    ReleaseInfo,
    TicketText,
)

Part = Literal["index", "classifier", "text", "profile"]
FixChange = Literal["same", "moved", "rescored", "gone", "new"]

_AXES: Final = ("category", "priority", "kind")
_USUAL_LIMIT: Final = 5
# What redaction leaves: 138****5678, z***@example.com, 10.1.*.*; triage never read it.
_MASKED: Final = re.compile(r"\S*\*{2,}\S*|\S*\.\*\.\*")
_SAME: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a part of the answer cannot be given just as it was.

    Attributes:
        message: Catalogue key, with placeholders filled from ``facts``.
        code: Stable name, such as ``generation_dropped``; docs/learning.md lists them.
        is_final: That part cannot be given at all.
    """

    message: str
    part: Part
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_final: bool = False


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
    ) -> None:
        self._database = database
        self._engine = engine
        self._profiles = profiles
        self._releases = releases

    def replay(self, suggestion_id: str, principal: Principal) -> Replayed:
        """Answer an old question again and compare.

        Raises:
            NotFound: There is no such suggestion.
        """
        principal.demand(Role.AGENT)
        with self._database.reading() as session:
            old = store.get(session, suggestion_id)
        sources = _Sources(old, self._engine, self._profiles, self._releases)
        answer = self._answer(old, sources)
        labels = tuple(_labels(old, answer.assessment if sources.has_triage else None))
        obstacles = [*sources.obstacles, *_held_back(labels)]
        fixes = None
        if sources.has_index:
            with self._database.reading() as session:
                fixes = tuple(_fixes(old, answer, session))
        return Replayed(suggestion=old, obstacles=tuple(obstacles), labels=labels, fixes=fixes)

    def _answer(self, old: Suggestion, sources: _Sources) -> Answer:
        suggesting = Suggesting(
            database=self._database,
            engine=sources,
            profiles=sources,
            releases=sources,
            clock=FrozenClock(old.created_at),
        )
        return suggesting.answer(_question(old), _asker(old))


class _Sources:
    """What an old answer was given from, as far as it is kept; notes what is not."""

    def __init__(
        self, old: Suggestion, engine: SearchEngine, profiles: ProfileBook, releases: Releases
    ) -> None:
        self.obstacles: list[Obstacle] = []
        self._old = old
        self._index = self._kept_index(engine)
        self._profile = self._kept_profile(profiles)
        self._triage = self._kept_triage(releases)
        self._check_text()

    @property
    def has_index(self) -> bool:
        """Whether fixes can be looked for again."""
        return self._index is not None

    @property
    def has_triage(self) -> bool:
        """Whether labels can be assessed again."""
        return self._triage is not None

    def similar(
        self, text: str, *, title: str = "", limit: int, within: Filters = NO_FILTERS
    ) -> list[SearchHit]:
        """Return what the old generation finds; nothing where it is not kept."""
        if self._index is None:
            return []
        return self._index.similar(text, title=title, limit=limit, within=within)

    def state(self) -> IndexState:
        """Describe the old generation."""
        if self._index is None:
            return IndexState(generation=0, documents=0, sequence=0, analyzer="")
        return self._index.state()

    def get(self, key: str = "", version: int | None = None) -> Profile:  # noqa: ARG002  # pinned
        """Return the profile of that time."""
        return self._profile

    def triage(self, profile: Profile) -> Triage:  # noqa: ARG002  # pinned
        """Return the old release; where it is not kept, what it said stands."""
        return self._triage or _Remembered(self._old)

    def _kept_index(self, engine: SearchEngine) -> IndexReader | None:
        old = self._old
        if "index" in old.degraded:
            self._note("The index was down when this was answered", "index", "index_was_down")
            return None
        try:
            reader = engine.kept(old.index_generation)
            state = reader.state()
        except KbServiceError as error:
            is_gone = isinstance(error, NotFound)
            code = "generation_dropped" if is_gone else "generation_refused"
            self._note(error.message, "index", code, is_final=True, **error.facts)
            return None
        if state.analyzer != FINGERPRINT:
            self._note(
                "Index generation {generation} was made by another analyzer",
                "index",
                "analyzer_changed",
                generation=old.index_generation,
            )
        if state.sequence != old.index_sequence:
            self._note(
                "Index generation {generation} has taken in changes since: {then} then, {now} now",
                "index",
                "index_moved",
                generation=old.index_generation,
                then=old.index_sequence,
                now=state.sequence,
            )
        return reader

    def _kept_profile(self, profiles: ProfileBook) -> Profile:
        old = self._old
        try:
            return profiles.get(old.profile_key, old.profile_version)
        except NotFound as error:
            self._note(error.message, "profile", "profile_gone", **error.facts)
            return profiles.get("")

    def _kept_triage(self, releases: Releases) -> Triage | None:
        wanted = self._old.classifier_release
        try:
            return releases.assessor_of(wanted, self._profile)
        except NotFound:
            self._note(
                "Classifier release {id} is no longer kept",
                "classifier",
                "release_dropped",
                is_final=True,
                id=wanted,
            )
        except ArtifactRejected as error:
            self._note(error.message, "classifier", "release_refused", is_final=True, **error.facts)
        return None

    def _check_text(self) -> None:
        asked = self._old.question
        if any(_MASKED.search(str(asked.get(field, ""))) for field in ("title", "body")):
            self._note(
                "Personal data was masked before the text was stored: "
                "search read it then, and places in the text may differ",
                "text",
                "text_masked",
            )

    def _note(
        self, message: str, part: Part, code: str, *, is_final: bool = False, **facts: object
    ) -> None:
        self.obstacles.append(Obstacle(message, part, code, facts, is_final))


class _Remembered:
    """Says of a ticket what was said of it then, as far as finding fixes needs it."""

    def __init__(self, old: Suggestion) -> None:
        told = old.answer["assessment"]
        self._assessment = Assessment(
            category=_prediction(told["category"]),
            priority=NO_PREDICTION,
            kind=NO_PREDICTION,
            decision="abstain",
            release=ReleaseInfo(release=old.classifier_release),
        )

    def assess(self, ticket: TicketText) -> Assessment:  # noqa: ARG002  # remembered
        """Return what was said."""
        return self._assessment


def _prediction(told: Mapping[str, Any]) -> Prediction:
    return Prediction(value=told["value"], confidence=told["confidence"], decision=told["decision"])


def _question(old: Suggestion) -> Question:
    asked = old.question
    texts = {field: _unmasked(str(asked.get(field, ""))) for field in ("title", "body")}
    if not any(text.strip() for text in texts.values()):
        texts["title"] = str(asked.get("title", "")) or "*"
    return Question(
        **texts,
        product=asked.get("product", ""),
        version=asked.get("version", ""),
        environment=asked.get("environment", ""),
        profile=old.profile_key,
        channel=asked.get("channel", ""),
        kind=asked.get("kind", ""),
        limit=int(asked.get("limit", _USUAL_LIMIT)),
    )


def _unmasked(text: str) -> str:
    return _MASKED.sub(" ", text)


def _asker(old: Suggestion) -> Principal:
    """Return who asked, in the role that decided what could be found."""
    # Answers of before the role was kept: only staff saw similar tickets.
    usual = Role.AGENT if old.answer.get("similar_tickets") else Role.INTAKE
    return Principal(name=old.principal, role=Role(old.question.get("role", usual)))


def _labels(old: Suggestion, assessment: Assessment | None) -> Iterator[ReplayedLabel]:
    told = old.answer["assessment"]
    for axis in _AXES:
        then = _prediction(told[axis])
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
