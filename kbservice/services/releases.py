"""The classifier release in use, shared by everybody who triages."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import structlog

from kbservice.errors import KbServiceError, Unavailable
from kbservice.profiles.schema import Profile
from kbservice.services.promises import PromiseWatch
from kbservice.store.database import Database
from kbservice.triage.artifacts import Release, ReleaseShelf
from kbservice.triage.assessor import Assessor
from kbservice.triage.day_zero import DAY_ZERO
from kbservice.triage.promise import PromiseReport

log = structlog.get_logger(__name__)

_PART = "classifier"


class Releases:
    """Loads the current release once and again after a switch; falls back when it is damaged.

    Attributes:
        shelf: The releases on disk.
        problem: Why the current release is not the one in use; empty if it is.
    """

    def __init__(
        self, *, folder: Path, key: bytes, database: Database, is_prompt: bool = False
    ) -> None:
        """Keep where releases are; none is loaded yet.

        Args:
            folder: Of the releases.
            key: The instance's signing key.
            database: Tells what people made of the guesses.
            is_prompt: Look at that with every question, not once a minute.
        """
        self._database = database
        self._is_prompt = is_prompt
        self.shelf = ReleaseShelf(folder, key)
        self.problem = ""
        self._lock = Lock()
        self._seen = ""
        self._release: Release | None = None
        self._watch: PromiseWatch | None = None
        self._assessors: dict[tuple[str, int], tuple[PromiseReport | None, Assessor]] = {}

    def triage(self, profile: Profile) -> Assessor:
        """Return the assessor of a profile; day zero where no release is for it."""
        with self._lock:
            self._refresh()
            promise = self._promise(profile)
            held = self._assessors.get((profile.key, profile.version))
            if held is None or held[0] is not promise:
                held = (promise, self._assessor(profile, promise))
                self._assessors[profile.key, profile.version] = held
            return held[1]

    def assessor_of(self, release_id: str, profile: Profile) -> Assessor:
        """Return the assessor of a release that may be in use no longer, as it left training.

        Raises:
            NotFound: The release is not kept.
            ArtifactRejected: It cannot be trusted or read.
        """
        if release_id == DAY_ZERO.release:
            return Assessor(profile, {})
        with self._lock:
            self._refresh()
            held = self._release
        release = held if held and held.id == release_id else self.shelf.load(release_id)
        return Assessor(
            profile,
            release.classifiers,
            extra_categories=release.manifest["labels"].get("category", ()),
        )

    def promise(self, profile: Profile) -> PromiseReport | None:
        """Return whether what is filled in keeps what the profile promises, None if unknown."""
        with self._lock:
            self._refresh()
            return self._promise(profile)

    def current(self) -> Release | None:
        """Return the release in use, None on day zero."""
        with self._lock:
            self._refresh()
            return self._release

    def _promise(self, profile: Profile) -> PromiseReport | None:
        release = self._release
        if release is None or not self._is_for(profile) or "category" not in release.classifiers:
            return None
        if self._watch is None:
            self._watch = PromiseWatch(
                database=self._database,
                release=release,
                profile=profile,
                is_prompt=self._is_prompt,
            )
        try:
            return self._watch.report()
        except Unavailable:
            # Only on the first look: the store is away, and nothing speaks against the promise.
            return None

    def _is_for(self, profile: Profile) -> bool:
        return self._release is not None and self._release.manifest["profile"] == profile.key

    def _assessor(self, profile: Profile, promise: PromiseReport | None) -> Assessor:
        release = self._release
        degraded = (_PART,) if self.problem else ()
        if release is None or not self._is_for(profile):
            return Assessor(profile, {}, degraded=degraded)
        return Assessor(
            profile,
            release.classifiers,
            extra_categories=release.manifest["labels"].get("category", ()),
            degraded=degraded,
            is_automatic=promise is None or promise.is_automatic,
            suspended=promise.suspended if promise else (),
        )

    def _refresh(self) -> None:
        current = self.shelf.current
        if current == self._seen:
            return
        self._seen, self.problem, self._release, self._watch = current, "", None, None
        self._assessors.clear()
        try:
            loaded = self.shelf.load_current()
        except (KbServiceError, OSError) as error:
            self.problem = str(error)
            return
        self._release = loaded.release
        self.problem = next(iter(loaded.faults), "")
        for fault in loaded.faults:
            log.warning("classifier_release_refused", reason=fault)
