"""API keys that were valid a moment ago, so that not every request asks the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from kbservice.domain.account import Principal

# Another process may revoke a key: it must stop working here within a second.
LIFETIME_S: Final = 0.5
_MOST: Final = 1_000


class KnownKeys:
    """Remembers who sent a key, for half a second; safe to share between threads."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = Lock()
        self._known: dict[str, tuple[Principal, float]] = {}
        self._era = 0

    def find(self, key_hash: str, ask: Callable[[], Principal | None]) -> Principal | None:
        """Return who has this key.

        Args:
            key_hash: The key as it is stored; the key itself is not kept in memory.
            ask: Asks the store. Only a valid key is remembered, so that a new one works
                at once; its age counts from before the question.
        """
        now, era = self._now_s(), self._era
        known = self._known.get(key_hash)
        if known is not None and now < known[1]:
            return known[0]
        found = ask()
        with self._lock:
            if found is None:
                self._known.pop(key_hash, None)
            elif era == self._era:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[key_hash] = found, now + LIFETIME_S
        return found

    def forget(self) -> None:
        """Forget all, also what is being asked right now; to be called after a revocation."""
        with self._lock:
            self._era += 1
            self._known.clear()
