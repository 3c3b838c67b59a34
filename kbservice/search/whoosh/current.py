"""The commit that searches see: found, opened, and exchanged for the next one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Lock, Thread
from typing import Final

import structlog

from kbservice.errors import IndexUnavailable
from kbservice.search.whoosh.commits import newest_commit
from kbservice.search.whoosh.generations import Generations
from kbservice.search.whoosh.inspection import Inspection
from kbservice.search.whoosh.segment import Segment
from kbservice.search.whoosh.snapshot import Snapshot
from kbservice.search.whoosh.snapshots import open_snapshot
from kbservice.search.whoosh.warming import touch

log = structlog.get_logger(__name__)

_RETRY_AFTER_S: Final = 2
_OPEN_TRIES: Final = 5
# Held longer without a look, a snapshot may be arbitrarily old: then a search waits for the new.
_TRUSTED_S: Final = 1.0


class Current:
    """The newest readable commit; safe to share between threads.

    While searches come in, the next commit is opened behind them: to check the files of a new
    generation takes a second per gigabyte.
    """

    def __init__(self, generations: Generations, key: bytes, interval_s: float) -> None:
        """Open nothing yet.

        Args:
            generations: Where commits are.
            key: They are signed with it.
            interval_s: Least time between two looks; 0: each search looks, and waits.
        """
        self._generations = generations
        self._key = key
        self._interval_s = interval_s
        self._held: Snapshot | None = None
        self._refused: dict[int, str] = {}
        self._looked_at = 0.0
        self._inspection = Inspection()
        self._lock = Lock()

    def snapshot(self) -> Snapshot:
        """Return the newest commit, or the one before while that is opened.

        Raises:
            IndexUnavailable: There is none, or none that can be read.
        """
        now = time.monotonic()
        held = self._held
        age_s = now - self._looked_at
        if held is not None and age_s < self._interval_s:
            return held
        # One thread looks; the others go on with the old one.
        if not self._lock.acquire(blocking=held is None):
            return held  # type: ignore[return-value]  # it blocks when there is none
        self._looked_at = now
        with ExitStack() as stack:
            stack.callback(self._lock.release)
            held = self._held
            number = self._generations.current
            if held is None or not self._is_newest(held, number):
                if held is None or not self._interval_s or age_s > _TRUSTED_S:
                    held = self._exchanged(number)
                else:
                    Thread(target=self._follow, args=(number,), daemon=True).start()
                    # That one lets go of the lock.
                    stack.pop_all()
        return held

    def open(self, number: int, stands_in_for: int = 0) -> Snapshot:
        """Open the newest commit of a generation, for itself or in place of a damaged one.

        Raises:
            IndexUnavailable: It cannot be read.
        """
        folder = self._generations.path(number)
        held = self._held
        known: Sequence[Segment] = ()
        if held is not None and held.generation == number:
            known = held.segments
        for left in reversed(range(_OPEN_TRIES)):
            commit = newest_commit(folder)
            try:
                return open_snapshot(folder, number, self._key, known, stands_in_for)
            except Exception as error:
                # Whoosh has no one error for damage: it may be any. And a commit may replace
                # the files at any moment: then there is another try.
                is_moving = newest_commit(folder) != commit
                if not left or not is_moving:
                    raise IndexUnavailable(
                        "Index generation {generation} does not open: {reason}",
                        generation=number,
                        reason=str(error) or type(error).__name__,
                        retry_after_s=_RETRY_AFTER_S,
                    ) from error
        raise AssertionError("unreachable")

    def inspect(self) -> None:
        """Open the commit anew if files of it are no longer what they were.

        Raises:
            IndexUnavailable: There is none, or none that can be read.
        """
        held = self.snapshot()
        with self._lock:
            number = self._generations.current
            if not self._is_newest(held, number):
                return
            if self._inspection.finds_damage(self._generations.path(number), held.commit):
                log.warning("index_files_changed", generation=number)
                self._exchanged(number)

    def forget_check(self) -> None:
        """Look at the next search, however soon it comes, and let it wait for what is new."""
        self._looked_at = 0.0

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._held = None

    def _exchanged(self, number: int) -> Snapshot:
        """Hold what a generation opens as now; where nothing opens, nothing answers for it."""
        try:
            self._held = opened = self._best(number)
        except IndexUnavailable:
            self._held = None
            raise
        return opened

    def _follow(self, number: int) -> None:
        """Open a commit and make it ready, then put it in the place of the one held."""
        try:
            opened = self._best(number)
            known = self._held.segments if self._held else ()
            touch(segment.part for segment in opened.segments if segment not in known)
            opened.prepare()
            self._held = opened
        except IndexUnavailable:
            # The next search meets it, and says so.
            self._held = None
        finally:
            self._lock.release()

    def _is_newest(self, held: Snapshot, number: int) -> bool:
        if held.generation != number:
            return False
        newest = newest_commit(self._generations.path(number))
        return newest == (held.commit.number, held.commit.moment)

    def _best(self, number: int) -> Snapshot:
        """Open a generation; if it cannot be read, the one before stands in."""
        if not number:
            raise IndexUnavailable("There is no index yet", retry_after_s=_RETRY_AFTER_S)
        try:
            return self._sound(number)
        except IndexUnavailable:
            previous = self._generations.previous
            if not previous:
                raise
        held = self._held
        if held is not None and (held.generation, held.stands_in_for) == (previous, number):
            # Nobody writes to it: it is as it was.
            return held
        return self._sound(previous, stands_in_for=number)

    def _sound(self, number: int, stands_in_for: int = 0) -> Snapshot:
        """Open a generation; log once what is wrong with it, however often it is tried."""
        try:
            opened = self.open(number, stands_in_for)
        except IndexUnavailable as error:
            reason = str(error)
            if self._refused.get(number) != reason:
                self._refused[number] = reason
                log.warning("index_generation_refused", generation=number, reason=reason)
            raise
        self._refused.pop(number, None)
        return opened
