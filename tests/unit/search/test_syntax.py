"""The query language: what is read, what is refused and how, and that nothing is expensive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kbservice.errors import QuerySyntaxError
from kbservice.locales import translator
from kbservice.search.documents import Clause, Filters, SearchDocument, SearchQuery, Term
from kbservice.search.lexer import MAX_CHARACTERS
from kbservice.search.memory_engine import MemoryEngine
from kbservice.search.syntax import (
    MAX_FILTERS,
    MAX_PHRASES,
    MAX_PREFIXES,
    MAX_TERMS,
    parse,
    read_as,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 31, 9, 30, 15, tzinfo=SHANGHAI)

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
    "+",
    "+error",
    "+的",
    "++",
    "AND",
    "NOT",
    "|",
    "...",
    "+tag:b",
    "-tag:b",
    "+kind:article",
    "+tag:a",
    "-kind:ticket",
    "-category:打印",
    "since:2026-01",
    "until:2026-02-03",
    "since:2026-01-01T08:30",
    "until:7d",
    "updated:2025..2026-02",
    "updated:2026..",
    "since:24h",
    "title:NOT",
    "tag:",
    "Error:",
    "a|b",
    "域名｜解析",
    "|x|",
    "||",
    "(a",
    "b)",
    "((",
    "(",
    ")",
    "(-1",
    "-(a",
    "(NOT",
    "OR)",
    "tag:x)",
    "title:(a",
    '"a"|b',
    "……",
)
BOMBS = {
    "stars around": "*a*",
    "many prefixes": "a* " * 50,
    "fuzzy": "error~9",
    "long token": "a" * 10_000,
    "many terms": " ".join(f"term{i}" for i in range(1_000)),
    "parentheses": "(" * 500 + "error" + ")" * 500,
    "nested words": "(x " * 60 + ")" * 60,
    "many NOT": "error " + "-x " * 300,
    "many stars": "*" * 10_000,
    "range": "[TO]",
    "quotes": '"' * 2_000,
    "boost": "error^9e999",
    "emoji": "👩‍👩‍👧é̂" * 5_000,
    "unspaced Chinese": "电脑无法打印文件" * 2_700,
    "right to left": "\u202e\u200f" * 100 + "error",
    "nothing to see": "\u200b" * 10_000,
}


def attempt(raw: str) -> SearchQuery | QuerySyntaxError:
    try:
        return parse(raw, now=NOW)
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
        ("title: 域名 -tag： “a b” since: 7d", 'title:域名 -tag:"a b" since:2026-03-24'),
        ("title: - C:\\temp", "title:C:\\temp"),
        ("update: Error: printer 12: x", "update: Error: printer 12: x"),
        ('"title: x"', '"title: x"'),
        ("登录失败 (Version: 10.2)", "登录失败 Version: 10.2"),
        ("Product: printer", "Product: printer"),
        ("Win11 + 蓝屏", "Win11 蓝屏"),
        ("Win11+蓝屏", "Win11+蓝屏"),
        ("Win11 ＋ 蓝屏 &&　驱动 AND 更新", "Win11 蓝屏 驱动 更新"),
        ("+蓝屏 ＋win11", "+蓝屏 +win11"),
        ('+"a b" +title:x', '"a b" title:x'),
        ("a | b ｜ c", "a OR b OR c"),
        ("x NOT 密码", "x -密码"),
        ("x －密码 −error", "x -密码 -error"),
        ("err＊", "err*"),
        ("打印机 ！ 卡纸 ……", "打印机 卡纸"),
        ("tag:a OR tag:b x", "x tag:a tag:b"),
        ("x tag:a tag:a", "x tag:a"),
        ("kind:article kind:ticket x", "x"),
        ("-tag:a x -category：“b c”", 'x -tag:a -category:"b c"'),
        ("-error tag:a", "-error tag:a"),
        ("+tag:b x +tag:b", "x tag:b"),
        ("x tag:a tag:b +tag:c OR tag:d +tag:e", "x tag:a tag:b +tag:c OR +tag:d +tag:e"),
        ("x tag:a OR +tag:b", "x tag:a tag:b"),
        ("x kind:article +kind:ticket", "x kind:article +kind:ticket"),
        ("x kind:article +kind:all", "x"),
        ("x kind:ticket +kind:article OR +kind:ticket", "x kind:ticket"),
        ("since:2026-01 x", "x since:2026-01-01"),
        ("x until:2026-02", "x until:2026-02-28"),
        ("x updated:2026-01..2026-03", "x since:2026-01-01 until:2026-03-31"),
        ("x updated:2025", "x since:2025-01-01 until:2025-12-31"),
        ("x updated:..2025", "x until:2025-12-31"),
        ("x since:2026年2月3日", "x since:2026-02-03"),
        ("x since:2026/2/3 since:2026-02-04", "x since:2026-02-04"),
        ("x since:7d", "x since:2026-03-24"),
        ("outlok~ title:蓝平～", "outlok~ title:蓝平~"),
        ("~/bin C:/temp~1", "~/bin C:/temp~1"),
        ("x since:1m", "x since:2026-02-28"),
        ("x since:2w until:昨天", "x since:2026-03-17 until:2026-03-30"),
        ("x since:1年 until:today", "x since:2025-03-31 until:2026-03-31"),
        ("x since:24h", "x since:2026-03-30T09:30+08:00"),
        ("x since:2026-01-01T08:30Z", "x since:2026-01-01T16:30+08:00"),
        ("x until:2026-01-01T16:00z", "x until:2026-01-01"),
        ("域\u200b名 re\u00adset\ufeff", "域名 reset"),
        ("域名\u200b", "域名"),
        ("域名\t解析\u2028记录\x00", "域名 解析 记录"),
        ("域名|解析 ORA-12541｜Win11||蓝屏~", "域名 OR 解析 ORA-12541 OR Win11 OR 蓝屏~"),
        ('"a b"|域名 解析|"c d"|"e f"', '"a b" OR 域名 解析 OR "c d" OR "e f"'),
        ("cat a.log|grep x", "cat a.log|grep x"),
        ("|表格|列| 12|34 A_B|C_D AND|OR", "|表格|列| 12|34 A_B|C_D AND|OR"),
        ("title:a|b -a|b", "title:a|b -a|b"),
        ("错误 (0x80070005) foo(bar) 公司（一）部", "错误 (0x80070005) foo(bar) 公司(一)部"),
        ("无法打印（Windows 11 专业版） 怎么办", "无法打印(Windows 11 专业版 怎么办"),
        ("(解析 记录) 域名 - (A B)", "解析 记录 域名 A B"),
        ("exit (-1) (-_-) :( 1) 打开", "exit (-1) 1 打开"),
        ("HTTP 404 (NOT FOUND) (-1 or -2)", "HTTP 404 (NOT) FOUND (-1) or -2"),
        ("(域名 OR 解析) ECS | (a|b)", "域名 OR 解析 ECS OR a OR b"),
        ("(域名 OR 解析*) -(ECS) x OR (y) (z -“a b”)", '域名 OR 解析* -(ECS) x OR (y) z -"a b"'),
        ("title:(域名) (C++ “a b”)", 'title:(域名) C++ "a b"'),
        ('tag:x) "(a" ("b c" d)', '"(a" "b c" d tag:"x)"'),
        ("域名 - 解析", "域名 解析"),
        ("SELECT * FROM t", "SELECT FROM t"),
        ("Outlook － 无法启动 -- 2016", "Outlook 无法启动 2016"),
        ("域名 - -解析", "域名 -解析"),
        ("", ""),
    ],
)
def test_a_query_is_read_as(raw: str, canonical: str) -> None:
    assert canonical == read_as(parse(raw, now=NOW))


def test_filters_are_collected() -> None:
    filters = parse('category:a category:"b c" kind:ticket version:2.1 x').filters
    assert filters == Filters(category=("a", "b c"), kind="ticket", version=("2.1",))


@pytest.mark.parametrize(
    ("raw", "column", "message"),
    [
        ('error "open', 7, "The quote is not closed"),
        ('error -"open', 8, "The quote is not closed"),
        ('㈱ -"open', 4, "The quote is not closed"),
        ("㈱ a|b*", 5, "The prefix is too short"),
        ("OR error", 1, "OR stands alone"),
        ("error OR", 7, "OR stands alone"),
        ("a OR OR b", 6, "OR stands alone"),
        ("域名 -(解析 ECS)", 4, "Brackets do not group words"),
        ("域名 -（解析 ECS", 4, "Brackets do not group words"),
        ("域名 +(解析 ECS)", 4, "Brackets do not group words"),
        ("域名 NOT (解析 ECS)", 8, "Brackets do not group words"),
        ('域名 -("a b" c)', 4, "Brackets do not group words"),
        ("㈱ OR (解析 ECS)", 6, "Brackets do not group words"),
        ("域名 OR ( 解析 ECS )", 7, "Brackets do not group words"),
        ("(解析 ECS) OR 域名", 1, "Brackets do not group words"),
        ("((解析 ECS) OR 域名) x", 1, "Brackets do not group words"),
        ("(-解析) 域名", 1, "Brackets do not group words"),
        ('x (-"a b") 域名', 3, "Brackets do not group words"),
        ("(title:域名)", 1, "Brackets do not group words"),
        ("(域名 title: x) title:(a b)", 15, "Brackets do not group words"),
        ("(域名 tag:x)", 1, "Brackets do not group words"),
        ("a OR -b", 6, "OR cannot join excluded words"),
        ("error -", 7, "Nothing follows the minus"),
        ("error - ", 7, "Nothing follows the minus"),
        (" - error", 2, "Nothing follows the minus"),
        ('error category:""', 7, "Field category has no value"),
        ('error title:""', 7, "Field title has no value"),
        ("㈱ title:", 3, "Field title has no value"),
        ("error since: ", 7, "Field since has no value"),
        ("title: -error", 1, "Field title has no value"),
        ("x tag: title: error", 3, "Field tag has no value"),
        ('error tag:"" x', 7, "Field tag has no value"),
        ("x -since:2026", 3, "A date cannot be excluded"),
        ("x since:soon", 3, "soon is no date for since"),
        ("x since:2026-02-30", 3, "2026-02-30 is no date for since"),
        ("x since:9999y", 3, "9999y is no date for since"),
        ("x since:2026..2027", 3, "2026..2027 is no date for since"),
        ("x updated:1..2..3", 3, "1..2..3 is no date for updated"),
        ("x since:2026 until:2025", 14, "The dates leave no time between them"),
        ("a OR tag:x", 6, "OR joins two words or two values of one field"),
        ("tag:x OR a", 10, "OR joins two words or two values of one field"),
        ("tag:x OR state:y", 10, "OR joins two words or two values of one field"),
        ("tag:x OR -tag:y", 10, "OR joins two words or two values of one field"),
        ("-tag:x OR tag:y", 11, "OR joins two words or two values of one field"),
        ("since:2025 OR since:2026", 15, "OR joins two words or two values of one field"),
        ("x NOT", 3, "Nothing follows the minus"),
        ("-kind:all", 1, "There is no kind all"),
        ("…… a* b", 4, "The prefix is too short"),
        ("㈱㈱ OR", 4, "OR stands alone"),
        ("a\u200b categry:x", 4, "There is no field categry"),
        ("\u200b\u200b㈱ OR", 5, "OR stands alone"),
        ("a categry:x", 3, "There is no field categry"),
        ("kind:thing", 1, "There is no kind thing"),
        ("a*b", 1, "A star may only stand at the end of a word"),
        ("error ab*", 7, "The prefix is too short"),
        ("打*", 1, "The prefix is too short"),
        ("... !", 1, "There is nothing to search for in ..."),
        ("error -...", 7, "There is nothing to search for in ..."),
        ('""', 1, 'There is nothing to search for in ""'),
        ("-error -密码", 1, "Everything is excluded, nothing is searched"),
        (" ".join("bcdefghjklmnopqrs"), 33, "More than 16 terms"),
        (" ".join(['"a b"'] * 5), 25, "More than 4 phrases"),
        ("tag:x " * 9, 49, "More than 8 filters"),
        ("abc* " * 5, 21, "More than 4 prefixes"),
        ("abcd~ " * 5, 25, "More than 4 words with ~"),
        ("~", 1, "There is nothing to search for in ~"),
        ("错" * 257, 257, "The query is longer than 256 characters"),
    ],
)
def test_an_error_names_the_column_and_gives_a_hint(raw: str, column: int, message: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(raw, now=NOW)
    assert (str(caught.value), caught.value.facts["column"]) == (message, column)
    assert caught.value.facts["hint"]
    assert "{" not in caught.value.facts["hint"].format_map(caught.value.facts)
    said = (caught.value.message, caught.value.facts["hint"])
    assert all(sentence != translator("zh_CN")(sentence) for sentence in said)


def test_a_mistyped_field_is_guessed() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse("tittle:x")
    assert caught.value.facts["hint"].format_map(caught.value.facts) == "Perhaps title: was meant"


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)
    | st.text(max_size=40)
    | st.text(alphabet='ab域1(){-+|"*~: \u200b㈱', max_size=20)
    | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
)
@example('a"b c"d')
@example("+NOT | a")
@example("++err*")
@example("+-a)")
@example("(-1(")
@example("--a")
@example('foo:"a b"')
@example("title:-x")
@example('"a" OR "OR"')
@example("kind:all -a")
def test_what_is_read_can_be_read_again(raw: str) -> None:
    query = attempt(raw)
    if isinstance(query, QuerySyntaxError):
        assert query.facts["column"] >= 1
        assert query.facts["hint"]
        return
    again = parse(read_as(query), now=NOW)
    assert without_columns(again) == without_columns(query)
    assert read_as(again) == read_as(query)


@pytest.mark.parametrize("text", ["7d", "24h", "today"])
def test_so_long_ago_needs_to_know_the_moment(text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        parse(f"x since:{text}")


def test_dates_are_of_the_reader_s_zone_and_else_of_utc() -> None:
    here, there = parse("x updated:2026-01-02", now=NOW), parse("x updated:2026-01-02")

    assert here.filters.since == datetime(2026, 1, 1, 16, tzinfo=UTC)
    assert here.filters.until == datetime(2026, 1, 2, 16, tzinfo=UTC)
    assert there.filters.since == datetime(2026, 1, 2, tzinfo=UTC)


def test_excluded_values_are_collected() -> None:
    filters = parse("-tag:a -kind:ticket NOT category:b").filters

    assert filters == Filters(without=(("tag", "a"), ("kind", "ticket"), ("category", "b")))


def test_a_plus_makes_a_word_required() -> None:
    clauses = without_columns(parse("打印机 +卡纸")).clauses

    assert clauses == (
        Clause(terms=(Term(text="打印机"),)),
        Clause(terms=(Term(text="卡纸"),), required=True),
    )


def test_stop_words_cost_nothing_of_the_budget() -> None:
    words = " ".join(f"t{i}" for i in range(MAX_TERMS))

    assert MAX_TERMS + 5 == len(parse(f"the of 怎么 请问 的 {words}").clauses)


def test_synonyms_are_not_read_back() -> None:
    clause = Clause(terms=(Term(text="蓝屏"), Term(text="死机", synonym=True)))

    assert read_as(SearchQuery(clauses=(clause,))) == "蓝屏"


@pytest.mark.parametrize("raw", BOMBS.values(), ids=BOMBS.keys())
def test_a_query_bomb_stays_within_the_budget_or_is_refused(raw: str) -> None:
    query = attempt(raw)
    if isinstance(query, QuerySyntaxError):
        assert query.facts["column"] >= 1
        return
    terms = [term for clause in query.clauses for term in clause.terms]
    assert len(terms) <= MAX_TERMS
    assert sum(term.phrase for term in terms) <= MAX_PHRASES
    assert sum(term.prefix for term in terms) <= MAX_PREFIXES
    assert sum(len(term.text) for term in terms) <= MAX_CHARACTERS


@given(
    st.lists(
        st.sampled_from(("x", '"a b"', "abc*", "tag:a", "-tag:b", "the", "OR", "NOT")), max_size=60
    )
)
def test_no_mixture_exceeds_the_budget(pieces: list[str]) -> None:
    query = attempt(" ".join(pieces))
    if isinstance(query, QuerySyntaxError):
        return
    terms = [t for c in query.clauses for t in c.terms if t.text != "the"]
    assert len(terms) <= MAX_TERMS
    assert sum(term.phrase for term in terms) <= MAX_PHRASES
    assert sum(term.prefix for term in terms) <= MAX_PREFIXES
    assert len(query.filters.without) + len(query.filters.tag) <= MAX_FILTERS


@pytest.fixture(scope="module")
def engine() -> MemoryEngine:
    opened = MemoryEngine()
    with opened.rebuild() as writer:
        for i in range(50):
            text = f"error E-{i} 电脑无法打印文件，请检查第{i}号打印机 server{i} abc{i}"
            writer.put(
                SearchDocument(
                    id=f"KB-{i:06}", kind="article", title=f"打印 {i}", sections=(("text", text),)
                )
            )
    return opened


@pytest.mark.parametrize("raw", BOMBS.values(), ids=BOMBS.keys())
def test_a_query_bomb_is_answered_or_refused(engine: MemoryEngine, raw: str) -> None:
    query = attempt(raw)
    if isinstance(query, SearchQuery):
        assert engine.search(query).total >= 0


def test_a_page_far_behind_the_end_is_empty(engine: MemoryEngine) -> None:
    page = engine.search(replace(parse("打印"), page=100_000, size=100))
    assert (page.hits, page.total) == ((), 50)
