"""The ranker in use, shared by everybody who suggests."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import structlog

from kbservice.shelf import Shelf
from kbservice.suggestion import packing
from kbservice.suggestion.ranker import Ranker

log = structlog.get_logger(__name__)


class Rankers:
    """Loads the current release once and again after a switch.

    A release that cannot be trusted is passed over for the one before it; where none is left,
    the fixed weights rank.

    Attributes:
        shelf: The releases on disk.
        shuffles: Whether a lot decides between near ties.
        problem: Why the current release is not the one in use; empty if it is.
    """

    def __init__(self, *, folder: Path, key: bytes, shuffles: bool = False) -> None:
        self.shelf = Shelf(folder, key, kind="ranker")
        self.shuffles = shuffles
        self.problem = ""
        self._lock = Lock()
        self._seen = ""
        self._ranker = Ranker()

    def current(self) -> Ranker:
        """Return the ranker in use."""
        with self._lock:
            current = self.shelf.current
            if current != self._seen:
                self._load(current)
            return self._ranker

    def load(self, release_id: str) -> Ranker:
        """Verify and load one release.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: It is damaged, not signed by this instance, or made for other
                library versions.
        """
        shelved = self.shelf.read(release_id)
        packing.check_versions(shelved.manifest)
        return packing.unpack(shelved.files[packing.FILE], release_id)

    def _load(self, current: str) -> None:
        ranker, faults = self.shelf.first_sound(self.load)
        self._ranker = ranker or Ranker()
        self._seen, self.problem = current, next(iter(faults), "")
        for fault in faults:
            log.warning("ranker_release_refused", reason=fault)
