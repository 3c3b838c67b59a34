from __future__ import annotations

import pytest

from kbservice.search.spelling import proposals, widened
from kbservice.search.syntax import parse, read_as
from kbservice.search.vocabulary import Vocabulary

TERMS = {
    "蓝屏": 40,
    "电脑": 90,
    "登录": 120,
    "登陆": 2,
    "失败": 80,
    "服务器": 60,
    "启动": 50,
    "实例": 30,
    "打印机": 45,
    "outlook": 20,
    "replic": 15,
    "connect": 25,
    "window": 30,
    "blue": 8,
    "screen": 9,
    "ora-12541": 6,
    "0x800ccc0e": 4,
}
SURFACES = {"replic": "replica", "connect": "connection", "window": "windows"}
VOCABULARY = Vocabulary(TERMS.items(), SURFACES)


def meant(typed: str, vocabulary: Vocabulary = VOCABULARY) -> list[str]:
    return [read_as(query) for query in proposals(parse(typed), vocabulary)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("蓝平", "蓝屏"),
        ("藍平", "蓝屏"),
        ("电脑蓝平", "电脑蓝屏"),
        ("电脑蓝平怎么办", "电脑蓝屏怎么办"),
        ("服务气启动", "服务器启动"),
        ("登陆失败", "登录失败"),
        ("ECS实力", "ECS实例"),
        ("lanping", "蓝屏"),
        ("Lanping", "蓝屏"),
        ("lan ping", "蓝屏"),
        ("diannaolanping", "电脑蓝屏"),
        ("dayinji", "打印机"),
        ("fuwuqi qidong", "服务器 启动"),
        ("outlok", "outlook"),
        ("Outlok 登录", "Outlook 登录"),
        ("OUTLOK", "OUTLOOK"),
        ("repllica", "replica"),
        ("conneqtion", "connection"),
        ("bluescreen", "blue screen"),
        ("out look", "outlook"),
        ("ORA-12542", "ORA-12541"),
        ("ORA-1241", "ORA-12541"),
        ("0x800CCC0F", "0x800ccc0e"),
    ],
)
def test_a_mistyped_query_is_corrected(typed: str, first: str):
    assert first.lower() == meant(typed)[0].lower()


@pytest.mark.parametrize(
    "typed",
    [
        "蓝屏",
        "电脑 登录",
        "outlook",
        "replicate",
        "connecting windows",
        "ORA-12541",
        "ORA-99999",
        "abc",
        "qqqqqqqq",
        "outlo*",
        "的",
    ],
)
def test_what_is_known_or_too_far_off_stays(typed: str):
    assert [] == meant(typed)


def test_operators_fields_and_filters_stay():
    assert ["title:蓝屏 -outlok tag:vpn"] == meant("title:蓝平 -outlok tag:vpn")
    assert ['"outlook screen"'] == meant('"outlok screen"')


def test_the_commonest_word_of_a_sound_comes_first():
    vocabulary = Vocabulary({"事例": 3, "实力": 9, "实例": 40}.items())
    assert ["实例", "实力", "事例"] == meant("市立", vocabulary)


def test_equal_sounds_come_before_similar_ones():
    vocabulary = Vocabulary({"民生": 90, "明胜": 5}.items())
    assert ["明胜", "民生"] == meant("茗胜", vocabulary)


def test_a_common_misspelling_is_still_one():
    vocabulary = Vocabulary({"preset": 5, "reset": 20, "connect": 90, "konnect": 3}.items())
    assert ["connect"] == meant("konnect", vocabulary)
    assert [] == meant("preset", vocabulary)


def test_words_of_the_language_are_not_taken_for_what_only_sounds_similar():
    vocabulary = Vocabulary({"整么": 9, "蓝屏": 40, "电脑": 90}.items())
    assert ["电脑蓝屏怎么办"] == meant("电脑蓝平怎么办", vocabulary)


def test_a_word_two_edits_off_is_proposed_only_where_none_is_one_edit_off():
    words = {"outlook": 2, "outgo": 90}
    assert ["outlook"] == meant("outlok", Vocabulary(words.items()))
    assert ["outgo"] == meant("outgoxx", Vocabulary(words.items()))


@pytest.mark.parametrize("typed", ["bussy", "busyy", "bsuy"])
def test_a_mistyped_word_is_compared_with_the_word_of_a_stem(typed: str):
    assert ["busy"] == meant(typed, Vocabulary({"busi": 10}.items()))
    assert ["busy"] == meant(typed, Vocabulary({"busi": 10}.items(), {"busi": "business"}))


def test_proposals_are_few():
    words = {f"abcde{letter}": 1 for letter in "fghijklmnop"}
    assert 3 == len(meant("abcdez", Vocabulary(words.items())))


def test_a_word_with_another_of_its_sound_inside_is_not_torn_apart():
    assert [] == meant("数据库", Vocabulary({"数据库": 5, "具库": 50, "述聚": 50}.items()))


@pytest.mark.parametrize("typed", ["outlok " * 9, "蓝平" * 41])
def test_long_queries_are_left_alone(typed: str):
    assert [] == meant(typed)


def test_the_vocabulary_keeps_the_commonest_terms(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kbservice.search.vocabulary.MAX_LATIN", 10)
    words = [(f"word{a}{b}", ord(a) * 100 + ord(b)) for a in "abcdefgh" for b in "abcdefgh"]

    vocabulary = Vocabulary(words)

    assert 10 == len(vocabulary)
    assert vocabulary.frequency("wordhh")
    assert not vocabulary.frequency("wordaa")


def test_an_empty_vocabulary_proposes_nothing():
    assert [] == meant("蓝平 outlok lanping ORA-1", Vocabulary(()))


@pytest.mark.parametrize(
    ("typed", "besides"),
    [("outlok~", ["outlook"]), ("蓝平~", ["蓝屏"]), ("ORA-12542~", ["ora-12541"])],
)
def test_a_fuzzy_word_is_searched_with_what_is_nearly_the_same(typed: str, besides: list[str]):
    query = widened(parse(f"{typed} 登录"), VOCABULARY)

    assert besides == [term.text for term in query.clauses[0].terms if term.synonym]
    assert besides == list(query.expansions[0].added)
    assert ["登录"] == [term.text for term in query.clauses[1].terms]


@pytest.mark.parametrize("typed", ["outlok", "蓝平", "lanping", "ORA-12542"])
def test_a_reader_is_proposed_only_terms_that_he_may_learn_of(typed: str):
    assert meant(typed)
    assert [] == meant(typed, VOCABULARY.within(lambda _: False))


def test_only_fuzzy_words_are_widened():
    query = parse("outlok 蓝平 qqqqqqqq~ outlo*~")
    assert query == widened(query, VOCABULARY)


def test_words_of_rare_readings_are_not_taken_for_what_was_meant():
    vocabulary = Vocabulary({"以及": 900, "澳门": 30, "域名": 40, "死机": 1}.items())

    assert [] == meant("死机", vocabulary)
    assert [] == [item.text for item in vocabulary.sounding_like("域名")]


def test_a_word_of_the_language_is_not_corrected_in_its_middle():
    vocabulary = Vocabulary({"起步": 9, "发布": 90}.items())

    assert [] == meant("起不来", vocabulary)
    assert [] == meant("邮件发不出", vocabulary)


def test_words_of_every_text_must_share_more_than_the_sound():
    vocabulary = Vocabulary({"只是": 900, "因为": 900, "指示": 3}.items())

    assert [] == [item.text for item in vocabulary.sounding_like("致使") if item.text != "指示"]
    assert ["因为"] == [item.text for item in vocabulary.sounding_like("音为")]
