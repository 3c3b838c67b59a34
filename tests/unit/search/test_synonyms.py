from __future__ import annotations

import pytest

from kbservice.errors import InvalidInput
from kbservice.search.documents import SearchDocument, SearchQuery
from kbservice.search.memory_engine import MemoryEngine
from kbservice.search.synonyms import MAX_ADDED, SynonymBook, parse_rule
from kbservice.search.syntax import parse


def book(*rules: str) -> SynonymBook:
    return SynonymBook(map(parse_rule, rules))


def alternatives(query: SearchQuery) -> list[list[str]]:
    """Return each clause's terms; what the book added is marked with ``~``."""
    return [
        [("~" if term.synonym else "") + term.text for term in clause.terms]
        for clause in query.clauses
    ]


def expanded(text: str, *rules: str) -> list[list[str]]:
    return alternatives(book(*rules).expand(parse(text)))


@pytest.mark.parametrize(
    ("line", "canonical"),
    [
        ("蓝屏,死机", "蓝屏, 死机"),
        ("  蓝屏、 死机； BSOD ", "蓝屏, 死机, BSOD"),
        ("Exchange=>邮件服务器", "Exchange => 邮件服务器"),
        ("a b，c→d", "a b, c => d"),
        ("VPN, vpn, 虚拟专用网", "VPN, 虚拟专用网"),
        ("ORA-12541 => 无监听程序, no listener", "ORA-12541 => 无监听程序, no listener"),
    ],
)
def test_a_rule_has_one_canonical_form(line: str, canonical: str):
    rule = parse_rule(line)

    assert canonical == str(rule)
    assert rule == parse_rule(str(rule))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "two different words"),
        ("蓝屏", "two different words"),
        ("Printer, printers", "two different words"),
        ("a => ", "both sides"),
        ("=> b", "both sides"),
        ("a => b => c", "at most one =>"),
        ("vpn => VPN", "on both sides"),
        ("!!!, abc", "cannot be a synonym"),
        ('"蓝屏", abc', "cannot be a synonym"),
        ("abc*, def", "cannot be a synonym"),
        (f"{'长' * 61}, b", "at most 60 characters"),
        (", ".join(f"word{number}x" for number in range(17)), "at most 16 words"),
        (f"a, {'b' * 600}", "at most 500 characters"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_reason(line: str, told: str):
    with pytest.raises(InvalidInput, match=told):
        parse_rule(line)


def test_equal_words_find_each_other():
    rule = "蓝屏, 死机, BSOD"

    assert [["蓝屏", "~死机", "~BSOD"]] == expanded("蓝屏", rule)
    assert [["bsod", "~蓝屏", "~死机"]] == expanded("bsod", rule)


def test_a_one_way_rule_works_one_way():
    rule = "exchange => 邮件服务器"

    assert [["Exchange", "~邮件服务器"]] == expanded("Exchange", rule)
    assert [["邮件服务器"]] == expanded("邮件服务器", rule)


def test_rules_of_one_word_add_up_and_do_not_chain():
    rules = ("蓝屏, 死机", "蓝屏 => BSOD", "死机 => hang")

    assert [["蓝屏", "~死机", "~BSOD"]] == expanded("蓝屏", *rules)


@pytest.mark.parametrize("typed", ["藍屏", "蓝屏", "藍 屏"])
def test_traditional_characters_and_width_do_not_matter(typed: str):
    found = expanded(typed, "蓝屏, ＢＳＯＤ")
    assert all("~BSOD" in terms or "~ＢＳＯＤ" in terms for terms in found)


def test_english_is_compared_by_its_stem():
    assert [["printers", "~打印机"]] == expanded("printers", "printer, 打印机")


def test_a_known_word_inside_a_longer_run_is_replaced_in_it():
    assert [["电脑蓝屏", "~电脑 死机"]] == expanded("电脑蓝屏", "蓝屏, 死机")
    assert [["Win11蓝屏", "~Win11 死机"]] == expanded("Win11蓝屏", "蓝屏, 死机")


def test_stop_words_around_a_replaced_word_are_left_out():
    assert [["蓝屏了怎么办", "~死机"]] == expanded("蓝屏了怎么办", "蓝屏, 死机")


@pytest.mark.parametrize(
    ("typed", "rule"),
    [("数据库", "数据, data"), ("myvpn", "vpn, 虚拟专用网"), ("ORA-12541", "ora, oracle")],
)
def test_a_part_of_a_word_or_code_is_not_the_word(typed: str, rule: str):
    assert [[typed]] == expanded(typed, rule)


def test_words_typed_one_after_the_other_are_one_term():
    found = expanded("Blue screens error", "blue screen, 蓝屏")
    assert [["Blue", "~蓝屏"], ["screens", "~蓝屏"], ["error"]] == found


def test_several_english_words_must_stand_together():
    clause = book("blue screen, 蓝屏").expand(parse("蓝屏")).clauses[0]
    assert [("blue screen", True)] == [(t.text, t.phrase) for t in clause.terms if t.synonym]


@pytest.mark.parametrize("typed", ['"蓝屏"', "-蓝屏 电脑", "蓝屏*"])
def test_what_says_exactly_what_is_meant_stays(typed: str):
    query = parse(typed)
    assert query == book("蓝屏, 死机").expand(query)


def test_a_field_and_alternatives_are_widened_within():
    query = book("蓝屏, 死机").expand(parse("title:蓝屏"))
    assert [("蓝屏", "title"), ("死机", "title")] == [
        (term.text, term.field) for term in query.clauses[0].terms
    ]
    assert [["蓝屏", "重启", "~死机"]] == expanded("蓝屏 OR 重启", "蓝屏, 死机")


def test_the_query_tells_what_was_searched_besides():
    query = book("蓝屏, 死机", "vpn, 虚拟专用网").expand(parse("电脑蓝屏 VPN"))
    told = [(item.text, item.added) for item in query.expansions]
    assert [("蓝屏", ("死机",)), ("VPN", ("虚拟专用网",))] == told


def test_a_query_that_no_rule_meets_is_the_same_object():
    query = parse("打印机 脱机")
    assert query is book("蓝屏, 死机").expand(query)
    assert query is SynonymBook().expand(query)


def test_what_rules_add_to_one_query_is_bounded():
    words = [f"w{letter}rd" for letter in "abcdefghijklmnop"]
    found = book(", ".join(words)).expand(parse(" ".join(words)))
    added = [term for clause in found.clauses for term in clause.terms if term.synonym]
    assert MAX_ADDED == len(added)


def documents(*texts: str) -> MemoryEngine:
    engine = MemoryEngine()
    with engine.writer() as writer:
        for number, text in enumerate(texts, start=1):
            writer.put(SearchDocument(id=f"KB-{number}", kind="article", title=text))
    return engine


def found(engine: MemoryEngine, typed: str, *rules: str) -> set[str]:
    return {hit.id for hit in engine.search(book(*rules).expand(parse(typed))).hits}


def test_an_engine_finds_what_the_rule_stands_for():
    engine = documents("电脑蓝屏", "笔记本死机", "打印机脱机", "Windows blue screen of death")
    rule = "蓝屏, 死机, blue screen"

    assert {"KB-1"} == found(engine, "蓝屏")
    assert {"KB-1", "KB-2", "KB-4"} == found(engine, "蓝屏", rule)
    assert {"KB-1", "KB-2", "KB-4"} == found(engine, "blue screen", rule)
    assert {"KB-2"} == found(engine, "笔记本蓝屏", rule)


def test_excluded_words_stay_excluded():
    engine = documents("电脑蓝屏 重启", "笔记本死机 重启", "服务器死机")
    assert {"KB-1", "KB-2"} == found(engine, "重启 蓝屏", "蓝屏, 死机")
    assert {"KB-3"} == found(engine, "蓝屏 -重启", "蓝屏, 死机")


def test_a_word_counts_once_in_the_ranking_however_many_synonyms_repeat_it():
    engine = documents("蓝屏", "电脑", "电脑蓝屏")
    plain = engine.search(parse("电脑蓝屏")).hits[0].score
    widened = engine.search(book("蓝屏, 没有这个词").expand(parse("电脑蓝屏"))).hits[0].score
    assert pytest.approx(plain) == widened
