"""What is given up when nothing holds all words, in which order, and what never is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kbservice.search.documents import Clause, Relaxation, SearchPage, SearchQuery, Term
from kbservice.search.memory_engine import MemoryEngine
from kbservice.search.syntax import parse
from tests.contract.documents import article, fill

SHELF = (
    article("KB-1", "打印机卡纸", "清理滚轮"),
    article("KB-2", "打印机脱机", "重启服务"),
    article("KB-3", "打印机驱动安装", "下载驱动 outlook"),
    article("KB-4", "VPN 脱机", "重连 ORA-12541"),
    article("KB-5", "蓝屏", "重装显卡驱动"),
)


@pytest.fixture(scope="module")
def engine() -> MemoryEngine:
    opened = MemoryEngine()
    fill(opened, *SHELF)
    return opened


def told(page: SearchPage) -> tuple[list[str], Relaxation, tuple[str, ...]]:
    return sorted(hit.id for hit in page.hits), page.relaxation, page.dropped


@pytest.mark.parametrize(
    ("query", "found", "how", "dropped"),
    [
        ("打印机 卡纸", ["KB-1"], "", ()),
        # What occurs nowhere goes first.
        ("打印机 xyzzy 脱机", ["KB-2"], "dropped", ("xyzzy",)),
        # Then the commonest.
        ("打印机 VPN 脱机", ["KB-4"], "dropped", ("打印机",)),
        ("xyzzy 打印机 VPN 脱机", ["KB-4"], "dropped", ("xyzzy", "打印机")),
        ("卡纸 驱动", ["KB-1"], "dropped", ("驱动",)),
        # Among equals, the later one.
        ("卡纸 蓝屏", ["KB-1"], "dropped", ("蓝屏",)),
        # Of words that never meet, any is enough.
        ("卡纸 蓝屏 VPN", ["KB-1", "KB-4", "KB-5"], "any", ()),
        ("xyzzy 卡纸 蓝屏 VPN", ["KB-1", "KB-4", "KB-5"], "any", ("xyzzy",)),
        ("xyzzy", [], "", ()),
        ("xyzzy plugh", [], "", ()),
        # Half of a code would mislead.
        ("ORA-12599", [], "", ()),
    ],
)
def test_words_are_given_up_in_this_order(
    engine: MemoryEngine,
    query: str,
    found: list[str],
    how: Relaxation,
    dropped: tuple[str, ...],
) -> None:
    page = engine.search(parse(query))

    assert (found, how, dropped) == told(page)
    assert (how != "") is page.relaxed


@pytest.mark.parametrize(
    "query",
    [
        "+xyzzy 打印机",
        "+蓝屏 +卡纸",
        '"脱机打印机" 打印机',
        "xyz* 打印机",
        "title:xyzzy 打印机",
        "xyzzy OR plugh 打印机",
    ],
)
def test_what_is_demanded_is_never_given_up(engine: MemoryEngine, query: str) -> None:
    assert ([], "", ()) == told(engine.search(parse(query)))


@pytest.mark.parametrize(
    ("query", "found", "dropped"),
    [
        ("+蓝屏 xyzzy", ["KB-5"], ("xyzzy",)),
        ("+蓝屏 卡纸", ["KB-5"], ("卡纸",)),
        ('"打印机脱机" xyzzy plugh', ["KB-2"], ("xyzzy", "plugh")),
        ("打印机 xyzzy -卡纸 -驱动", ["KB-2"], ("xyzzy",)),
        ("打印机 xyzzy -outlook -卡纸*", ["KB-2"], ("xyzzy",)),
    ],
)
def test_plain_words_beside_a_demand_are_given_up_and_named(
    engine: MemoryEngine, query: str, found: list[str], dropped: tuple[str, ...]
) -> None:
    assert (found, "dropped", dropped) == told(engine.search(parse(query)))


def test_nothing_is_loosened_when_the_filters_allow_nothing(engine: MemoryEngine) -> None:
    assert ([], "", ()) == told(engine.search(parse("打印机 xyzzy category:none")))


@pytest.mark.parametrize(
    "query",
    [
        "打印机 -卡纸",  # words
        "打印机 -卡",  # a single character
        "打印机 -印机卡",  # characters across words
        '打印机 -"机卡纸"',  # a phrase
        "打印机 -卡纸*",  # a prefix
        "打印机 -title:卡纸",  # a field
        "打印機 －卡紙",  # folded
    ],
)
def test_an_excluded_term_is_excluded_in_every_channel(engine: MemoryEngine, query: str) -> None:
    assert ["KB-2", "KB-3"] == told(engine.search(parse(query)))[0]


@pytest.mark.parametrize("code", ["ORA-12541", "ora12541", "12541", "ORA-125*", '"ORA-12541"'])
def test_an_excluded_code_is_excluded_in_every_form(engine: MemoryEngine, code: str) -> None:
    assert ["KB-2"] == told(engine.search(parse(f"脱机 -{code}")))[0]


def with_synonym(query: SearchQuery, place: int, *texts: str) -> SearchQuery:
    clauses = list(query.clauses)
    added = tuple(Term(text=text, synonym=True) for text in texts)
    clauses[place] = replace(clauses[place], terms=(*clauses[place].terms, *added))
    return replace(query, clauses=tuple(clauses))


def test_a_synonym_finds_what_the_word_does_not(engine: MemoryEngine) -> None:
    assert ["KB-5"] == told(engine.search(with_synonym(parse("死机"), 0, "蓝屏")))[0]


def test_a_word_with_synonyms_may_still_be_given_up(engine: MemoryEngine) -> None:
    query = with_synonym(parse("死机 卡纸"), 0, "宕机")

    assert (["KB-1"], "dropped", ("死机",)) == told(engine.search(query))


def test_a_sentence_with_a_synonym_in_it_still_is_one(engine: MemoryEngine) -> None:
    raw = "我的电脑又死机了怎么处理才好呢"
    query = with_synonym(parse(raw), 0, "我的电脑又 蓝屏 了怎么处理才好呢")

    assert [] == told(engine.search(parse(raw)))[0]
    assert (["KB-5"], "", ()) == told(engine.search(query))


def test_a_typed_alternative_is_demanded_a_synonym_is_not() -> None:
    typed = Clause(terms=(Term(text="a1"), Term(text="b1")))
    added = Clause(terms=(Term(text="a1"), Term(text="b1", synonym=True)))

    assert (2, 1) == (len(typed.own), len(added.own))
