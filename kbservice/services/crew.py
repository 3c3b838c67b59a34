"""Which workers of this instance live, told by locks that end with their processes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Crew:
    """One lock file for each worker, named like its claims on jobs.

    A worker on a machine with an instance folder of its own has no file here: nothing is said
    about it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def joined(self, name: str) -> Iterator[tuple[str, ...]]:
        """Be known as alive; yield who died, with an earlier bearer of the name, and forget them.

        The name is free again when the context or the process ends.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = self._folder / name
        handle = _locked(own)
        if handle is None:
            # Two loops in one process bear one name; the first speaks for both.
            yield self._fallen()
            return
        try:
            yield (name, *self._fallen())
        finally:
            own.unlink(missing_ok=True)
            os.close(handle)

    def _fallen(self) -> tuple[str, ...]:
        found = []
        for path in sorted(self._folder.iterdir()):
            handle = _locked(path)
            if handle is not None:
                path.unlink(missing_ok=True)
                os.close(handle)
                found.append(path.name)
        return tuple(found)


def _locked(path: Path) -> int | None:
    """Return the file held for this process, None where another holds it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Else it was removed between the two, and its lock says nothing.
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except FileNotFoundError:
            pass
        os.close(handle)
