"""Values in memory that are computed from the store or the index, and follow its changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import Generic, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger(__name__)

# Work in the background takes at most a tenth of one core.
_REST = 9


class Derived(Generic[T]):
    """One value, and when to compute it anew; safe to share between threads.

    The first reader computes it. Later readers look at most once per interval whether what
    it comes from has changed; the others go on with the old value meanwhile, and so do all
    where it cannot be computed. What takes long to compute is looked at less often.
    """

    def __init__(
        self,
        *,
        stamp: Callable[[], object],
        build: Callable[[T | None], T],
        interval_s: float,
        in_background: bool = False,
    ) -> None:
        """Keep how to compute; nothing is computed yet.

        Args:
            stamp: Cheap; differs when the value must be computed anew.
            build: Computes the value; is given the old one.
            interval_s: Least time between two looks at the stamp.
            in_background: Compute later values in a thread.
        """
        self._stamp = stamp
        self._build = build
        self._interval_s = interval_s
        self._in_background = in_background
        self._value: T | None = None
        self._stamped: object = None
        self._looked_at = float("-inf")
        self._rest_s = interval_s
        self._lock = Lock()

    def get(self) -> T:
        """Return the value, not older than the interval and the time to compute it."""
        value = self._value
        if value is not None and time.monotonic() - self._looked_at < self._rest_s:
            return value
        if value is None:
            with self._lock:
                return self._followed()
        if self._lock.acquire(blocking=False):
            self._refresh()
        # It never goes back to None.
        return value if self._value is None else self._value

    def ready(self) -> T | None:
        """Return the value if there is one; otherwise begin to compute it in the background."""
        if self._value is not None:
            return self.get()
        if not self._in_background:
            return self.get()
        if self._lock.acquire(blocking=False):
            self._start()
        return None

    def forget(self) -> None:
        """Look at the stamp next time, however soon."""
        self._looked_at = float("-inf")

    def _refresh(self) -> None:
        """Follow the stamp and let go of the lock, now or when the thread is done."""
        if self._in_background and self._has_changed():
            self._start()
        else:
            self._follow_quietly()

    def _start(self) -> None:
        Thread(target=self._follow_quietly, name="derived", daemon=True).start()

    def _follow_quietly(self) -> None:
        try:
            self._followed()
        except Exception as error:  # noqa: BLE001  # the old value serves on; somebody tries again
            log.warning("derived_value_failed", reason=repr(error))
            self._looked_at = time.monotonic()
        finally:
            self._lock.release()

    def _has_changed(self) -> bool:
        try:
            return self._stamp() != self._stamped
        except Exception:  # noqa: BLE001  # told by the thread that meets it again
            return True

    def _followed(self) -> T:
        started = time.monotonic()
        stamp = self._stamp()
        if self._value is None or stamp != self._stamped:
            self._value = self._build(self._value)
            self._stamped = stamp
        self._looked_at = time.monotonic()
        if self._in_background:
            took_s = self._looked_at - started
            self._rest_s = max(self._interval_s, _REST * took_s)
        return self._value
