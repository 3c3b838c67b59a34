"""Writes docs/benchmarks.md from the JSON files of the benchmarks.

python -m tests.benchmarks.report
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from click import echo

from tests.benchmarks.recording import RESULTS

PAGE: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_NOISY: Final = 1.3
_BUSY: Final = 1.0

Facts = Mapping[str, Any]

_HEAD = """# Benchmarks

Written by `python -m tests.benchmarks.report` from `tests/benchmarks/results/*.json`; do not
edit by hand. Times depend on the machine: compare within a table, not between machines.

The corpus is synthetic (`tests/benchmarks/corpus.py`): articles of 60 to 300 terms in 20
categories, Chinese words by a Zipf law, English prose, topics, error codes. Nothing of it is
stored; the same packages give the same corpus. Install what is compared with
`pip install tantivy bm25s xapian-bindings-binary`; an engine that is absent is left out.
"""


def main() -> Path:
    """Write the page; return its path."""
    PAGE.write_text("\n".join(_page(_results(RESULTS))).rstrip() + "\n")
    echo(f"written to {PAGE}")
    return PAGE


def _results(folder: Path) -> dict[str, list[Facts]]:
    """Return the results by benchmark, small corpora first."""
    found: dict[str, list[Facts]] = {}
    for path in sorted(folder.glob("*.json")):
        facts = json.loads(path.read_text())
        found.setdefault(facts["benchmark"], []).append(facts)
    for results in found.values():
        results.sort(key=lambda facts: int(facts["options"]["documents"]))
    return found


def _page(results: Mapping[str, Sequence[Facts]]) -> Iterator[str]:
    yield _HEAD
    for name, (title, text, lines) in _SECTIONS.items():
        if name not in results:
            continue
        yield f"## {title}\n"
        yield f"{text}\n"
        yield f"    python -m tests.benchmarks.{name} --documents N\n"
        for facts in results[name]:
            yield f"**{facts['options']['documents']:,} documents.** {_conditions(facts)}\n"
            yield from lines(facts)
            yield ""


def _conditions(facts: Facts) -> str:
    """Tell when and where, and whether the machine was quiet."""
    machine, versions = facts["machine"], facts["versions"]
    pulses = [machine["before"], machine["after"]]
    loud = max(pulse["jitter"] for pulse in pulses)
    text = (
        f"{facts['at'][:10]}, {machine['cpus']} x {machine['processor']}, "
        f"{machine['memory_gb']} GB, Python {machine['python']}, "
        f"numba {versions.get('numba', 'absent')}."
    )
    # The load after a run is its own; before it, somebody else's.
    if loud > _NOISY or pulses[0]["load"] > _BUSY:
        text += f" **The machine was noisy** (load {pulses[0]['load']}, jitter {loud})."
    return text


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_shown(cell) for cell in row)} |"


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.3g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return str(cell)


def _pair(timing: Facts) -> str:
    return f"{_shown(float(timing['p50_ms']))} / {_shown(float(timing['p95_ms']))}"


def _speed(facts: Facts) -> Iterator[str]:
    kinds = list(facts["postings"])
    postings = ", ".join(f"{kind} {count:,}" for kind, count in facts["postings"].items())
    yield f"Median postings of a query: {postings}.\n"
    for beside in ("quick", "slow"):
        rows = [row for row in facts["latency"] if row["beside"] == beside]
        if rows:
            yield from _table(
                [
                    "engine",
                    *(f"{kind}, p50 / p95 ms" for kind in kinds),
                    "kbservice / it",
                    "asked again",
                    "same hits",
                ],
                _speed_rows(rows, kinds),
            )
            yield ""
    memory = {row["engine"]: row for row in facts["memory"]}
    yield from _table(
        ["engine", "version", "build s", "size MB", "peak MB", "serving MB", "with mapped files"],
        (
            [
                row["engine"],
                row["version"],
                float(row["seconds"]),
                float(row["size_mb"]),
                float(row["peak_mb"]),
                float(memory[row["engine"]]["private_mb"]),
                float(memory[row["engine"]]["rss_mb"]),
            ]
            for row in facts["builds"]
        ),
    )
    for name, reason in facts["skipped"].items():
        yield f"\n{name} is left out: {reason}."


def _speed_rows(rows: Sequence[Facts], kinds: Sequence[str]) -> Iterator[list[object]]:
    for engine in dict.fromkeys(row["engine"] for row in rows):
        own = {row["kind"]: row for row in rows if row["engine"] == engine}
        ratios = [own[kind].get("ours_over_it") for kind in kinds]
        yield [
            engine,
            *(_pair(own[kind]["timing"]) + _few(own[kind]["timing"]) for kind in kinds),
            " / ".join(_shown(float(ratio)) for ratio in ratios if ratio is not None),
            " / ".join(filter(None, (_again(own[kind]) for kind in kinds))),
            " / ".join(str(own[kind].get("overlap", "")) for kind in kinds),
        ]


def _again(row: Facts) -> str:
    return _shown(float(row["ours_over_it_again"])) if "ours_over_it_again" in row else ""


def _few(timing: Facts) -> str:
    """Mark a cell that stands on few queries."""
    return f" ({timing['count']} queries)" if timing["count"] < 50 else ""


def _growth(facts: Facts) -> Iterator[str]:
    yield from _table(
        ["documents", "engine", "kind", "p50 ms", "build s", "size MB"],
        (
            [
                f"{row['documents']:,}",
                row["engine"],
                row["kind"],
                float(row["p50_ms"]),
                float(row["build_s"]),
                float(row["size_mb"]),
            ]
            for row in facts["rows"]
        ),
    )
    yield ""
    yield from _table(
        ["engine", *next(iter(facts["exponents"].values()))],
        ([engine, *slopes.values()] for engine, slopes in facts["exponents"].items()),
    )


def _recipe(facts: Facts) -> Iterator[str]:
    build, memory = facts["build"], facts["memory"]
    yield (
        f"Built in {build['seconds']} s ({build['size_mb']:,} MB), at most "
        f"{build['peak_mb']:,} MB of private memory; opened and ready after "
        f"{facts['ready_s']} s. Answering took {memory['private_mb']} MB, "
        f"{memory['rss_mb']} MB with mapped files.\n"
    )
    yield from _table(
        ["query", "p50 / p95 ms", "p99 ms"],
        (
            [row["what"], _pair(row["timing"]), float(row["timing"]["p99_ms"])]
            for row in facts["latency"]
        ),
    )


def _similar(facts: Facts) -> Iterator[str]:
    yield from _table(
        ["", "p50 / p95 ms"],
        (
            [f"similar, {facts['characters']} characters", _pair(facts["similar"])],
            ["of it, analysis of the text", _pair(facts["analysis"])],
        ),
    )


def _suggest(facts: Facts) -> Iterator[str]:
    yield (
        f"{facts['options']['tickets']:,} open tickets beside the articles, a classifier of "
        f"{facts['learned']:,}. The process held {facts['memory']['rss_mb']} MB, "
        f"{facts['memory']['private_mb']} MB of it private.\n"
    )
    yield from _table(
        [f"a ticket of {facts['characters']} characters", "p50 / p95 ms", "CPU ms, p50"],
        ([row["what"], _pair(row["timing"]), row["cpu_p50_ms"]] for row in facts["latency"]),
    )


def _build(facts: Facts) -> Iterator[str]:
    base = next((row for row in facts["rows"] if row["what"] == "stock writer"), None)
    yield from _table(
        ["", "s", "of the stock writer", "size MB", "peak MB"],
        (
            [
                row["what"],
                float(row["seconds"]),
                float(row["seconds"] / base["seconds"]) if base else "",
                float(row["size_mb"]),
                float(row["peak_mb"]),
            ]
            for row in facts["rows"]
        ),
    )


def _rebuild(facts: Facts) -> Iterator[str]:
    yield from _table(
        ["", "value"],
        (
            ["rebuilds", facts["rebuilds"]],
            ["generations seen by the reader", facts["generations"]],
            ["seconds each, p50 / p95", _pair({k: v / 1000 for k, v in facts["seconds"].items()})],
            ["searches meanwhile", facts["loaded"]["count"]],
            ["errors", facts["errors"]],
            ["missing documents", facts["missing"]],
            ["p50 / p95 ms before", _pair(facts["quiet"])],
            ["p50 / p95 ms meanwhile", _pair(facts["loaded"])],
            [
                "p99 ms before, meanwhile",
                f"{facts['quiet']['p99_ms']}, {facts['loaded']['p99_ms']}",
            ],
            ["p99 ratio", facts["p99_ratio"]],
            ["peak MB of the rebuilding processes", facts["rebuild_peak_mb"]],
            ["MB of the searching process", facts["reader_memory"]["rss_mb"]],
        ),
    )


def _freshness(facts: Facts) -> Iterator[str]:
    seen = facts["visibility"]
    yield (
        f"{seen['changes']} changes at {seen['per_second']}/s: found after "
        f"{seen['p50_s']} s (p50), {seen['p95_s']} s (p95), {seen['slowest_s']} s (slowest); "
        f"{seen['missing']} missing, {seen['errors']} errors. The worker held "
        f"{facts['worker_memory']['rss_mb']} MB, {facts['worker_memory']['private_mb']} MB of "
        "it private.\n"
    )
    yield from _table(
        ["documents in a batch", "commit, p50 / p95 ms"],
        ([row["batch"], _pair(row["timing"])] for row in facts["commits"]),
    )


def _http(facts: Facts) -> Iterator[str]:
    yield (
        f"waitress, {facts['threads']} threads, one process; "
        f"{facts['options']['connections']} keep-alive connections. The server held "
        f"{facts['memory']['rss_mb']} MB, {facts['memory']['private_mb']} MB of it private.\n"
    )
    yield from _table(
        ["handler", "requests/s", "of the trivial one", "p50 / p95 ms", "bytes", "errors"],
        (
            [
                row["what"],
                float(row["requests_per_s"]),
                float(row["over_trivial"]),
                _pair(row["timing"]),
                f"{row['mean_bytes']:,}",
                row["errors"],
            ]
            for row in facts["rows"]
        ),
    )


def _bombs(facts: Facts) -> Iterator[str]:
    yield from _table(
        ["query", "status", "CPU ms, p50", "most", "RSS grown MB"],
        (
            [
                row["what"],
                row["status"],
                float(row["cpu_p50_ms"]),
                float(row["cpu_most_ms"]),
                float(row["grown_mb"]),
            ]
            for row in facts["rows"]
        ),
    )


_SECTIONS: Final[Mapping[str, tuple[str, str, Callable[[Facts], Iterator[str]]]]] = {
    "speed": (
        "Engines side by side",
        (
            "The same terms to every engine, any of which may match, ten hits, one thread, query by "
            "query in turn, queries not seen before; 'asked again' is a second pass over the same. "
            "Ours is measured at the scorer, with its k1 of 2.2 and b of 0.9; short queries "
            "have 2 to 4 terms, filtered ones a category too, long ones are whole tickets of 60 to "
            "150 terms. Ratios are of medians; 'same hits' is the share of an engine's ten hits "
            "that ours has as well (formulas differ in idf, length and k1). Engines that take many "
            "milliseconds run apart, with ours beside them. Build times start from terms: ids for "
            "ours and bm25s, text for the others. Peak memory is private, above what held the corpus."
        ),
        _speed,
    ),
    "recipe": (
        "The full recipe",
        (
            "Ours end to end in process: parsing, analysis, five term streams, four fields, idf "
            "power, facets, ten hits with marked titles and snippets (`similar` has none)."
        ),
        _recipe,
    ),
    "similar": ("Similar documents", "A text of 500 characters, ten documents.", _similar),
    "suggest": (
        "Suggestions",
        (
            "What `POST /api/v1/suggest` does in process for a ticket not seen before: category "
            "and priority with reasons, known fixes with evidence, similar tickets, missing "
            "details, repeats and incidents. Storing the answer is a commit to SQLite."
        ),
        _suggest,
    ),
    "growth": (
        "Growth",
        "Medians over the size; the exponents say how latency grows: 1 in proportion, 0 not.",
        _growth,
    ),
    "build": (
        "Rebuild beside the stock writer",
        "From articles to a verified index, analysis and positions included.",
        _build,
    ),
    "rebuild": (
        "Rebuilds under load",
        (
            "One process searches at a steady rate, another rebuilds over and over; a search counts "
            "from the moment it was due."
        ),
        _rebuild,
    ),
    "freshness": (
        "From change to search",
        "One process publishes, the worker indexes, a third searches until the article is found.",
        _freshness,
    ),
    "http": (
        "Over HTTP",
        (
            "`GET /api/v1/search` with ten hits, snippets and facets, beside a Flask handler that "
            "does nothing behind the same server; loaded in turns, median of the turns' ratios."
        ),
        _http,
    ),
    "bombs": ("Query bombs", "CPU of the process for one request, through the API.", _bombs),
}


if __name__ == "__main__":
    main()
