from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.benchmarks import engines
from tests.benchmarks.corpus import generate
from tests.benchmarks.measure import interleaved, percentile, ratio
from tests.benchmarks.queries import KINDS, make_queries
from tests.benchmarks.report import _page, _results


def test_a_larger_corpus_begins_with_the_smaller_one():
    small, large = generate(200), generate(300)

    assert small.tokens.tolist() == large.tokens[: small.tokens.size].tolist()
    assert small.categories.tolist() == large.categories[:200].tolist()


def test_our_scorer_and_fts5_find_the_same_documents(tmp_path: Path):
    corpus = generate(300)
    queries = make_queries(corpus, 10)
    found = {}
    for name in ("ours", "fts5"):
        (tmp_path / name).mkdir()
        engines.engine(name).build(corpus, tmp_path / name)
        search = engines.engine(name).open(corpus, tmp_path / name)
        found[name] = [
            search(query.terms, query.category, 300) for kind in KINDS for query in queries[kind]
        ]

    assert [set(hits) for hits in found["fts5"]] == [set(hits) for hits in found["ours"]]


def test_a_filtered_query_finds_only_its_category(tmp_path: Path):
    corpus = generate(300)
    engine = engines.engine("ours")
    engine.build(corpus, tmp_path)
    search = engine.open(corpus, tmp_path)
    query = make_queries(corpus, 5)["filtered"][0]

    hits = search(query.terms, query.category, 300)

    assert np.all(corpus.categories[hits] == query.category)


def test_an_engine_out_of_patience_is_asked_no_more():
    asked: list[int] = []

    samples = interleaved({"it": asked.append}, [1, 2, 3], patience_s=0.0)

    assert samples == {"it": []}
    assert asked == []


def test_ratios_look_at_the_queries_that_both_answered():
    assert ratio([1.0, 1.0, 100.0], [2.0, 2.0]) == 0.5
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.5


def test_the_page_shows_a_result_and_says_when_the_machine_was_noisy(tmp_path: Path):
    pulse = {"load": 3.0, "jitter": 1.1}
    row = {"what": "a* x 50", "status": 422, "cpu_p50_ms": 1.5, "cpu_most_ms": 2.0, "grown_mb": 0.0}
    facts = {
        "benchmark": "bombs",
        "options": {"documents": 300},
        "at": "2026-11-23T00:00:00+00:00",
        "machine": {
            "processor": "CPU",
            "cpus": 2,
            "memory_gb": 4,
            "python": "3.11",
            "before": pulse,
            "after": pulse,
        },
        "versions": {},
        "rows": [row],
    }
    (tmp_path / "bombs-300.json").write_text(json.dumps(facts))

    page = "\n".join(_page(_results(tmp_path)))

    assert "| a* x 50 | 422 | 1.5 | 2 | 0 |" in page
    assert "The machine was noisy" in page
