"""The query language: what is read, what is refused and how, and that nothing is expensive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kbservice.errors import QuerySyntaxError
from kbservice.search.documents import Filters, SearchDocument, SearchQuery
from kbservice.search.syntax import parse, read_as
from kbservice.search.whoosh.engine import WhooshEngine

PIECES = (
    "打印机",
    "error",
    "ORA-12541",
    "-",
    "-error",
    '"',
    '"a b"',
    "“密码”",
    "OR",
    "or",
    "err*",
    "*",
    "title:",
    "kind:article",
    "tag:a",
    'tag:"a b"',
    "state:OR",
    "C:\\temp",
    "http://host:8080/a",
    "12:30",
    "foo:bar",
    "{x}",
    "：",
    "　",
)
BOMBS = {
    "stars around": "*a*",
    "many prefixes": "a* " * 50,
    "fuzzy": "error~9",
    "long token": "a" * 10_000,
    "many terms": " ".join(f"term{i}" for i in range(1_000)),
    "parentheses": "(" * 500 + "error" + ")" * 500,
    "many NOT": "error " + "-x " * 300,
    "many stars": "*" * 10_000,
    "range": "[TO]",
    "quotes": '"' * 2_000,
    "boost": "error^9e999",
    "emoji": "👩‍👩‍👧é̂" * 5_000,
    "unspaced Chinese": "电脑无法打印文件" * 2_700,
    "right to left": "\u202e\u200f" * 100 + "error",
}


def attempt(raw: str) -> SearchQuery | QuerySyntaxError:
    try:
        return parse(raw)
    except QuerySyntaxError as error:
        return error


def without_columns(query: SearchQuery) -> SearchQuery:
    clauses = tuple(
        replace(clause, terms=tuple(replace(term, column=1) for term in clause.terms))
        for clause in query.clauses
    )
    return replace(query, raw="", clauses=clauses)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("  打印机   error ", "打印机 error"),
        ("“mail server”", '"mail server"'),
        ("「无法打印」", '"无法打印"'),
        ("ｔｉｔｌｅ：打印", "title:打印"),
        ("TITLE:x", "title:x"),
        ("a OR b c", "a OR b c"),
        ("kind:ticket 密码", "密码 kind:ticket"),
        ("kind:all 密码", "密码"),
        ('tag:"a b" x', 'x tag:"a b"'),
        ("C:\\temp", "C:\\temp"),
        ("http://host:8080", "http://host:8080"),
        ("Product: printer", "Product: printer"),
        ("", ""),
    ],
)
def test_a_query_is_read_as(raw: str, canonical: str) -> None:
    assert read_as(parse(raw)) == canonical


def test_filters_are_collected() -> None:
    filters = parse('category:a category:"b c" kind:ticket version:2.1 x').filters
    assert filters == Filters(category=("a", "b c"), kind="ticket", version=("2.1",))


@pytest.mark.parametrize(
    ("raw", "column", "message"),
    [
        ('error "open', 7, "The quote is not closed"),
        ("OR error", 1, "OR stands alone"),
        ("error OR", 7, "OR stands alone"),
        ("a OR OR b", 6, "OR stands alone"),
        ("a OR -b", 6, "OR cannot join excluded words"),
        ("error -", 7, "Nothing follows the minus"),
        ('error category:""', 7, "Field category has no value"),
        ("a -category:x", 3, "A filter cannot be excluded"),
        ("a categry:x", 3, "There is no field categry"),
        ("kind:thing", 1, "There is no kind thing"),
        ("a*b", 1, "A star may only stand at the end of a word"),
        ("error ab*", 7, "The prefix is too short"),
        ("打*", 1, "The prefix is too short"),
        ("error ...", 7, "There is nothing to search for in ..."),
        ('""', 1, "There is nothing to search for in "),
        ("-error -密码", 1, "Everything is excluded, nothing is searched"),
        (" ".join("abcdefghijklmnopq"), 33, "More than 16 terms"),
        (" ".join(['"a b"'] * 5), 25, "More than 4 phrases"),
        ("tag:x " * 9, 1, "More than 8 filters"),
        ("错" * 257, 257, "The query is longer than 256 characters"),
    ],
)
def test_an_error_names_the_column_and_gives_a_hint(raw: str, column: int, message: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(raw)
    assert (str(caught.value), caught.value.facts["column"]) == (message, column)
    assert caught.value.facts["hint"]
    assert "{" not in caught.value.facts["hint"].format_map(caught.value.facts)


def test_a_mistyped_field_is_guessed() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse("tittle:x")
    assert caught.value.facts["hint"].format_map(caught.value.facts) == "Did you mean title:?"


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join) | st.text(max_size=40))
@example('a"b c"d')
@example("--a")
@example('foo:"a b"')
@example("title:-x")
@example('"a" OR "OR"')
def test_what_is_read_can_be_read_again(raw: str) -> None:
    query = attempt(raw)
    if isinstance(query, QuerySyntaxError):
        assert query.facts["column"] >= 1
        assert query.facts["hint"]
        return
    again = parse(read_as(query))
    assert without_columns(again) == without_columns(query)
    assert read_as(again) == read_as(query)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhooshEngine]:
    folder: Path = tmp_path_factory.mktemp("index")
    opened = WhooshEngine(folder, refresh_interval_s=60.0, key=b"k")
    with opened.rebuild() as writer:
        for i in range(200):
            text = f"error E-{i} 电脑无法打印文件，请检查第{i}号打印机 server{i} abc{i}"
            writer.put(
                SearchDocument(
                    id=f"KB-{i:06}", kind="article", title=f"打印 {i}", sections=(("text", text),)
                )
            )
    yield opened
    opened.close()


@pytest.mark.timeout(5)
@pytest.mark.parametrize("raw", BOMBS.values(), ids=BOMBS.keys())
def test_a_query_bomb_is_answered_or_refused(engine: WhooshEngine, raw: str) -> None:
    query = attempt(raw)
    if isinstance(query, QuerySyntaxError):
        assert query.facts["column"] >= 1
    else:
        assert engine.search(query).total >= 0
    assert engine.similar(raw, limit=5) is not None


@pytest.mark.timeout(10)
def test_a_page_far_behind_the_end_is_empty(engine: WhooshEngine) -> None:
    page = engine.search(replace(parse("打印"), page=100_000, size=100))
    assert (page.hits, page.total) == ((), 200)


@pytest.mark.timeout(30)
def test_a_long_ticket_is_cut_to_its_telling_terms(engine: WhooshEngine) -> None:
    assert len(engine.similar("电脑无法打印文件 E-17 " * 3_000, limit=5)) == 5
