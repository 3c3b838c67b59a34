"""Looking after the files of an opened commit, which may be damaged or deleted at any moment."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from kbservice.files import sha256_of
from kbservice.search.whoosh.commits import Commit, fingerprint, forget_checksum

# Checksums take at most a thousandth of one core: a gigabyte is read in 1 s each 17 minutes.
_REST: Final = 1000


class Inspection:
    """Compares files with what they were when their commit was opened.

    A look costs a stat of each file (10 us). What a disk does to a file without a trace in its
    times shows in its checksum: one file has its turn at a look, and a rest follows.
    """

    def __init__(self, rest: int = _REST) -> None:
        """Look at nothing yet; ``rest`` is how many times as long as a checksum took."""
        self._rest = rest
        self._last = ""
        self._rests_until = float("-inf")

    def finds_damage(self, folder: Path, commit: Commit) -> bool:
        """Tell whether a file differs; reading the commit anew says which, and what it means."""
        return any(
            fingerprint(folder / name) != was for name, was in commit.fingerprints.items()
        ) or self._finds_rot(folder, commit)

    def _finds_rot(self, folder: Path, commit: Commit) -> bool:
        started = time.monotonic()
        # What is known to be damaged will be written anew, and all of it checked then.
        if commit.damaged or started < self._rests_until:
            return False
        names = sorted(commit.checksums)
        self._last = next((name for name in names if name > self._last), names[0])
        path = folder / self._last
        try:
            differs = sha256_of(path) != commit.checksums[self._last]
        except OSError:
            differs = True
        if differs:
            forget_checksum(path)
        ended = time.monotonic()
        self._rests_until = ended + self._rest * (ended - started)
        return differs
