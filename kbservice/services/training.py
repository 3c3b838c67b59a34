"""Learns from the ticket store, and decides which release classifies."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.errors import KbServiceError, NotFound
from kbservice.services.profiles import ProfileBook
from kbservice.services.progress import NullProgress, Progress
from kbservice.services.quarantine import Quarantine
from kbservice.services.releases import Releases
from kbservice.store import audit
from kbservice.store import tickets as store
from kbservice.store.database import Database
from kbservice.store.label_reviews import Labeller
from kbservice.store.tickets import LabelledTicket
from kbservice.text.tokens import FINGERPRINT
from kbservice.triage.artifacts import Release
from kbservice.triage.card import Card
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import LabelName, TrainingTicket
from kbservice.triage.goals import Goals
from kbservice.triage.packing import FORMAT
from kbservice.triage.promotion import USUAL, objection
from kbservice.triage.suspicion import Claim
from kbservice.triage.training import (
    LEAST_TICKETS,
    MAX_TICKETS,
    SecondOpinion,
    Trained,
    data_hash,
    figures,
    train,
)

log = structlog.get_logger(__name__)

# Tickets of one import day have no order in time worth the name.
_SPREAD = timedelta(days=1)
_COMPARED = ("accuracy", "macro_f1", "ece", "auto_ratio", "auto_precision")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCard:
    """A release: what its training recorded, and a card for each kind of label."""

    facts: Mapping[str, Any]
    cards: Mapping[str, Card]


class Training:
    """Trains releases, promotes them unless they are worse, and goes back on demand."""

    def __init__(
        self,
        *,
        database: Database,
        profiles: ProfileBook,
        releases: Releases,
        quarantine: Quarantine,
        clock: Clock,
    ) -> None:
        self._database = database
        self._quarantine = quarantine
        self._profiles = profiles
        self._releases = releases
        self._clock = clock

    def train(
        self,
        progress: Progress | None = None,
        *,
        profile_key: str = "",
        only_if_new: bool = False,
    ) -> dict[str, Any]:
        """Learn from every ticket whose label a person or an import vouched for.

        Args:
            progress: Told of each stage.
            profile_key: Whose tickets; empty: the instance's.
            only_if_new: Do nothing where the last release learned from just the same tickets.

        Raises:
            InvalidInput: There are too few labelled tickets.
        """
        progress = progress or NullProgress()
        profile = self._profiles.get(profile_key)
        progress.stage("read", 0)
        with self._database.reading() as session:
            found = list(store.labelled(session, profile.key))
        held_back = self._quarantine.held_back(profile.key)
        found = [_without_category(ticket, held_back) for ticket in found]
        tickets, holdout = _ordered(found)
        shelf = self._releases.shelf
        if only_if_new and (same := self._learned_already(tickets, profile.key)):
            return {"release": same, "profile": profile.key, "skipped": "nothing is new"}
        progress.stage("train", 0)
        release_id = shelf.next_id()
        now = self._clock.now()
        trained = train(
            tickets,
            ReleaseInfo(release=release_id, trained_at=now),
            goals=Goals.of(profile),
            screen=lambda opinions: self._doubtful(opinions, profile.key),
        )
        progress.stage("save", 0)
        verdict = self._verdict(trained, profile.key)
        reason = verdict.get("objection", "")
        shelf.save(release_id, trained, profile=profile.key, now=now, verdict=verdict)
        if not reason:
            shelf.promote(release_id)
        log.info("classifier_trained", release=release_id, promoted=not reason, reason=reason)
        return {
            "release": release_id,
            "profile": profile.key,
            "tickets": trained.tickets,
            "holdout": holdout,
            "metrics": {name: dict(figures) for name, figures in trained.metrics.items()},
            "promoted": not reason,
            "reason": reason,
        }

    def releases(self) -> list[dict[str, Any]]:
        """Return what is known of every kept release, newest first."""
        current = self._releases.shelf.current
        return [self._described(name, current) for name in self._releases.shelf.ids()]

    def release(self, release_id: str = "") -> ReleaseCard:
        """Return what is known of one release, the current one unless named, with its cards.

        Raises:
            NotFound: There is none such.
            ArtifactRejected: Its manifest was changed.
        """
        shelf = self._releases.shelf
        release_id = release_id or shelf.current
        if not release_id:
            raise NotFound("There is no classifier release yet")
        plain = shelf.manifest(release_id).get("card", {})
        return ReleaseCard(
            facts=self._described(release_id, shelf.current),
            cards={name: Card.of(card) for name, card in plain.items()},
        )

    def promote(self, release_id: str, principal: Principal) -> str:
        """Let a release classify from now on; return its id.

        Raises:
            NotFound: There is none such.
            ArtifactRejected: It is damaged or from other versions.
        """
        principal.demand(Role.ADMIN)
        self._releases.shelf.promote(release_id)
        with self._database.transaction() as session:
            audit.append(
                session,
                actor=principal.name,
                action="classifier_promoted",
                subject=f"classifier:{release_id}",
                facts={},
                now=self._clock.now(),
            )
        return release_id

    def rollback(self, principal: Principal) -> str:
        """Let the release before the current one classify again; return its id.

        Raises:
            NotFound: No earlier release is kept.
        """
        shelf = self._releases.shelf
        previous = shelf.before(shelf.current) if shelf.current else ""
        if not previous:
            raise NotFound("There is no earlier classifier release")
        return self.promote(previous, principal)

    def faults(self) -> Iterable[str]:
        """Yield what is wrong with the current release."""
        self._releases.current()
        if self._releases.problem:
            yield self._releases.problem
        promise = self._releases.promise(self._profiles.get(""))
        if promise and not promise.is_automatic:
            check = promise.overall
            yield (
                f"of the last {check.decided} categories it was sure of {check.right} were right, "
                f"{check.promised:.0%} are promised: nothing is filled in until that holds again"
            )
        elif promise and promise.suspended:
            yield f"categories no longer filled in unasked: {', '.join(sorted(promise.suspended))}"

    def last_at(self) -> datetime | None:
        """Return when the newest release of the instance's profile was trained."""
        newest = self._newest(self._profiles.get("").key)
        return datetime.fromisoformat(newest["created_at"]) if newest else None

    def news(self) -> int | None:
        """Return how many labels came in since then; None while there are too few to learn from.

        Of more than can be learned from, the count does not tell what is new: 0.
        """
        key = self._profiles.get("").key
        with self._database.reading() as session:
            held = store.count_labelled(session, key)
        if held < LEAST_TICKETS:
            return None
        newest = self._newest(key)
        learned = int(newest["tickets"]) if newest else 0
        return held - learned if held <= MAX_TICKETS else 0

    def _doubtful(self, opinions: Sequence[SecondOpinion], profile_key: str) -> set[str]:
        """Hold back what looks wrong; return the numbers of the tickets."""
        labellers = self._quarantine.labellers(profile_key)
        claims = []
        for ticket, predicted, confidence, own in opinions:
            given = labellers.get(ticket.number, Labeller("", ticket.created_at or _LONG_AGO))
            claims.append(
                Claim(
                    ticket=ticket.number,
                    value=ticket.category or "",
                    by=given.by,
                    at=given.at,
                    predicted=predicted,
                    confidence=confidence,
                    own=own,
                )
            )
        return self._quarantine.examine(claims, profile_key)

    def _learned_already(self, tickets: Sequence[TrainingTicket], profile_key: str) -> str:
        """Return the newest release if it learned from these tickets with this program."""
        newest = self._newest(profile_key)
        if newest is None or newest["data_hash"] != data_hash(tickets):
            return ""
        is_readable = newest["analyzer"] == FINGERPRINT and newest["format"] == FORMAT
        return str(newest["id"]) if is_readable else ""

    def _newest(self, profile_key: str) -> dict[str, Any] | None:
        for release_id in self._releases.shelf.ids():
            try:
                manifest = self._releases.shelf.manifest(release_id)
            except KbServiceError:
                continue
            if manifest["profile"] == profile_key:
                return manifest
        return None

    def _verdict(self, trained: Trained, profile_key: str) -> dict[str, Any]:
        """Return how the challenger does beside the champion; empty where there is none.

        ``objection`` says why it must not replace the champion; empty if it may.
        """
        champion = self._releases.current()
        if champion is None or champion.manifest["profile"] != profile_key:
            return {}
        objections, compared = list[str](), dict[str, Any]()
        for name, recorded in champion.manifest["metrics"].items():
            if name not in trained.metrics:
                objections.append(f"it has no {name}")
                continue
            before, after, unseen = _compared(champion, trained, name, recorded)
            compared[name] = {
                "tickets": unseen,
                "champion": _brief(before),
                "challenger": _brief(after),
            }
            if reason := objection(before, after):
                objections.append(f"{name}: {reason}")
        return {
            "champion": champion.id,
            "compared": compared,
            "objection": "; ".join(objections),
        }

    def _described(self, release_id: str, current: str) -> dict[str, Any]:
        facts: dict[str, Any] = {"id": release_id, "current": release_id == current}
        try:
            manifest = self._releases.shelf.manifest(release_id)
        except KbServiceError as error:
            return {**facts, "error": str(error)}
        return {
            **facts,
            "trained_at": manifest["created_at"],
            "profile": manifest["profile"],
            "tickets": manifest["tickets"],
            "metrics": manifest["metrics"],
            "parameters": manifest["parameters"],
            "versions": manifest["versions"],
            "data_hash": manifest["data_hash"],
            "window": manifest.get("window", []),
            "verdict": manifest.get("verdict", {}),
        }


def _compared(
    champion: Release, trained: Trained, name: str, recorded: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any], int]:
    """Return the figures of both, on tickets that neither has seen if there are enough.

    The number is that of these tickets; 0: each was judged at its own training.
    """
    trial = trained.trials[name]
    learned_until = champion.manifest.get("window", [])[1:]
    unseen = [
        ticket
        for ticket in trial.holdout
        if learned_until
        and ticket.created_at
        and ticket.created_at > datetime.fromisoformat(learned_until[0])
    ]
    if len(unseen) < USUAL.tickets or name not in champion.classifiers:
        return recorded, trained.metrics[name], 0
    label = cast("LabelName", name)
    return (
        figures(label, champion.classifiers[name], trial.older, unseen),
        figures(label, trial.classifier, trial.older, unseen),
        len(unseen),
    )


def _brief(measured: Mapping[str, Any]) -> dict[str, Any]:
    return {name: measured.get(name) for name in _COMPARED}


def _ordered(found: list[LabelledTicket]) -> tuple[list[TrainingTicket], str]:
    """Return tickets oldest first, or well mixed where their times say nothing."""
    times = [ticket.opened_at for ticket in found]
    holdout = "newest"
    if times and max(times) - min(times) < _SPREAD:
        holdout = "mixed"
        found = sorted(found, key=lambda t: hashlib.sha256(t.number.encode()).digest())
    return [_training_ticket(ticket) for ticket in found], holdout


def _without_category(ticket: LabelledTicket, held_back: Collection[str]) -> LabelledTicket:
    return replace(ticket, category=None) if ticket.number in held_back else ticket


def _training_ticket(ticket: LabelledTicket) -> TrainingTicket:
    return TrainingTicket(
        number=ticket.number,
        title=ticket.title,
        body=ticket.body,
        category=ticket.category,
        priority=ticket.priority,
        kind=ticket.kind,
        product=ticket.product,
        version=ticket.version,
        environment=ticket.environment,
        channel=ticket.channel,
        created_at=ticket.opened_at,
    )
