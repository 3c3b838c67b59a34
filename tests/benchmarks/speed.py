"""Engines side by side on the same terms: build, size, memory, and latency query by query.

    python -m tests.benchmarks.speed --documents 100000

Each engine is built and weighed in a process of its own. Then one process opens all of them
and puts every query to each in turn. Those that need many milliseconds run in a race of their
own, with ours beside them: they would clear the caches for the quick ones.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from click import echo

from tests.benchmarks import engines
from tests.benchmarks.corpus import Corpus, generate, load_or_generate
from tests.benchmarks.measure import interleaved, ratio, timing
from tests.benchmarks.processes import in_child, memory
from tests.benchmarks.queries import KINDS, Queries, Query, make_queries, postings
from tests.benchmarks.recording import Recording, arguments

NAME = "speed"
LIMIT = 10
_OURS = "ours"
_QUICK = ("tantivy", "bm25s")
# Whoosh takes hours to build a million documents, and minutes to answer one long query.
_SLOW_UP_TO = 100_000
_TRIAL = 300
_WARM_UP = 50
_COMPARED, _COMPARED_SLOW = 50, 3
_FACTS = "facts.json"

Rows = list[dict[str, Any]]


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    parser = arguments(NAME, queries=200, patience=120.0, engines="")
    options = parser.parse_args(given)
    recording = Recording(NAME, options)
    names = options.engines.split(",") if options.engines else _fitting(options.documents)
    corpus = load_or_generate(options.documents, options.folder)
    names, skipped = installed(names)
    builds = [build(name, options.documents, options.folder) for name in names]
    queries = make_queries(corpus, options.queries + _WARM_UP)
    weights = [_weighed(name, options.documents, options.folder) for name in names]
    return recording.write(
        builds=builds,
        memory=weights,
        latency=latencies(names, corpus, options.folder, queries, options.patience),
        postings={kind: postings(corpus, queries[kind]) for kind in KINDS},
        skipped=skipped,
    )


def _fitting(documents: int) -> list[str]:
    slow_too = documents <= _SLOW_UP_TO
    return [name for name in engines.NAMES if slow_too or name in {_OURS, *_QUICK}]


def installed(names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the engines whose packages are there, and why the others are skipped."""
    skipped = {}
    for name in names:
        try:
            engines.engine(name)
        except engines.NotInstalled as error:
            skipped[name] = str(error)
            echo(f"{name}: skipped, {error}")
    return [name for name in names if name not in skipped], skipped


def index_folder(name: str, documents: int, folder: Path) -> Path:
    """Return where an engine's index of a corpus is kept."""
    return folder / f"{name}-{documents}"


def build(name: str, documents: int, folder: Path) -> dict[str, Any]:
    """Build an engine's index in a child, or tell how that went the last time; ours is built anew."""
    path = index_folder(name, documents, folder)
    facts = path / _FACTS
    if name != _OURS and facts.exists():
        known: dict[str, Any] = json.loads(facts.read_text())
        return known | {"reused": True}
    outcome = in_child(_build, name, documents, folder)
    row = outcome.value | {"peak_mb": round(outcome.peak_mb - outcome.value.pop("base_mb"), 1)}
    facts.write_text(json.dumps(row))
    echo(f"built {row}")
    return dict(row)


def _build(name: str, documents: int, folder: Path) -> dict[str, Any]:
    engine = engines.engine(name)
    corpus = load_or_generate(documents, folder)
    with tempfile.TemporaryDirectory() as trial:
        # What is compiled on first use is compiled here.
        engine.build(generate(_TRIAL, corpus.lexicon), Path(trial))
    path = index_folder(name, documents, folder)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    base_mb = memory().private_mb
    started = time.perf_counter()
    engine.build(corpus, path)
    return {
        "engine": engine.name,
        "version": engines.version(name),
        "seconds": round(time.perf_counter() - started, 2),
        "size_mb": size_mb(path),
        "base_mb": base_mb,
    }


def size_mb(path: Path) -> float:
    """Return the size of all files below a folder."""
    return round(sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6, 1)


def _weighed(name: str, documents: int, folder: Path) -> dict[str, Any]:
    row: dict[str, Any] = in_child(_weigh, name, documents, folder).value
    return row


def _weigh(name: str, documents: int, folder: Path) -> dict[str, Any]:
    """Return what an engine adds to a process that has answered some queries of each kind."""
    corpus = load_or_generate(documents, folder)
    queries = make_queries(corpus, 20)
    engine = engines.engine(name)
    before = memory()
    search = engine.open(corpus, index_folder(name, documents, folder))
    for kind in KINDS:
        # A slow engine's long queries take seconds each and change little.
        for query in queries[kind][: 2 if kind == "long" else 20]:
            search(query.terms, query.category, LIMIT)
    after = memory()
    return {
        "engine": engine.name,
        "private_mb": round(after.private_mb - before.private_mb, 1),
        "rss_mb": round(after.rss_mb - before.rss_mb, 1),
    }


def latencies(
    names: Sequence[str], corpus: Corpus, folder: Path, queries: Queries, patience_s: float
) -> Rows:
    """Race the engines, the quick ones and the slow ones apart; return a row for each result."""
    slow = [name for name in names if name not in {_OURS, *_QUICK}]
    quick = [name for name in names if name not in slow]
    rows = []
    for runners in (quick, [_OURS, *slow] if slow and _OURS in names else slow):
        if runners:
            opened = {name: _opened(name, corpus, folder) for name in runners}
            for kind in KINDS:
                rows += _race(opened, kind, queries[kind], patience_s)
    return rows


def _opened(name: str, corpus: Corpus, folder: Path) -> Callable[[Query], list[int]]:
    path = index_folder(name, len(corpus), folder)
    for file in path.rglob("*"):
        # Into the page cache: disks are not compared here.
        if file.is_file():
            file.read_bytes()
    search = engines.engine(name).open(corpus, path)
    return lambda query: search(query.terms, query.category, LIMIT)


def _race(
    opened: dict[str, Callable[[Query], list[int]]],
    kind: str,
    queries: Sequence[Query],
    patience_s: float,
) -> Rows:
    interleaved(opened, queries[:_WARM_UP], patience_s=patience_s / 10)
    samples = interleaved(opened, queries[_WARM_UP:], patience_s=patience_s)
    is_quick = set(opened) <= {_OURS, *_QUICK}
    again = interleaved(opened, queries[_WARM_UP:], patience_s=patience_s) if is_quick else {}
    rows: Rows = []
    for name, taken in samples.items():
        row: dict[str, Any] = {
            "engine": engines.engine(name).name,
            "kind": kind,
            "beside": "quick" if is_quick else "slow",
            "timing": timing(taken),
            "samples": [round(ms, 4) for ms in taken],
        }
        if _OURS in samples:
            row["ours_over_it"] = ratio(samples[_OURS], taken)
            if is_quick:
                row["again"] = timing(again[name])
                row["ours_over_it_again"] = ratio(again[_OURS], again[name])
            # Whoosh may need many seconds for a long one.
            some = _COMPARED if is_quick else _COMPARED_SLOW
            row["overlap"] = _overlap(opened, name, queries[_WARM_UP : _WARM_UP + some])
        rows.append(row)
        echo(f"{row['engine']} {kind} {row['timing']} {row.get('ours_over_it', '')}")
    return rows


def _overlap(
    opened: dict[str, Callable[[Query], list[int]]], name: str, queries: Sequence[Query]
) -> float:
    """Return how much of an engine's ten best ours has too: proof of the same task."""
    shares = []
    for query in queries:
        theirs = set(opened[name](query))
        ours = set(opened[_OURS](query))
        shares.append(len(theirs & ours) / len(theirs) if theirs else float(not ours))
    return round(sum(shares) / max(1, len(shares)), 2)


if __name__ == "__main__":
    main()
