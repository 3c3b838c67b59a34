"""What a result shows: escaped text, whole matches, whole sentences."""

from __future__ import annotations

import re

import pytest

from kbservice.search.documents import SearchDocument
from kbservice.search.snippets import MAX_LENGTH, Highlighter


def snippet(query: str, text: str) -> str:
    return Highlighter(query).snippet(document(text))


def document(text: str, title: str = "") -> SearchDocument:
    return SearchDocument(id="KB-000001", kind="article", title=title, sections=(("text", text),))


def marked(html: str) -> list[str]:
    return re.findall("<mark>(.*?)</mark>", html)


def test_markup_in_the_text_is_escaped() -> None:
    html = snippet("error", '<script>alert("x")</script> error & <mark>')
    assert html == (
        "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; <mark>error</mark> &amp; &lt;mark&gt;"
    )


def test_markup_in_the_query_is_escaped() -> None:
    assert snippet("<script>", "a <script> b") == "a &lt;<mark>script</mark>&gt; b"


def test_the_title_is_escaped_and_marked() -> None:
    html = Highlighter("打印机").title(document("", "<b>打印机</b>卡纸"))
    assert html == "&lt;b&gt;<mark>打印机</mark>&lt;/b&gt;卡纸"


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("打印机", "网络打印机驱动", ["打印机"]),
        ("网络打印机", "网络打印机驱动", ["网络打印机"]),
        ("无法打印", "打印机无法打印文件", ["打印", "无法打印"]),
        ("印表機", "印表机", ["印表机"]),
        ("打印机", "網路打印機", ["打印機"]),
        ("connecting", "It connects, connected.", ["connects", "connected"]),
        ("ORA-12541", "报错 ORA-12541。", ["ORA-12541"]),
        ("ＡＢＣ", "see abc", ["abc"]),
        ("脱", "打印机脱机", ["脱"]),
        ("机", "打印机脱机", ["机", "机"]),
        ("密码", "没有提到", []),
    ],
)
def test_the_whole_match_is_marked_as_written(query: str, text: str, expected: list[str]) -> None:
    assert marked(snippet(query, text)) == expected


def test_single_characters_of_a_longer_query_are_not_marked() -> None:
    assert marked(snippet("打印机", "他打了个电话，印了一份")) == []


def test_the_sentence_with_the_match_is_shown_alone() -> None:
    html = snippet("驱动程序", "先检查电源。然后重新安装驱动程序！最后重启。")
    assert html == "然后重新安装<mark>驱动程序</mark>！"


def test_two_sentences_are_shown_in_reading_order() -> None:
    html = snippet("驱动程序 电源", "先检查电源。等一分钟。再安装驱动程序。")
    assert html == "先检查<mark>电源</mark>。 … 再安装<mark>驱动程序</mark>。"


def test_without_a_match_the_first_sentence_is_shown() -> None:
    assert snippet("密码", "先检查电源。等一分钟。") == "先检查电源。"


def test_a_long_sentence_is_cut_around_its_match() -> None:
    html = snippet("驱动程序", "长" * 500 + "驱动程序" + "句" * 500)
    assert marked(html) == ["驱动程序"]
    assert len(re.sub("</?mark>", "", html)) == MAX_LENGTH


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_an_empty_text_has_no_snippet(text: str) -> None:
    assert snippet("打印", text) == ""


def test_an_empty_query_marks_nothing() -> None:
    assert snippet("", "打印机。卡纸。") == "打印机。"
