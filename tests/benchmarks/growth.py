"""How build, size and latency grow with the corpus.

    python -m tests.benchmarks.growth --documents 300000

Runs the comparison of terms at 1/100, 1/30, 1/10, 1/3 of the size (at least 1,000) and at the size
itself; the exponent says how latency grows: 1 is in proportion to the documents, 0 not at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.corpus import load_or_generate
from tests.benchmarks.queries import KINDS, make_queries
from tests.benchmarks.recording import Recording, arguments
from tests.benchmarks.speed import build, installed, latencies

NAME = "growth"
_SHARES = (100, 30, 10, 3, 1)
_LEAST = 1000
_WARM_UP = 50


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    parser = arguments(NAME, queries=200, patience=30.0, engines="ours,tantivy,bm25s")
    options = parser.parse_args(given)
    recording = Recording(NAME, options)
    names, skipped = installed(options.engines.split(","))
    rows = []
    for documents in sorted({max(_LEAST, options.documents // share) for share in _SHARES}):
        corpus = load_or_generate(documents, options.folder)
        builds = {row["engine"]: row for row in _built(names, documents, options.folder)}
        queries = make_queries(corpus, options.queries + _WARM_UP)
        for row in latencies(names, corpus, options.folder, queries, options.patience):
            built = builds[row["engine"]]
            rows.append(
                {
                    "documents": documents,
                    "engine": row["engine"],
                    "kind": row["kind"],
                    "p50_ms": row["timing"].p50_ms,
                    "build_s": built["seconds"],
                    "size_mb": built["size_mb"],
                }
            )
    return recording.write(rows=rows, exponents=_exponents(rows), skipped=skipped)


def _built(names: Sequence[str], documents: int, folder: Path) -> list[dict[str, Any]]:
    return [build(name, documents, folder) for name in names]


def _exponents(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return for each engine and kind the slope of log latency over log documents."""
    found: dict[str, dict[str, float]] = {}
    for engine in dict.fromkeys(row["engine"] for row in rows):
        for kind in KINDS:
            points = [
                (math.log(row["documents"]), math.log(row["p50_ms"]))
                for row in rows
                if row["engine"] == engine and row["kind"] == kind
            ]
            found.setdefault(engine, {})[kind] = round(_slope(points), 2)
    return found


def _slope(points: Sequence[tuple[float, float]]) -> float:
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0


if __name__ == "__main__":
    main()
