"""Timing side by side: the same query to every engine in turn, then medians and ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Asked = TypeVar("Asked")

Samples = list[float]
"""Milliseconds, one for each query."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What is told of many samples."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    count: int


def timing(samples: Sequence[float]) -> Timing:
    """Return the percentiles of some samples."""
    return Timing(
        p50_ms=percentile(samples, 50),
        p95_ms=percentile(samples, 95),
        p99_ms=percentile(samples, 99),
        count=len(samples),
    )


def percentile(samples: Sequence[float], share: float) -> float:
    """Return a percentile by linear interpolation, to four digits; 0 of nothing."""
    if not samples:
        return 0.0
    ordered = sorted(samples)
    place = (len(ordered) - 1) * share / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(f"{ordered[low] + (ordered[high] - ordered[low]) * (place - low):.4g}")


def interleaved(
    engines: Mapping[str, Callable[[Asked], object]],
    queries: Sequence[Asked],
    *,
    patience_s: float,
) -> dict[str, Samples]:
    """Put each query to every engine, another one first each time.

    An engine that has used up ``patience_s`` is asked no more; its samples are those of the
    first queries, so comparisons have to look at as many of the others'.
    """
    samples: dict[str, Samples] = {name: [] for name in engines}
    names = list(engines)
    for number, query in enumerate(queries):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            if sum(samples[name]) < patience_s * 1000:
                samples[name].append(timed_ms(engines[name], query))
    return samples


def timed_ms(function: Callable[[Asked], object], query: Asked) -> float:
    """Return how long one call took."""
    started = time.perf_counter_ns()
    function(query)
    return (time.perf_counter_ns() - started) / 1e6


def ratio(ours: Samples, theirs: Samples) -> float:
    """Return our median over theirs, of the queries that both answered."""
    both = min(len(ours), len(theirs))
    return float(f"{statistics.median(ours[:both]) / statistics.median(theirs[:both]):.3g}")
