"""Other wordings of the same thing are found, alike in every engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kbservice.search.engine import SearchEngine
from kbservice.search.memory_engine import MemoryEngine
from kbservice.search.syntax import parse
from kbservice.search.whoosh.engine import WhooshEngine
from tests.contract.documents import article, fill, found

SHELF = (
    article("KB-1", "打印机经常卡纸", "清理滚轮 printer policy"),
    article("KB-2", "Win 11 升级", "Office365 connections ORA-12541 café"),
    article("KB-3", "Win11 蓝屏", "プリンタ 数据库连接超时"),
    article("KB-4", "Wi-Fi 断开", "policies of the network"),
    article("KB-5", "VPN", "登录 the printer", tags=("tunnelling",)),
)


@pytest.fixture(params=["memory", "whoosh"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    opened: SearchEngine = (
        MemoryEngine()
        if request.param == "memory"
        else WhooshEngine(tmp_path, refresh_interval_s=0.0, key=b"test key")
    )
    fill(opened, *SHELF)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("打印机卡纸", {"KB-1"}),
        ("Win11", {"KB-2", "KB-3"}),
        ("Win11+Office365", {"KB-2"}),
        ("wifi", {"KB-4"}),
        ("資料庫連線逾時", {"KB-3"}),
        ("café", {"KB-2"}),
        ("プリンタ", {"KB-3"}),
        ("the VPN", {"KB-5"}),
        ("connecti*", {"KB-2"}),
        ("ORA-125*", {"KB-2"}),
        ("tunnel*", {"KB-5"}),
        ("title:win*", {"KB-2", "KB-3"}),
        ("text:policy", {"KB-1", "KB-4"}),
        ('"policy"', {"KB-1"}),
    ],
)
def test_another_wording_finds_the_same(engine: SearchEngine, query: str, expected: set[str]):
    assert (expected, False) == (set(found(engine, query)), engine.search(parse(query)).relaxed)


def test_a_word_that_occurs_nowhere_is_given_up_first(engine: SearchEngine):
    page = engine.search(parse("卡纸 打印机 asdfqwer"))

    assert (["KB-1"], True) == ([hit.id for hit in page.hits], page.relaxed)


@pytest.mark.parametrize("query", ['"没有这句话" 打印机', "nosuch* 打印机", "title:nosuch 打印机"])
def test_what_an_operator_demands_is_never_given_up(engine: SearchEngine, query: str):
    assert [] == found(engine, query)


def test_a_plain_word_is_given_up_beside_a_phrase_that_holds(engine: SearchEngine):
    page = engine.search(parse('"数据库连接超时" asdfqwer'))

    assert (["KB-3"], 1) == ([hit.id for hit in page.hits], page.total)
