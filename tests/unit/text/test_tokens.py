"""The analyzer: the same terms for every way of writing a thing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbservice.text.tokens import FINGERPRINT, analyze, sequence, sequence_terms, spans

any_text = st.text(st.characters(), max_size=80)

ONE_WORD_NASTY = [
    "a" * 65_536,
    "aA" * 32_768,
    "1" * 65_536,
    "一" * 65_536,
    "x" * 65_536 + "!",
]
NASTY = [
    *ONE_WORD_NASTY,
    *(
        unit * (65_536 // len(unit))
        for unit in (
            *("a.", ".", "/a", "a@", "a+", "0:", "\\", "://", "a://", "a_", "1.", "~/", "-a."),
            *("C:\\", "x://!!!", "0x", "e\u0301", "\u0301", "a-", "a:1", "@.", "#", "a/b", "::"),
        )
    ),
    "a@" + "b" * 65_536,
    "a@" + "b." * 32_768,
    "http://" + "!" * 65_536,
]


def has_phrase(text: str, phrase: str) -> bool:
    units, wanted = sequence_terms(text), sequence_terms(phrase)
    places = range(len(units) - len(wanted) + 1)
    return any(units[at : at + len(wanted)] == wanted for at in places)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ORA-12541", ("ora-12541", "ora", "12541", "ora12541")),
        ("错误0x80070005", ("错误", "0x80070005", "80070005")),
        ("0x0000007B", ("0x0000007b", "0000007b", "0x7b")),
        ("V3.2.1", ("v3.2.1", "3.2.1", "3.2")),
        ("TS20231025001", ("ts20231025001", "ts", "20231025001")),
        ("202310-001", ("202310-001", "202310", "001", "202310001")),
        ("win11", ("win11", "win", "11")),
        ("C++和C#", ("c++", "c#")),
        (".NET", (".net", "net")),
        ("Wi-Fi", ("wi-fi", "wi", "fi", "wifi")),
        ("user_name", ("user_name", "user", "name", "username")),
        ("getUserById", ("getuserbyid", "user", "id")),
        ("192.168.1.10", ("192.168.1.10",)),
        ("192.168.1.10:9100", ("192.168.1.10:9100", "192.168.1.10", "9100")),
        ("net::ERR_FAILED", ("net::err_failed", "net", "err_failed", "err", "fail", "errfailed")),
        ("/var/log/app.log.", ("/var/log/app.log", "var", "log", "app.log", "app", "applog")),
        ("a@b.example", ("a@b.example", "b.example", "exampl", "bexample")),
        ("I/O", ("i/o",)),
        ("HTTP 502/504", ("http", "502", "504")),
        ("Running services", ("run", "servic")),
        ("IT支持", ("it", "支持")),
        ("資料庫逾時", ("资料", "资料库", "数据库", "逾时", "超时")),
        ("カタカナ", ("カタカナ",)),
        ("", ()),
    ],
)
def test_words_of(text: str, words: tuple[str, ...]):
    assert analyze(text).words == words


@pytest.mark.parametrize(
    ("document", "query"),
    [
        ("软件技术支持服务流程", "軟件技術支持"),
        ("软件无法启动", "軟體"),
        ("资料庫連線逾時", "数据库连接超时"),
        ("Oracle报ORA-12541错误", "ora12541"),
        ("Oracle报ORA-12541错误", "12541"),
        ("ＯＲＡ－１２５４１", "ORA-12541"),
        ("蓝屏代码 0x0000007B", "0x7b"),
        ("升级到V3.2.1后崩溃", "3.2"),
        ("升级到V3.2.1后崩溃", "v3.2.1"),
        ("V3.2版本在Win11系统下导出Excel时崩溃", "win 11"),
        ("连接Wi-Fi失败", "WiFi"),
        ("打开 C:\\Windows\\System32\\drivers\\etc\\hosts", "hosts"),
        ("java.lang.NullPointerException", "nullpointerexception"),
        ("java.lang.NullPointerException", "null pointer"),
        ("see https://help.example.com/kb/123?x=1", "help.example.com"),
        ("数据库连接池", "数据"),
        ("printers were disconnected", "printer disconnect"),
    ],
)
def test_a_query_finds_the_document_by_words(document: str, query: str):
    assert set(analyze(query).words) & set(analyze(document).words)


def test_c_plus_plus_is_not_c():
    assert "c" not in analyze("C++ 编译失败").words


def test_identifiers_are_verbatim_and_hold_digits_or_punctuation():
    found = analyze("Win11+Excel导出失败 ERR_TIMEOUT 在 node.js 2023 Oracle").identifiers

    assert found == ("win11", "err_timeout", "node.js")


def test_bigrams_and_characters_stay_within_a_run():
    streams = analyze("打印机，脱机")

    assert streams.bigrams == ("打印", "印机", "脱机")
    assert streams.chars == tuple("打印机脱机")


def test_pairs_join_neighbours_over_punctuation_and_stop_words():
    assert analyze("打印机的Running状态").pairs == ("打印机 run", "run 状态")


def test_stop_words_are_left_out_unless_kept():
    assert analyze("怎么办").words == ()
    assert "怎么办" in analyze("怎么办", keep_stop=True).words
    assert analyze("how to").words == ()
    assert analyze("how to", keep_stop=True).words == ("how", "to")


@pytest.mark.parametrize("phrase", ["Excel导出", "win11", "WIN 11", "11+excel", "导出", "出"])
def test_a_phrase_occurs_in_a_mixed_token(phrase: str):
    assert has_phrase("关键词 Win11+Excel导出+V3.2", phrase)


@pytest.mark.parametrize("phrase", ["win1", "导Excel", "Excel11", "v3.20"])
def test_a_phrase_does_not_occur_by_accident(phrase: str):
    assert not has_phrase("关键词 Win11+Excel导出+V3.2", phrase)


def test_the_sequence_counts_every_unit():
    assert sequence("Ｗin11的C++，ok") == [
        ("win", 0, 0, 3),
        ("11", 1, 3, 5),
        ("的", 2, 5, 6),
        ("c++", 3, 6, 9),
        ("ok", 4, 10, 12),
    ]


def test_spans_point_into_the_original():
    text = "…資料庫：Ｒｕｎｎｉｎｇ ORA-12541"

    marked = {(span.term, text[span.start : span.end], span.kind) for span in spans(text)}

    assert {
        ("资料库", "資料庫", "han"),
        ("数据库", "資料庫", "han"),
        ("run", "Ｒｕｎｎｉｎｇ", "latin"),
        ("ora-12541", "ORA-12541", "identifier"),
        ("12541", "12541", "identifier"),
    } <= marked


def test_a_span_knows_the_written_and_the_stemmed_form():
    (span,) = spans("Running")

    assert (span.text, span.term) == ("running", "run")


@settings(deadline=None)
@given(any_text)
def test_spans_hold_the_terms_of_the_word_stream(text: str):
    assert sorted(span.term for span in spans(text)) == sorted(analyze(text).words)


@settings(deadline=None)
@given(any_text)
def test_spans_and_sequence_lie_in_the_text(text: str):
    for token in (*spans(text), *sequence(text)):
        assert 0 <= token.start < token.end <= len(text)


@settings(deadline=None)
@given(any_text)
def test_the_sequence_terms_are_the_sequence(text: str):
    assert [token.text for token in sequence(text)] == sequence_terms(text)


@settings(deadline=None)
@given(st.text(alphabet="ab1.:/\\@_-+#?& 中文，C~0xV%", max_size=60))
def test_codes_of_any_shape_are_analyzed(text: str):
    assert sorted(span.term for span in spans(text)) == sorted(analyze(text).words)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", NASTY, ids=lambda text: repr(text[:8]))
def test_nasty_input_takes_linear_work(text: str):
    analyze(text)
    spans(text)
    sequence(text)


@pytest.mark.parametrize("text", ONE_WORD_NASTY[:2])
def test_an_endless_word_makes_a_bounded_term(text: str):
    assert max(map(len, analyze(text).words)) <= 96


def test_the_fingerprint_is_short_and_stable():
    assert len(FINGERPRINT) == 16
    assert int(FINGERPRINT, 16) >= 0
