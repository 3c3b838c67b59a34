"""Learns the order of known fixes from feedback, and decides which release ranks."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.errors import ArtifactRejected, KbServiceError, NotFound
from kbservice.services.progress import NullProgress, Progress
from kbservice.services.rankers import Rankers
from kbservice.services.ranking_lessons import lessons_of
from kbservice.store import audit, judgements
from kbservice.store.database import Database
from kbservice.suggestion import packing
from kbservice.suggestion.features import NAMES
from kbservice.suggestion.gate import HOLDOUT_SHARE, Verdict, judge
from kbservice.suggestion.learning import LEAST_LESSONS, MOST_LESSONS, Trained, train
from kbservice.suggestion.lessons import Lesson, data_hash
from kbservice.suggestion.ranker import Certainty

log = structlog.get_logger(__name__)

_NO_RELEASE: Final = ""
FIXED_ORDER: Final = "fixed_order"


class Ranking:
    """Trains releases of the ranker, promotes them unless they are worse, and goes back."""

    def __init__(self, *, database: Database, rankers: Rankers, clock: Clock) -> None:
        self._database = database
        self._rankers = rankers
        self._clock = clock

    def train(self, progress: Progress | None = None) -> dict[str, Any]:
        """Learn from the judged suggestions; skipped where they are too few or still the same.

        The newest fifth judges: a challenger that learned from the older ones only must not do
        worse on it than the ranker in use. What is released learned from all of them.

        Raises:
            JobRunning: Another process trains.
        """
        with self._rankers.shelf.training_alone():
            return self._train(progress or NullProgress())

    def _train(self, progress: Progress) -> dict[str, Any]:
        progress.stage("read", 0)
        with self._database.reading() as session:
            lessons = lessons_of(judgements.judged(session, MOST_LESSONS))
        telling = [lesson for lesson in lessons if lesson.is_telling]
        if len(telling) < LEAST_LESSONS:
            return _skipped(telling, f"{len(telling)} of {LEAST_LESSONS} judged suggestions")
        digest = data_hash(telling)
        if digest == self._newest().get("data_hash"):
            return _skipped(telling, "nothing changed")
        progress.stage("train", 0)
        release_id = self._rankers.shelf.next_id()
        trained = train(telling, release=release_id)
        progress.stage("judge", 0)
        verdict = self._verdict(telling)
        reason = verdict.reason or _why_needless(trained)
        progress.stage("save", 0)
        self._save(release_id, trained, verdict, telling, digest)
        if not reason:
            self._rankers.shelf.promote(release_id)
        log.info("ranker_trained", release=release_id, promoted=not reason, reason=reason)
        facts = self._rankers.shelf.manifest(release_id)
        return {
            "release": release_id,
            "lessons": trained.lessons,
            "metrics": facts["metrics"],
            "parameters": facts["parameters"],
            "promoted": not reason,
            "reason": reason,
        }

    def news(self) -> int | None:
        """Return how many judged suggestions came in since the newest release.

        None while there are too few to learn from, or none.
        """
        last_at = self.last_at()
        with self._database.reading() as session:
            new = judgements.count_since(session, last_at)
        return new if new >= (1 if last_at else LEAST_LESSONS) else None

    def last_at(self) -> datetime | None:
        """Return when the newest release was made."""
        made = self._newest().get("created_at")
        return datetime.fromisoformat(made) if made else None

    def releases(self) -> list[dict[str, Any]]:
        """Return what is known of every kept release, newest first."""
        current = self._rankers.shelf.current
        return [self._described(name, current) for name in self._rankers.shelf.ids()]

    def release(self, release_id: str = "") -> dict[str, Any]:
        """Return what is known of one release, the current one unless named, with its weights.

        ``weights`` has what the linear half gives the fixed order and each feature.

        Raises:
            NotFound: There is none such.
            ArtifactRejected: It is damaged or from other versions.
        """
        shelf = self._rankers.shelf
        release_id = release_id or shelf.current
        if not release_id:
            raise NotFound("No ranker release is in use: the fixed weights rank")
        learned = self._rankers.load(release_id).learned
        weights = map(float, learned.linear) if learned else ()
        named = dict(zip((FIXED_ORDER, *NAMES), (round(w, 4) for w in weights), strict=False))
        return {**self._described(release_id, shelf.current), "weights": named}

    def promote(self, release_id: str, principal: Principal) -> str:
        """Let a release rank from now on; return its id.

        Raises:
            NotFound: There is none such.
            ArtifactRejected: It is damaged or from other versions.
        """
        principal.demand(Role.ADMIN)
        self._rankers.load(release_id)
        self._rankers.shelf.promote(release_id)
        with self._database.transaction() as session:
            audit.append(
                session,
                actor=principal.name,
                action="ranker_promoted",
                subject=f"ranker:{release_id}",
                facts={},
                now=self._clock.now(),
            )
        return release_id

    def rollback(self, principal: Principal) -> str:
        """Let the newest sound release before the current one rank again; return its id.

        Raises:
            NotFound: No earlier release is kept.
        """
        for release_id in self._rankers.shelf.earlier():
            with suppress(ArtifactRejected):
                return self.promote(release_id, principal)
        raise NotFound("There is no earlier ranker release")

    def faults(self) -> Iterable[str]:
        """Yield what is wrong with the current release."""
        self._rankers.current()
        if self._rankers.problem:
            yield self._rankers.problem

    def _verdict(self, telling: list[Lesson]) -> Verdict:
        border = round(len(telling) * (1.0 - HOLDOUT_SHARE))
        challenger = train(telling[:border], release="challenger").ranker
        return judge(self._rankers.current(), challenger, telling[border:])

    def _save(
        self,
        release_id: str,
        trained: Trained,
        verdict: Verdict,
        telling: list[Lesson],
        digest: str,
    ) -> None:
        facts = {
            "format": packing.FORMAT,
            "created_at": self._clock.now().isoformat(),
            "lessons": trained.lessons,
            "identities": trained.ranker.identities,
            "learned_until": telling[-1].at.isoformat() if telling[-1].at else None,
            "data_hash": digest,
            "champion": self._rankers.current().release,
            "versions": packing.versions(),
            "parameters": trained.parameters,
            "metrics": {
                "fixed_ndcg": trained.fixed_ndcg,
                "gain": trained.gain,
                "gain_error": trained.gain_error,
                "holdout": verdict.lessons,
                "champion_ndcg": verdict.champion_ndcg,
                "challenger_ndcg": verdict.challenger_ndcg,
            },
        }
        self._rankers.shelf.save(release_id, {packing.FILE: packing.pack(trained.ranker)}, facts)

    def _newest(self) -> dict[str, Any]:
        newest = next(iter(self._rankers.shelf.ids()), _NO_RELEASE)
        if not newest:
            return {}
        try:
            return self._rankers.shelf.manifest(newest)
        except KbServiceError:
            return {}

    def _described(self, release_id: str, current: str) -> dict[str, Any]:
        facts: dict[str, Any] = {"id": release_id, "current": release_id == current}
        try:
            manifest = self._rankers.shelf.manifest(release_id)
        except KbServiceError as error:
            return {**facts, "error": str(error)}
        kept = ("lessons", "identities", "champion", "metrics", "parameters", "versions")
        return {
            **facts,
            "trained_at": manifest["created_at"],
            **{name: manifest[name] for name in kept},
            "data_hash": manifest["data_hash"],
        }


def _why_needless(trained: Trained) -> str:
    """Return why a sound ranker need not serve; empty if it should."""
    if trained.blend or trained.ranker.certainty != Certainty():
        return ""
    return "the fixed weights are as good"


def _skipped(telling: list[Lesson], reason: str) -> dict[str, Any]:
    log.info("ranker_not_trained", reason=reason)
    return {
        "release": _NO_RELEASE,
        "lessons": len(telling),
        "metrics": {},
        "parameters": {},
        "promoted": False,
        "reason": reason,
    }
