"""Answers that this process gave lately, kept as they were sent.

They are named by everything they depend on, so that one is never stale: a change of the index,
of the synonyms or of the reader's rights is another name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

import orjson

from kbservice.bootstrap import Application
from kbservice.errors import Unavailable
from kbservice.metrics import Metrics

_MAX_BYTES: Final = 16_000_000
_OPTIONS: Final = orjson.OPT_UTC_Z


class Answers:
    """The latest answers, by name; safe to share between threads."""

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._lock = Lock()
        self._answers: OrderedDict[str, bytes] = OrderedDict()

    def recall(self, name: str) -> bytes | None:
        """Return the members of an answer, None where they are not kept."""
        with self._lock:
            found = self._answers.get(name)
            if found is not None:
                self._answers.move_to_end(name)
            return found

    def keep(self, name: str, members: bytes) -> None:
        """Keep the members of an answer, at the cost of those that were not asked for longest."""
        with self._lock:
            self._held_bytes += len(members) - len(self._answers.pop(name, b""))
            self._answers[name] = members
            while self._held_bytes > self._max_bytes:
                _, dropped = self._answers.popitem(last=False)
                self._held_bytes -= len(dropped)


def written(members: Mapping[str, Any]) -> bytes:
    """Write the members of an answer."""
    return orjson.dumps(members, option=_OPTIONS)


def completed(members: bytes, **further: Any) -> bytes:
    """Return a whole answer: kept members, and those of this moment."""
    return members[:-1] + b"," + written(further)[1:]


def moment(
    application: Application, metrics: Metrics, took_s: float, degraded: tuple[str, ...] = ()
) -> dict[str, object]:
    """Return the members that are never the same twice, and count what is down."""
    retrieval = application.retrieval
    state = retrieval.index()
    try:
        lag_s = retrieval.lag_s(application.clock.now())
    except Unavailable:
        lag_s, degraded = 0.0, (*degraded, "store")
    for part in degraded:
        metrics.degraded_answers.labels(part).inc()
    return {
        "index": {
            "generation": state.generation if state else 0,
            "lag_s": lag_s,
            "complete": state.complete if state else False,
        },
        "took_ms": round(took_s * 1000, 2),
        "degraded": bool(degraded),
        "degraded_parts": degraded,
    }
