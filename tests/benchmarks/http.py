"""Requests a second of /search beside a trivial Flask handler served the same way.

    python -m tests.benchmarks.http --documents 100000

Both servers are up all the time and are loaded in turns of a few seconds. Every search answers
ten hits with snippets, and facets. Searches are asked for the first time, but in the row that
says otherwise: answers are kept while the index is the same.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from click import echo

from kbservice.bootstrap import build
from kbservice.settings import Settings
from tests.benchmarks.corpus import Corpus, category_name, load_or_generate
from tests.benchmarks.instances import answer, instance, keys, process
from tests.benchmarks.load import Heard, Load, send
from tests.benchmarks.measure import timing
from tests.benchmarks.processes import memory
from tests.benchmarks.queries import Query, make_queries
from tests.benchmarks.recipe import with_a_page
from tests.benchmarks.recording import Recording, arguments

NAME = "http"
_TRIVIAL = "trivial handler"
_WARM_UP_S = 3.0
_ASKED_AGAIN = 200
_SERVE = ("kbservice", "serve", "--no-worker", "--port", "0", "--json")


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    parser = arguments(NAME, queries=20_000, connections=8, seconds=3.0, turns=7)
    options = parser.parse_args(given)
    recording = Recording(NAME, options)
    corpus = load_or_generate(options.documents, options.folder)
    settings = instance(corpus, options.folder)
    issued = keys(settings, options.connections)
    with (
        process(*_SERVE, log=options.folder / "serve.log", home=settings.home) as server,
        process("tests.benchmarks.trivial_server", log=options.folder / "trivial.log") as trivial,
    ):
        address, plain = answer(server)["address"], answer(trivial)["address"]
        loads = _loads(corpus, options, address, settings, issued)
        loads[_TRIVIAL] = [Load(plain, ["/"], [""] * options.connections, options.seconds)]
        rows = _turns(loads, options.turns)
        held = memory(server.pid)
    for row in rows:
        echo(f"{row}")
    return recording.write(rows=rows, memory=held, threads=settings.threads)


def _loads(
    corpus: Corpus,
    options: argparse.Namespace,
    address: str,
    settings: Settings,
    issued: Sequence[str],
) -> dict[str, list[Load]]:
    """Return what to send by what it is: a load for each turn, used over again."""
    queries = make_queries(corpus, options.queries)
    application = build(settings)
    known, short = with_a_page(application.engine, queries["known"]), queries["short"]
    application.close()
    again = known[:_ASKED_AGAIN]
    paths = {
        "search, all words": [_path(" ".join(query.terms)) for query in known],
        "search, all words in a category": [
            _path(" ".join(query.terms)) + _only(query) for query in known
        ],
        "search, any word": [_path(" OR ".join(query.terms)) for query in short],
        "search, words that never meet": [_path(" ".join(query.terms)) for query in short],
    }
    turns = options.turns + 1
    loads = {
        what: [Load(address, listed[turn::turns], issued, options.seconds) for turn in range(turns)]
        for what, listed in paths.items()
    }
    repeated = [_path(" ".join(query.terms)) for query in again]
    loads["search, asked again"] = [Load(address, repeated, issued, options.seconds)]
    return loads


def _path(text: str) -> str:
    return f"/api/v1/search?size=10&q={quote(text)}"


def _only(query: Query) -> str:
    return f"&category={category_name(query.category or 0)}"


def _turns(loads: dict[str, list[Load]], turns: int) -> list[dict[str, Any]]:
    """Load the handlers in turns; return a row for each, with the ratio to the trivial one."""
    for parts in loads.values():
        send(replace(parts[-1], seconds=_WARM_UP_S))
    heard: dict[str, list[Heard]] = {what: [] for what in loads}
    for turn in range(turns):
        for what, parts in loads.items():
            if len(parts) == 1:
                # What was searched in between may have taken the place of kept answers.
                send(replace(parts[0], seconds=_WARM_UP_S))
            heard[what].append(send(parts[turn % len(parts)]))
    rates = {
        what: [part.requests / loads[what][0].seconds for part in parts]
        for what, parts in heard.items()
    }
    # Turn by turn: what disturbs the machine disturbs neighbours alike.
    ratios = {
        what: statistics.median(
            own / plain for own, plain in zip(found, rates[_TRIVIAL], strict=True)
        )
        for what, found in rates.items()
    }
    return [
        {
            "what": what,
            "requests_per_s": round(statistics.median(rates[what]), 1),
            "over_trivial": round(ratios[what], 3),
            "errors": sum(part.errors for part in parts),
            "mean_bytes": sum(part.octets for part in parts)
            // max(1, sum(part.requests for part in parts)),
            "timing": timing([ms for part in parts for ms in part.latencies_ms]),
        }
        for what, parts in heard.items()
    ]


if __name__ == "__main__":
    main()
