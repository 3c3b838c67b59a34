"""The full recipe in process: analysis, all streams and fields, facets, snippets.

    python -m tests.benchmarks.recipe --documents 100000

Queries go through the parser and ``engine.search`` as a page of ten hits; long ones, which
nobody types, through ``engine.similar``, as does the text of 500 characters.
"""

from __future__ import annotations

import itertools
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from click import echo

from kbservice.search.documents import Filters
from kbservice.search.engine import SearchEngine
from kbservice.search.syntax import parse
from kbservice.search.whoosh.engine import WhooshEngine
from tests.benchmarks.corpus import category_name, load_or_generate, running_text
from tests.benchmarks.measure import Timing, timed_ms, timing
from tests.benchmarks.processes import in_child, memory
from tests.benchmarks.queries import Queries, Query, make_queries
from tests.benchmarks.recording import Recording, arguments
from tests.benchmarks.speed import size_mb

NAME = "recipe"
CHARACTERS = 500
_KEY_FILE = "key"
_LIMIT = 10
_WARM_UP = 50
_NEVER_S = 3600.0

Work = Callable[[str], object]


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    options = arguments(NAME, queries=300).parse_args(given)
    recording = Recording(NAME, options)
    load_or_generate(options.documents, options.folder)
    built = in_child(build_index, options.documents, options.folder)
    build = built.value | {"peak_mb": round(built.peak_mb, 1)}
    echo(f"{build}")
    measured = in_child(_measure, options.documents, options.folder, options.queries).value
    for row in measured["latency"]:
        echo(f"{row}")
    return recording.write(build=build, **measured)


def build_index(documents: int, folder: Path) -> dict[str, Any]:
    """Rebuild the engine from articles, analysis included; return seconds and size."""
    corpus = load_or_generate(documents, folder)
    path = folder / f"recipe-{documents}"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    (path / _KEY_FILE).write_bytes(secrets.token_bytes(32))
    started = time.perf_counter()
    with opened(path) as engine:
        with engine.rebuild() as writer:
            for document in corpus.articles():
                writer.put(document)
        held = engine.state().documents
    seconds = time.perf_counter() - started
    return {"documents": held, "seconds": round(seconds, 2), "size_mb": size_mb(path / "index")}


@contextmanager
def opened(path: Path) -> Iterator[WhooshEngine]:
    """Open the engine that ``build_index`` made, and close it."""
    key = (path / _KEY_FILE).read_bytes()
    engine = WhooshEngine(path / "index", refresh_interval_s=_NEVER_S, key=key)
    try:
        yield engine
    finally:
        engine.close()


def _measure(documents: int, folder: Path, count: int) -> dict[str, Any]:
    corpus = load_or_generate(documents, folder)
    queries = make_queries(corpus, count + _WARM_UP)
    before = memory()
    with opened(folder / f"recipe-{documents}") as engine:
        started = time.perf_counter()
        engine.ping()
        ready_s = round(time.perf_counter() - started, 2)
        rows = [
            {"what": what, "timing": _timed(work, texts)}
            for what, work, texts in _tasks(engine, queries)
        ]
    after = memory()
    return {
        "ready_s": ready_s,
        "latency": rows,
        "memory": {
            "private_mb": round(after.private_mb - before.private_mb, 1),
            "rss_mb": round(after.rss_mb - before.rss_mb, 1),
        },
    }


def _tasks(engine: WhooshEngine, queries: Queries) -> Iterator[tuple[str, Work, Sequence[str]]]:
    pages = with_a_page(engine, queries["known"])
    known = [" ".join(query.terms) for query in pages]
    strange = [" ".join(query.terms) for query in queries["short"]]
    any_of = [" OR ".join(query.terms) for query in queries["short"]]
    categories = dict(zip(known, map(_only, pages), strict=True))
    tickets = [running_text(query.terms) for query in queries["long"]]
    texts = list(map(cut, map("".join, itertools.pairwise(tickets))))

    def search(text: str) -> object:
        return engine.search(replace(parse(text), size=_LIMIT))

    def within(text: str) -> object:
        return engine.search(replace(parse(text), size=_LIMIT, filters=categories[text]))

    def similar(text: str) -> object:
        return engine.similar(text, limit=_LIMIT)

    yield "search, all words", search, known
    yield "search, all words in a category", within, known
    yield "search, any word", search, any_of
    yield "search, words that never meet", search, strange
    yield "similar, 60 to 150 terms", similar, tickets
    yield f"similar, {CHARACTERS} characters", similar, texts


def with_a_page(engine: SearchEngine, queries: Sequence[Query]) -> list[Query]:
    """Return the queries of which a page of documents has all words."""

    def matches(query: Query) -> int:
        page = engine.search(parse(" ".join(query.terms)))
        return 0 if page.relaxed else page.total

    return [query for query in queries if matches(query) >= _LIMIT]


def cut(text: str) -> str:
    """Return the first 500 characters."""
    return text[:CHARACTERS]


def _only(query: Query) -> Filters:
    return Filters(category=(category_name(query.category or 0),))


def _timed(work: Work, texts: Sequence[str]) -> Timing:
    warm = min(_WARM_UP, len(texts) // 5)
    for text in texts[:warm]:
        work(text)
    return timing([timed_ms(work, text) for text in texts[warm:]])


if __name__ == "__main__":
    main()
