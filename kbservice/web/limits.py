"""How much one caller may ask for: requests a second, bytes a body."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from flask import Flask, current_app, request

from kbservice.errors import RateLimited
from kbservice.web.context import principal

View = TypeVar("View", bound=Callable[..., object])

MAX_BODY_BYTES = 1_000_000
_RATE = "kbservice_rate"
_BUCKETS = "kbservice.buckets"
# Beyond this many callers the oldest state is worth forgetting: all buckets start full.
_MAX_BUCKETS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A steady rate with room for bursts; generous: it stops runaways, not work."""

    name: str
    per_s: float
    burst: int


# A search asked again takes a fifth of a millisecond: slower callers are none.
SEARCH = Rate(name="search", per_s=5_000, burst=10_000)
SUGGEST = Rate(name="suggest", per_s=100, burst=200)


class Buckets:
    """Token buckets by caller, in this process."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = Lock()
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, caller: str, rate: Rate) -> None:
        """Take one token of ``caller``.

        Raises:
            RateLimited: The bucket is empty.
        """
        now = self._now_s()
        with self._lock:
            if len(self._levels) > _MAX_BUCKETS:
                self._levels.clear()
            level, since = self._levels.get((caller, rate.name), (float(rate.burst), now))
            level = min(rate.burst, level + (now - since) * rate.per_s)
            self._levels[caller, rate.name] = (
                (max(0.0, level - 1), now) if level >= 1 else (level, now)
            )
        if level < 1:
            wait_s = max(1, round((1 - level) / rate.per_s))
            raise RateLimited(
                "Too many requests; try again in {retry_after_s} s", retry_after_s=wait_s
            )


def limited(rate: Rate) -> Callable[[View], View]:
    """Hold callers of a view to ``rate``."""

    def state(view: View) -> View:
        setattr(view, _RATE, rate)
        return view

    return state


def buckets_of(app: Flask) -> Buckets:
    """Return how much the callers of an application have left."""
    found: Buckets = app.extensions[_BUCKETS]
    return found


def register(app: Flask, buckets: Buckets | None = None) -> None:
    """Cap bodies and rates of ``app``; after authorisation, so that callers have names."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions[_BUCKETS] = buckets or Buckets()
    app.before_request(_hold)


def _hold() -> None:
    rate = getattr(current_app.view_functions.get(request.endpoint or ""), _RATE, None)
    if isinstance(rate, Rate):
        buckets_of(current_app).take(principal().name, rate)
