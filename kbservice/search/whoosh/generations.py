"""Generations of the index: built aside, switched by one pointer, one kept to go back to."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kbservice.errors import IndexLocked, NotFound
from kbservice.files import write_durably

_POINTER = "CURRENT"
_LOCK = "WRITER.lock"
_LOCK_POLL_S = 0.05


class Generations:
    """The numbered folders of one index and the pointer to the current one."""

    def __init__(self, folder: Path, lock_wait_s: float) -> None:
        self._folder = folder
        self._lock_wait_s = lock_wait_s

    @property
    def current(self) -> int:
        """Number of the generation that answers, 0 if there is none."""
        try:
            return int((self._folder / _POINTER).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def path(self, number: int) -> Path:
        """Return the folder of a generation."""
        return self._folder / f"{number:06}"

    def numbers(self) -> list[int]:
        """Return the generations that exist, oldest first."""
        if not self._folder.is_dir():
            return []
        return sorted(int(path.name) for path in self._folder.iterdir() if path.name.isdigit())

    def begin(self) -> int:
        """Make the folder of a new generation; leftovers of killed builds go."""
        self._sweep(keep={self.current, self.previous})
        number = max([self.current, *self.numbers()], default=0) + 1
        self.path(number).mkdir(parents=True, mode=0o700)
        return number

    @property
    def previous(self) -> int:
        """Number of the newest generation before the current one, 0 if none is kept."""
        return max((number for number in self.numbers() if number < self.current), default=0)

    def switch(self, number: int) -> None:
        """Let a complete generation answer; keep the one that did until now."""
        before = self.current
        write_durably(self._folder / _POINTER, f"{number}\n".encode("ascii"))
        self._sweep(keep={number, before})

    def discard(self, number: int) -> None:
        """Remove a generation that was not finished."""
        shutil.rmtree(self.path(number), ignore_errors=True)

    def rollback(self) -> int:
        """Let the previous generation answer again.

        Raises:
            NotFound: None is kept.
        """
        previous = self.previous
        if not previous:
            raise NotFound("There is no previous index generation")
        write_durably(self._folder / _POINTER, f"{previous}\n".encode("ascii"))
        return previous

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only writer; the lock ends with the process, however that ends.

        Raises:
            IndexLocked: Another process writes for longer than we wait.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _acquire(handle, self._lock_wait_s)
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode("ascii"))
            yield
        finally:
            os.close(handle)

    def _sweep(self, keep: set[int]) -> None:
        for number in self.numbers():
            if number not in keep:
                self.discard(number)


def _acquire(handle: int, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
                raise IndexLocked(
                    "Process {pid} is writing the index", pid=holder or "?", retry_after_s=5
                ) from error
            time.sleep(_LOCK_POLL_S)
        else:
            return
