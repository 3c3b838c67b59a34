"""Learns from the ticket store, and decides which release classifies."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.errors import ArtifactRejected, InvalidInput, KbServiceError, NotFound
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
from kbservice.triage.card import Card
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import TrainingTicket
from kbservice.triage.goals import Goals
from kbservice.triage.packing import FORMAT
from kbservice.triage.promise import PromiseReport
from kbservice.triage.suspicion import Claim
from kbservice.triage.thresholds import needed_at_first
from kbservice.triage.training import (
    LEAST_TICKETS,
    MAX_TICKETS,
    SecondOpinion,
    data_hash,
    train,
)
from kbservice.triage.verdict import verdict

log = structlog.get_logger(__name__)

# Tickets of one import day have no order in time worth the name.
_SPREAD = timedelta(days=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCard:
    """A release: what its training recorded, and a card for each kind of label."""

    facts: Mapping[str, Any]
    cards: Mapping[str, Card]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCount:
    """A category before anything was learned.

    Attributes:
        value: As the profile has it.
        labelled: Tickets that a person or an import gave it.
        needed: How many more it needs at least before it may be filled in unasked.
    """

    value: str
    labelled: int
    needed: int


class Training:
    """Trains releases, promotes them unless they are worse, and goes back on demand.

    Each profile has releases of its own, learned from its own tickets.
    """

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
        """Learn from every ticket of a profile whose label a person or an import vouched for.

        Args:
            progress: Told of each stage.
            profile_key: Whose tickets; empty: the instance's profile.
            only_if_new: Do nothing where the last release learned from just the same tickets.

        Raises:
            InvalidInput: There are too few labelled tickets.
            JobRunning: Another process trains.
        """
        with self._releases.shelves.training_alone():
            return self._train(progress or NullProgress(), profile_key, only_if_new=only_if_new)

    def _train(self, progress: Progress, profile_key: str, *, only_if_new: bool) -> dict[str, Any]:
        profile = self._profiles.get(profile_key)
        progress.stage("read", 0)
        with self._database.reading() as session:
            found = list(store.labelled(session, profile.key))
        held_back = self._quarantine.held_back(profile.key)
        found = [_without_category(ticket, held_back) for ticket in found]
        tickets, holdout = _ordered(found)
        shelves = self._releases.shelves
        if only_if_new and (same := self._learned_already(tickets, profile.key)):
            return {"release": same, "profile": profile.key, "skipped": "nothing is new"}
        progress.stage("train", 0)
        release_id = shelves.next_id()
        now = self._clock.now()
        trained = train(
            tickets,
            ReleaseInfo(release=release_id, trained_at=now),
            goals=Goals.of(profile),
            screen=lambda opinions: self._doubtful(opinions, profile.key),
        )
        progress.stage("save", 0)
        beside = verdict(self._releases.current(profile.key), trained)
        reason = beside.get("objection", "")
        shelves.save(release_id, trained, profile=profile.key, now=now, verdict=beside)
        if not reason:
            shelves.promote(release_id)
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

    def train_each(
        self,
        progress: Progress | None = None,
        *,
        profile_key: str = "",
        only_if_new: bool = False,
    ) -> dict[str, Any]:
        """Learn for each profile that has enough tickets, or for the one that is named.

        Returns:
            By profile key, what ``train`` returns.

        Raises:
            InvalidInput: The named profile, or each, has too few labelled tickets.
        """
        keys = [profile_key] if profile_key else [*self._learnable()] or [self._profiles.get().key]
        trained, refused = dict[str, Any](), list[InvalidInput]()
        for key in keys:
            # Labels that wait for a verdict do not count: a profile may have too few without them.
            try:
                trained[key] = self.train(progress, profile_key=key, only_if_new=only_if_new)
            except InvalidInput as error:
                refused.append(error)
        if refused and not trained:
            raise refused[0]
        return trained

    def releases(self) -> list[dict[str, Any]]:
        """Return what is known of every kept release, newest first."""
        shelves = self._releases.shelves
        found = [
            self._described(release_id, profile)
            for profile in shelves.profiles()
            for release_id in shelves.of(profile).ids()
        ]
        return sorted(found, key=lambda facts: str(facts["id"]), reverse=True)

    def current(self, profile_key: str = "") -> str:
        """Return the id of the release that a profile uses; empty on day zero."""
        return self._releases.shelves.of(self._profiles.get(profile_key).key).current

    def release(self, release_id: str = "") -> ReleaseCard:
        """Return what is known of one release, with its cards.

        Args:
            release_id: Empty: the one that the instance's profile uses.

        Raises:
            NotFound: There is none such.
            ArtifactRejected: Its manifest was changed.
        """
        release_id = release_id or self.current()
        if not release_id:
            raise NotFound("No classifier release is in use: the profile’s criteria answer")
        manifest = self._releases.shelves.manifest(release_id)
        return ReleaseCard(
            facts=self._described(release_id, manifest["profile"]),
            cards={name: Card.of(card) for name, card in manifest.get("card", {}).items()},
        )

    def promote(self, release_id: str, principal: Principal) -> str:
        """Let a release classify its profile's tickets from now on; return its id.

        Raises:
            NotFound: There is none such.
            ArtifactRejected: It is damaged or from other versions.
        """
        principal.demand(Role.ADMIN)
        self._releases.shelves.promote(release_id)
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

    def rollback(self, principal: Principal, profile_key: str = "") -> str:
        """Let the newest sound release before the current one classify again; return its id.

        Args:
            principal: Who asks.
            profile_key: Whose release; empty: the instance's profile.

        Raises:
            NotFound: No earlier release is kept.
        """
        shelf = self._releases.shelves.of(self._profiles.get(profile_key).key)
        for release_id in shelf.earlier():
            with suppress(ArtifactRejected):
                return self.promote(release_id, principal)
        raise NotFound("There is no earlier classifier release")

    def label_counts(self, profile_key: str = "") -> list[LabelCount]:
        """Return how far each category of a profile is from being learned."""
        profile = self._profiles.get(profile_key)
        with self._database.reading() as session:
            held = store.count_categories(session, profile.key)
        return [
            LabelCount(
                value=category.value,
                labelled=held.get(category.value, 0),
                needed=needed_at_first(held.get(category.value, 0)),
            )
            for category in profile.categories
        ]

    def faults(self) -> Iterable[str]:
        """Yield what is wrong with the current releases."""
        known = set(self._profiles.available())
        for key in self._releases.shelves.profiles():
            if problem := self._releases.problem(key):
                yield problem
            promise = self._releases.promise(self._profiles.get(key)) if key in known else None
            if promise and (fault := _unkept(promise)):
                yield fault

    def last_at(self) -> datetime | None:
        """Return when the newest release was trained."""
        made = [newest["created_at"] for key in self._learnable() if (newest := self._newest(key))]
        return max(map(datetime.fromisoformat, made), default=None)

    def news(self) -> int | None:
        """Return how many labels came in since then; None while there are too few to learn from.

        Of more than can be learned from, the count does not tell what is new: 0.
        """
        new = [self._new(key, held) for key, held in self._learnable().items()]
        return sum(new) if new else None

    def _learnable(self) -> dict[str, int]:
        """Return how many labelled tickets each profile has that has enough, by key."""
        with self._database.reading() as session:
            held = store.count_labelled(session)
        known = self._profiles.available()
        return {key: held[key] for key in known if held.get(key, 0) >= LEAST_TICKETS}

    def _new(self, profile_key: str, held: int) -> int:
        newest = self._newest(profile_key)
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
        """Return the manifest of a profile's newest sound release."""
        for release_id in self._releases.shelves.of(profile_key).ids():
            with suppress(KbServiceError):
                return self._releases.shelves.manifest(release_id)
        return None

    def _described(self, release_id: str, profile_key: str) -> dict[str, Any]:
        shelves = self._releases.shelves
        is_current = release_id == shelves.of(profile_key).current
        facts: dict[str, Any] = {"id": release_id, "profile": profile_key, "current": is_current}
        try:
            manifest = shelves.manifest(release_id)
        except KbServiceError as error:
            return {**facts, "error": str(error)}
        return {
            **facts,
            "trained_at": manifest["created_at"],
            "tickets": manifest["tickets"],
            "metrics": manifest["metrics"],
            "parameters": manifest["parameters"],
            "versions": manifest["versions"],
            "data_hash": manifest["data_hash"],
            "window": manifest.get("window", []),
            "verdict": manifest.get("verdict", {}),
        }


def _unkept(promise: PromiseReport) -> str:
    """Return how a promise of precision is not kept; empty if it is."""
    if not promise.is_automatic:
        check = promise.overall
        return (
            f"of the last {check.decided} categories it was sure of {check.right} were right, "
            f"{check.promised:.0%} are promised: nothing is filled in until that holds again"
        )
    if promise.suspended:
        return f"categories no longer filled in unasked: {', '.join(sorted(promise.suspended))}"
    return ""


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
