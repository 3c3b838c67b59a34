"""Learns from the ticket store, and decides which release classifies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.errors import KbServiceError, NotFound
from kbservice.services.profiles import ProfileBook
from kbservice.services.progress import NullProgress, Progress
from kbservice.services.releases import Releases
from kbservice.store import audit
from kbservice.store import tickets as store
from kbservice.store.database import Database
from kbservice.store.tickets import LabelledTicket
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import TrainingTicket
from kbservice.triage.training import Trained, train

log = structlog.get_logger(__name__)

# Tickets of one import day have no order in time worth the name.
_SPREAD = timedelta(days=1)
# A release may be this much worse in macro-F1, which is noise, but not more.
_MARGIN = 0.02


class Training:
    """Trains releases, promotes them unless they are worse, and goes back on demand."""

    def __init__(
        self, *, database: Database, profiles: ProfileBook, releases: Releases, clock: Clock
    ) -> None:
        self._database = database
        self._profiles = profiles
        self._releases = releases
        self._clock = clock

    def train(self, progress: Progress | None = None, *, profile_key: str = "") -> dict[str, Any]:
        """Learn from every ticket whose label a person or an import vouched for.

        Raises:
            InvalidInput: There are too few labelled tickets.
        """
        progress = progress or NullProgress()
        profile = self._profiles.get(profile_key)
        progress.stage("read", 0)
        with self._database.reading() as session:
            found = list(store.labelled(session, profile.key))
        tickets, holdout = _ordered(found)
        progress.stage("train", 0)
        shelf = self._releases.shelf
        release_id = shelf.next_id()
        now = self._clock.now()
        trained = train(tickets, ReleaseInfo(release=release_id, trained_at=now))
        progress.stage("save", 0)
        shelf.save(release_id, trained, profile=profile.key, now=now)
        reason = self._why_not(trained, profile.key)
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

    def _why_not(self, trained: Trained, profile_key: str) -> str:
        """Return why the challenger must not replace the champion; empty if it may."""
        champion = self._releases.current()
        if champion is None or champion.manifest["profile"] != profile_key:
            return ""
        for name, figures in champion.manifest["metrics"].items():
            if name not in trained.metrics:
                return f"it has no {name}"
            before, after = figures.get("macro_f1", 0.0), trained.metrics[name].get("macro_f1", 0.0)
            if after < before - _MARGIN:
                return f"macro-F1 of {name} fell from {before} to {after}"
        return ""

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
        }


def _ordered(found: list[LabelledTicket]) -> tuple[list[TrainingTicket], str]:
    """Return tickets oldest first, or well mixed where their times say nothing."""
    times = [ticket.opened_at for ticket in found]
    holdout = "newest"
    if times and max(times) - min(times) < _SPREAD:
        holdout = "mixed"
        found = sorted(found, key=lambda t: hashlib.sha256(t.number.encode()).digest())
    return [_training_ticket(ticket) for ticket in found], holdout


def _training_ticket(ticket: LabelledTicket) -> TrainingTicket:
    return TrainingTicket(
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
