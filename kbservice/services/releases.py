"""The classifier releases in use, one for each profile, shared by everybody who triages."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import structlog

from kbservice.errors import KbServiceError, Unavailable
from kbservice.profiles.schema import Profile
from kbservice.services.profiles import ProfileBook
from kbservice.services.promises import PromiseWatch
from kbservice.store.database import Database
from kbservice.triage.artifacts import Release, ReleaseShelves
from kbservice.triage.assessor import Assessor
from kbservice.triage.day_zero import DAY_ZERO
from kbservice.triage.promise import PromiseReport

log = structlog.get_logger(__name__)

_PART = "classifier"


@dataclass(slots=True, kw_only=True)
class _InUse:
    """What one profile triages with.

    Attributes:
        pointer: What the shelf named as current when this was loaded.
        problem: Why that is not the release in use; empty if it is.
        assessors: By version of the profile, each with the promise report it was made for.
    """

    pointer: str
    release: Release | None = None
    problem: str = ""
    watch: PromiseWatch | None = None
    assessors: dict[int, tuple[PromiseReport | None, Assessor]] = field(default_factory=dict)


class Releases:
    """Loads a profile's current release once and again after a switch.

    Where it is damaged, its newest sound one before it serves.

    Attributes:
        shelves: The releases on disk.
    """

    def __init__(
        self,
        *,
        folder: Path,
        key: bytes,
        database: Database,
        profiles: ProfileBook,
        is_prompt: bool = False,
    ) -> None:
        """Keep where releases are; none is loaded yet.

        Args:
            folder: Of the releases.
            key: The instance's signing key.
            database: Tells what people made of the guesses.
            profiles: Tell which categories a newer version dropped.
            is_prompt: Look at that with every question, not once a minute.
        """
        self._database = database
        self._profiles = profiles
        self._is_prompt = is_prompt
        self.shelves = ReleaseShelves(folder, key)
        self._lock = Lock()
        self._in_use: dict[str, _InUse] = {}

    def triage(self, profile: Profile) -> Assessor:
        """Return the assessor of a profile; day zero where it has no release."""
        with self._lock:
            used = self._used(profile.key)
            promise = self._promise(used, profile)
            held = used.assessors.get(profile.version)
            if held is None or held[0] is not promise:
                held = (promise, self._assessor(used, profile, promise))
                used.assessors[profile.version] = held
            return held[1]

    def assessor_of(self, release_id: str, profile: Profile) -> Assessor:
        """Return the assessor of a release that may be in use no longer, as it left training.

        Raises:
            NotFound: The release is not kept.
            ArtifactRejected: It cannot be trusted or read.
        """
        if release_id == DAY_ZERO.release:
            return Assessor(profile, {})
        held = self.current(profile.key)
        release = held if held and held.id == release_id else self.shelves.load(release_id)
        return Assessor(
            profile,
            release.classifiers,
            extra_categories=self._own_categories(release, profile),
        )

    def promise(self, profile: Profile) -> PromiseReport | None:
        """Return whether what is filled in keeps what the profile promises, None if unknown."""
        with self._lock:
            return self._promise(self._used(profile.key), profile)

    def current(self, profile_key: str) -> Release | None:
        """Return the release that a profile uses, None on day zero."""
        with self._lock:
            return self._used(profile_key).release

    def problem(self, profile_key: str) -> str:
        """Return why a profile's current release is not the one in use; empty if it is."""
        with self._lock:
            return self._used(profile_key).problem

    def _promise(self, used: _InUse, profile: Profile) -> PromiseReport | None:
        if used.release is None or "category" not in used.release.classifiers:
            return None
        if used.watch is None:
            used.watch = PromiseWatch(
                database=self._database,
                release=used.release,
                profile=profile,
                is_prompt=self._is_prompt,
            )
        try:
            return used.watch.report()
        except Unavailable:
            # Only on the first look: the store is away, and nothing speaks against the promise.
            return None

    def _used(self, profile_key: str) -> _InUse:
        pointer = self.shelves.of(profile_key).current
        held = self._in_use.get(profile_key)
        if held is None or held.pointer != pointer:
            held = self._in_use[profile_key] = self._load(profile_key, pointer)
        return held

    def _load(self, profile_key: str, pointer: str) -> _InUse:
        try:
            loaded = self.shelves.load_current(profile_key)
        except (KbServiceError, OSError) as error:
            return _InUse(pointer=pointer, problem=str(error))
        for fault in loaded.faults:
            log.warning("classifier_release_refused", profile=profile_key, reason=fault)
        problem = next(iter(loaded.faults), "")
        return _InUse(pointer=pointer, release=loaded.release, problem=problem)

    def _assessor(self, used: _InUse, profile: Profile, promise: PromiseReport | None) -> Assessor:
        degraded = (_PART,) if used.problem else ()
        if used.release is None:
            return Assessor(profile, {}, degraded=degraded)
        return Assessor(
            profile,
            used.release.classifiers,
            extra_categories=self._own_categories(used.release, profile),
            degraded=degraded,
            is_automatic=promise is None or promise.is_automatic,
            suspended=promise.suspended if promise else (),
        )

    def _own_categories(self, release: Release, profile: Profile) -> set[str]:
        """Return the categories that a release learned, without those dropped since."""
        learned = release.manifest["labels"].get("category", ())
        return set(learned) - self._profiles.dropped_categories(profile)
