"""Whoosh finds what the formula in plain Python finds, after any history of changes."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbservice.search.documents import SearchDocument, SearchQuery
from kbservice.search.engine import SearchEngine
from kbservice.search.memory_engine import MemoryEngine
from kbservice.search.syntax import parse
from kbservice.search.whoosh.engine import WhooshEngine
from tests.contract.documents import fill
from tests.contract.test_scores import agree

WORDS = (
    "打印机",
    "印",
    "無法連接",
    "密码",
    "重置密码",
    "网络打印机",
    "error",
    "errors",
    "the",
    "server",
    "ORA-12541",
    "Win11",
    "Excel导出",
    "v2.1.0",
    "。",
    "\n",
)
QUERIES = (
    "打印机",
    "印",
    "密码 server",
    "error -密码",
    "打印机 OR server",
    '"重置密码"',
    '"error server"',
    'error -"重置密码"',
    "err*",
    "打印*",
    "title:server",
    "text:打印机",
    "ORA-12541",
    "win11 kind:ticket",
    "category:Network",
    "error tag:a",
    "网络打印机无法连接服务器",
    "server error 密码 win11 the",
    '"the" OR 密码',
    "",
)


@dataclass(frozen=True)
class Change:
    """Put a document, or take it out."""

    document: SearchDocument
    removes: bool


def texts(most: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(WORDS), max_size=most).map(" ".join)


documents = st.builds(
    SearchDocument,
    id=st.sampled_from([f"KB-{i:06}" for i in range(8)]),
    kind=st.sampled_from(["article", "ticket"]),
    title=texts(4),
    sections=st.lists(st.tuples(st.just("text"), texts(8)), max_size=2).map(tuple),
    tags=st.sampled_from([(), ("a",), ("A", "b")]),
    category=st.sampled_from(["", "network", "Mail"]),
    symptoms=st.lists(texts(3), max_size=1).map(tuple),
    revision=st.integers(1, 3),
)
changes = st.builds(Change, documents, st.booleans())
histories = st.lists(st.lists(changes, min_size=1, max_size=6), min_size=1, max_size=4)


def apply(engine: SearchEngine, history: list[list[Change]]) -> None:
    for batch in history:
        with engine.writer() as writer:
            for change in batch:
                if change.removes:
                    writer.remove(change.document.id)
                else:
                    writer.put(change.document)


def ids(engine: SearchEngine, query: SearchQuery) -> set[str]:
    page = engine.search(replace(query, size=50))
    assert page.total == len(page.hits)
    return {hit.id for hit in page.hits}


@settings(max_examples=25, deadline=None)
@given(histories)
def test_the_same_documents_match_after_any_changes(history: list[list[Change]]) -> None:
    memory = MemoryEngine()
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(WhooshEngine(Path(folder), refresh_interval_s=0.0, key=b"k")) as whoosh,
    ):
        fill(whoosh)
        apply(memory, history)
        apply(whoosh, history)
        assert whoosh.ids() == memory.ids()
        for query in map(parse, QUERIES):
            assert (query.raw, ids(whoosh, query)) == (query.raw, ids(memory, query))
            assert whoosh.search(query).facets == memory.search(query).facets


@settings(max_examples=25, deadline=None)
@given(st.lists(documents, min_size=1, max_size=12))
def test_a_rebuilt_index_scores_alike(collection: list[SearchDocument]) -> None:
    memory = MemoryEngine()
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(WhooshEngine(Path(folder), refresh_interval_s=0.0, key=b"k")) as whoosh,
    ):
        fill(memory, *collection)
        fill(whoosh, *collection)
        for query in map(parse, QUERIES):
            mine, expected = whoosh.search(query), memory.search(query)
            assert [hit.score for hit in mine.hits] == pytest.approx(
                [hit.score for hit in expected.hits], rel=1e-3, abs=1e-5
            )
            assert agree(list(mine.hits), list(expected.hits))
            assert mine.relaxed == expected.relaxed
