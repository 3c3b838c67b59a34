"""The classifier release in use, shared by everybody who triages."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import structlog

from kbservice.errors import KbServiceError
from kbservice.profiles.schema import Profile
from kbservice.triage.artifacts import Release, ReleaseShelf
from kbservice.triage.assessor import Assessor

log = structlog.get_logger(__name__)

_PART = "classifier"


class Releases:
    """Loads the current release once and again after a switch; falls back when it is damaged.

    Attributes:
        shelf: The releases on disk.
        problem: Why the current release is not the one in use; empty if it is.
    """

    def __init__(self, *, folder: Path, key: bytes) -> None:
        self.shelf = ReleaseShelf(folder, key)
        self.problem = ""
        self._lock = Lock()
        self._seen = ""
        self._release: Release | None = None
        self._assessors: dict[tuple[str, int], Assessor] = {}

    def triage(self, profile: Profile) -> Assessor:
        """Return the assessor of a profile; day zero where no release is for it."""
        with self._lock:
            self._refresh()
            key = (profile.key, profile.version)
            if key not in self._assessors:
                self._assessors[key] = self._assessor(profile)
            return self._assessors[key]

    def current(self) -> Release | None:
        """Return the release in use, None on day zero."""
        with self._lock:
            self._refresh()
            return self._release

    def _assessor(self, profile: Profile) -> Assessor:
        release = self._release
        degraded = (_PART,) if self.problem else ()
        if release is None or release.manifest["profile"] != profile.key:
            return Assessor(profile, {}, degraded=degraded)
        return Assessor(
            profile,
            release.classifiers,
            extra_categories=release.manifest["labels"].get("category", ()),
            degraded=degraded,
        )

    def _refresh(self) -> None:
        current = self.shelf.current
        if current == self._seen:
            return
        self._seen, self.problem, self._release = current, "", None
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
