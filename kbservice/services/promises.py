"""Watches in the store whether what the classifier fills in is as often right as it promised."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import structlog

from kbservice.profiles.schema import Profile
from kbservice.services.derived import Derived
from kbservice.store import suggestions as store
from kbservice.store.database import Database
from kbservice.triage.artifacts import Release
from kbservice.triage.promise import PromiseReport, report

log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 60.0
_LABEL: Final = "category"


class PromiseWatch:
    """Compares what one release was sure of with what people made of it."""

    def __init__(
        self, *, database: Database, release: Release, profile: Profile, is_prompt: bool = False
    ) -> None:
        """Watch a release; computed anew each minute, in the background unless ``is_prompt``."""
        self._database = database
        self._release = release
        self._promised = profile.thresholds.promised_precision
        self._is_prompt = is_prompt
        self._report: Derived[PromiseReport] = Derived(
            stamp=time.monotonic,
            build=self._checked,
            interval_s=0.0 if is_prompt else _LOOK_EVERY_S,
            in_background=not is_prompt,
        )

    def report(self) -> PromiseReport | None:
        """Return how the promise stands, None while it is not known yet."""
        return self._report.ready()

    def _checked(self, previous: PromiseReport | None) -> PromiseReport:
        found = report(self._outcomes(), self._promised)
        if not _is_same(found, previous):
            log.warning(
                "classifier_promise_changed",
                release=self._release.id,
                is_automatic=found.is_automatic,
                right=found.overall.right,
                decided=found.overall.decided,
                suspended=sorted(found.suspended),
            )
        return found

    def _outcomes(self) -> Iterator[tuple[str, bool]]:
        """Yield what was sure enough to be filled in, and whether it was right, newest last.

        What was not filled in since the promise was broken counts as well: it tells when the
        promise holds again.
        """
        thresholds = self._release.classifiers[_LABEL].thresholds()
        with self._database.reading() as session:
            outcomes = store.outcomes(session, self._release.id)
        for outcome in outcomes:
            threshold = thresholds.get(outcome.predicted)
            if threshold is not None and outcome.confidence >= threshold.automatic:
                yield outcome.predicted, outcome.predicted == outcome.actual


def _is_same(found: PromiseReport, previous: PromiseReport | None) -> bool:
    before = (previous.is_automatic, previous.suspended) if previous else (True, frozenset())
    return (found.is_automatic, found.suspended) == before
