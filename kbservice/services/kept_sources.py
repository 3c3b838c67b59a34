"""What an old answer was given from, as far as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kbservice.domain.suggestion import Suggestion
from kbservice.errors import ArtifactRejected, KbServiceError, NotFound
from kbservice.profiles.schema import Profile
from kbservice.search.documents import NO_FILTERS, Filters, IndexState, SearchHit
from kbservice.search.engine import IndexReader, SearchEngine
from kbservice.services.profiles import ProfileBook
from kbservice.services.rankers import Rankers
from kbservice.services.releases import Releases
from kbservice.services.suggesting import Triage
from kbservice.suggestion.ranker import FIXED_RELEASE, Ranker
from kbservice.text.masking import without_masks
from kbservice.text.tokens import FINGERPRINT
from kbservice.triage.classifier import (
    NO_PREDICTION,
    Assessment,
    Prediction,
    ReleaseInfo,
    TicketText,
)

Part = Literal["index", "classifier", "ranker", "text", "profile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """What answers are given from now."""

    engine: SearchEngine
    profiles: ProfileBook
    releases: Releases
    rankers: Rankers


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


class KeptSources:
    """What an old answer was given from, as far as it is kept; notes what is not."""

    shuffles = False

    def __init__(self, old: Suggestion, now: Current) -> None:
        self.obstacles: list[Obstacle] = []
        self._old = old
        self._index = self._kept_index(now.engine)
        self._profile = self._kept_profile(now.profiles)
        self._triage = self._kept_triage(now.releases)
        self._ranker = self._kept_ranker(now.rankers)
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
        return self._triage or Remembered(self._old)

    def current(self) -> Ranker:
        """Return the old ranker."""
        return self._ranker

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

    def _kept_ranker(self, rankers: Rankers) -> Ranker:
        """Return the ranker of that time; where it is not kept, the fixed weights."""
        wanted = self._old.ranker_release
        if any(item.lot == "swapped" for item in self._old.items):
            self._note(
                "A lot put one article before another of nearly the same confidence",
                "index",
                "lot_drawn",
            )
        if wanted == FIXED_RELEASE:
            return Ranker()
        try:
            return rankers.load(wanted)
        except NotFound:
            self._note(
                "Ranker release {id} is no longer kept", "ranker", "ranker_dropped", id=wanted
            )
        except KbServiceError as error:
            self._note(error.message, "ranker", "ranker_refused", **error.facts)
        return Ranker()

    def _check_text(self) -> None:
        texts = [str(self._old.question.get(field, "")) for field in ("title", "body")]
        if any(without_masks(text) != text for text in texts):
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


class Remembered:
    """Says of a ticket what was said of it then, as far as finding fixes needs it."""

    def __init__(self, old: Suggestion) -> None:
        told = old.answer["assessment"]
        self._assessment = Assessment(
            category=told_prediction(told["category"]),
            priority=NO_PREDICTION,
            kind=NO_PREDICTION,
            decision="abstain",
            release=ReleaseInfo(release=old.classifier_release),
        )

    def assess(self, ticket: TicketText) -> Assessment:  # noqa: ARG002  # remembered
        """Return what was said."""
        return self._assessment


def told_prediction(told: Mapping[str, Any]) -> Prediction:
    """Return a stored guess."""
    return Prediction(value=told["value"], confidence=told["confidence"], decision=told["decision"])
