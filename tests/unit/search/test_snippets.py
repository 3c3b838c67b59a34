"""What a result shows: escaped text, whole matches, whole sentences."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kbservice.search.documents import SearchDocument
from kbservice.search.snippets import MAX_FRAGMENTS, MAX_LENGTH, Highlighter

WORDS = (
    "打印机",
    "驱动程序",
    "密码",
    "导出",
    "軟件",
    "connect",
    "timeout",
    "ORA-12541",
    "Win11",
    "3.2.1",
)
JUNK = (
    "，",
    "。",
    "的",
    "\n",
    " ",
    ". ",
    "<b>",
    "&",
    "\u200b",
    "ＡＢ",
    "说明",
    "other",
    "…",
    "\U0001f600",
)

MARKS = ("**", "`", "```", "## ", "- ", "|", "|-|-|", "* ")


def snippet(query: str, text: str) -> str:
    return Highlighter(query).snippet(document(text))


def document(text: str, title: str = "") -> SearchDocument:
    return SearchDocument(id="KB-000001", kind="article", title=title, sections=(("text", text),))


def marked(html: str) -> list[str]:
    return re.findall("<mark>(.*?)</mark>", html, re.DOTALL)


def plain(html: str) -> str:
    return unescape(re.sub("</?mark>", "", html))


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


def test_the_title_is_shown_whole() -> None:
    title = "打印机" + "很" * 500
    assert plain(Highlighter("打印机").title(document("", title))) == title


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("打印机", "网络打印机驱动", ["打印机"]),
        ("网络打印机", "网络打印机驱动", ["网络打印机"]),
        ("无法打印", "打印机无法打印文件", ["打印", "无法打印"]),
        ("中国 国人", "中国人", ["中国人"]),
        ("登不上", "系统登不上去", ["登不上"]),
        ("给业主办备案", "全体业主", ["业主"]),
        ("数据的导出", "批量数据的导出", ["数据的导出"]),
        ("スキャナー", "ネットワークスキャナー", ["スキャナー"]),
    ],
)
def test_the_longest_chinese_match_is_marked(query: str, text: str, expected: list[str]) -> None:
    assert marked(snippet(query, text)) == expected


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("印表機", "印表机", ["印表机"]),
        ("打印机", "網路打印機", ["打印機"]),
        ("数据库", "資料庫連線", ["資料庫"]),
        ("资料库", "数据库连接", ["数据库"]),
        ("ＡＢＣ", "see abc", ["abc"]),
        ("abc", "see ＡＢＣ", ["ＡＢＣ"]),
        ("打印机", "打\u200b印机", ["打\u200b印机"]),
        ("connecting", "It connects, connected.", ["connects", "connected"]),
        ("policy", "All policies", ["policies"]),
        ("sheet", "new SpreadSheet and setSheetName", ["Sheet", "Sheet"]),
    ],
)
def test_other_spellings_are_marked_as_written(query: str, text: str, expected: list[str]) -> None:
    assert marked(snippet(query, text)) == expected


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("ORA-12541", "报错 ORA-12541。", ["ORA-12541"]),
        ("ORA-12541", "ora12541, ORA 12541, 12541", ["ora12541", "ORA 12541", "12541"]),
        ("ORA-12541", "ORA-125410", ["ORA"]),
        ("Win11", "Win 11 和 win-11", ["Win 11", "win-11"]),
        ("Win11+Excel导出", "Win11 用 Excel 导出", ["Win11", "Excel", "导出"]),
        ("wifi", "连接 Wi-Fi", []),
        ("Wi-Fi", "连接 wifi", ["wifi"]),
        ("3.2.1", "V3.2.1", ["3.2.1"]),
        ("C++", "用 C++ 写", ["C++"]),
        ("0x80070005", "错误 0x80070005", ["0x80070005"]),
        ("U盘", "U盘和硬盘", ["U盘"]),
    ],
)
def test_codes_are_marked_joined_and_split(query: str, text: str, expected: list[str]) -> None:
    assert marked(snippet(query, text)) == expected


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("win1", "Win11"),
        ("port", "export, portal"),
        ("Win11", "Window, 2011"),
        ("打印机", "他打了个电话，印了一份"),
        ("电脑卡", "卡纸"),
        ("数据导出", "依据导则"),
        ("密码", "没有提到"),
    ],
)
def test_no_part_of_another_word_is_marked(query: str, text: str) -> None:
    assert marked(snippet(query, text)) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [("脱", ["脱"]), ("机", ["机", "机"]), ("脱 打印", ["打印", "脱"]), ("电脑卡", ["卡"])],
)
def test_a_single_character_is_marked(query: str, expected: list[str]) -> None:
    assert marked(snippet(query, "打印机脱机，很卡")) == expected


def test_stop_words_are_not_marked_beside_telling_ones() -> None:
    assert marked(snippet("如何导出的", "如何导出：导出的文件")) == ["导出", "导出"]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [("怎么办", "那怎么办？", ["怎么办"]), ("how to", "How to do it", ["How", "to"])],
)
def test_stop_words_are_marked_where_they_are_all(
    query: str, text: str, expected: list[str]
) -> None:
    assert marked(snippet(query, text)) == expected


def test_short_neighbouring_sentences_are_shown_too() -> None:
    html = snippet("驱动程序", "先检查电源。然后重新安装驱动程序！最后重启。")
    assert html == "先检查电源。然后重新安装<mark>驱动程序</mark>！最后重启。"


def test_a_long_sentence_with_the_match_is_shown_alone() -> None:
    middle = "第二句" * 30 + "驱动程序。"
    html = snippet("驱动程序", f"{'第一句' * 20}。{middle}{'第三句' * 20}。")
    assert plain(html) == middle


def test_fragments_are_shown_in_reading_order() -> None:
    html = snippet("驱动程序 电源", f"先检查电源。{'这一句很长' * 60}。再安装驱动程序。")
    left, right = html.split(" … ")
    assert marked(left) == ["电源"]
    assert marked(right) == ["驱动程序"]


def test_the_place_with_most_different_words_is_shown() -> None:
    filler = "这一句说的是别的事情" * 20
    text = f"密码。密码。密码。{filler}。重置密码要用邮箱。{filler}。"
    html = snippet("重置密码 邮箱", text)
    assert marked(html)[:2] == ["重置密码", "邮箱"]
    assert " … " not in html


def test_without_a_match_the_beginning_is_shown() -> None:
    assert snippet("密码", f"先检查电源。{'等一分钟' * 100}。") == "先检查电源。"


def test_a_long_sentence_is_cut_around_its_match() -> None:
    html = snippet("驱动程序", "长" * 500 + "驱动程序" + "句" * 500)
    assert marked(html) == ["驱动程序"]
    assert len(plain(html)) == MAX_LENGTH


def test_a_long_english_sentence_is_cut_between_words() -> None:
    html = snippet("timeout", "long " * 100 + "timeout " + "tail " * 100)
    assert set(plain(html).split()) == {"long", "timeout", "tail"}


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_an_empty_text_has_no_snippet(text: str) -> None:
    assert snippet("打印", text) == ""


@pytest.mark.parametrize("query", ["", " ", "？！"])
def test_a_query_without_words_marks_nothing(query: str) -> None:
    assert snippet(query, "打印机。卡纸。") == "打印机。卡纸。"


@pytest.mark.parametrize("query", ["(a+)+$", "a" * 256, "\\", "[", "a*" * 100, "的" * 256])
def test_any_query_is_only_text(query: str) -> None:
    html = snippet(query, "a" * 20_000)
    assert len(plain(html)) <= MAX_LENGTH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## InternalError\n\n服务异常", "InternalError\n\n服务<mark>异常</mark>"),
        ("**业务异常**，`重启`服务", "业务<mark>异常</mark>，重启服务"),
        ("|序号|错误|\n|:-|:-|\n| 1 | 异常 |", "序号 错误\n\n1  <mark>异常</mark> "),
        ("- 异常\n* 重启\n  - 断网", "<mark>异常</mark>\n重启\n  断网"),
        ("```bash\nls | grep 异常\n```", "ls | grep <mark>异常</mark>"),
        ("2 * 3 - 1 = 5 # 异常 || a-b", "2 * 3 - 1 = 5 # <mark>异常</mark> || a-b"),
        ("**a < b** 异常", "a &lt; b <mark>异常</mark>"),
        ("***异常***，**注意：**先备份", "<mark>异常</mark>，注意：先备份"),
        ("如果**异常**就重启", "如果<mark>异常</mark>就重启"),
    ],
)
def test_marks_of_markdown_are_not_shown(text: str, expected: str) -> None:
    assert snippet("异常", text).strip() == expected.strip()


@pytest.mark.parametrize(
    "text",
    [
        "号码138****5678异常",
        "号码138****5678、139****1234异常",
        "号码138**678、139**234异常",
        "张**，李**：异常",
        "f(**args, **kwargs) 异常",
        "2**10 * 3**4 异常",
        "**/*.log 异常",
        "异常 ** 不加粗 **",
        "异常 ********",
    ],
)
def test_stars_that_make_nothing_bold_are_shown(text: str) -> None:
    assert plain(snippet("异常", text)) == text


def test_bold_that_goes_on_behind_the_snippet_is_no_text() -> None:
    assert "**" not in snippet("异常", f"异常，{'再等一会，' * 28}**{'检查网络' * 20}** ")


def test_the_number_of_a_step_is_not_shown_without_the_step() -> None:
    html = snippet("驱动程序", f"1. 卸载驱动程序{'再等一会' * 18}\n2. {'检查网络连接' * 20}")
    assert not plain(html).rstrip().endswith("2.")


TEXTS = st.lists(st.sampled_from(WORDS + JUNK), max_size=80).map("".join) | st.text(max_size=300)
QUERIES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join) | st.text(
    max_size=30
)


@given(query=QUERIES, text=TEXTS)
@example(query="a", text="\u0130a")
@example(query="", text="打印机 … 打印机")
def test_a_snippet_is_made_of_pieces_of_the_text(query: str, text: str) -> None:
    text = re.sub("[*`#|-]| … ", "", text)
    html = snippet(query, text)
    fragments = html.split(" … ")
    assert len(fragments) <= MAX_FRAGMENTS
    assert len(plain(html)) <= MAX_FRAGMENTS * MAX_LENGTH + len(" … ")
    assert [plain(piece) for piece in fragments if plain(piece) not in text] == []


@given(query=QUERIES, text=st.lists(st.sampled_from((*WORDS, *JUNK, *MARKS))).map("".join))
def test_nothing_but_marks_and_blanks_is_left_out(query: str, text: str) -> None:
    text = text[:MAX_LENGTH].replace("…", "")
    shown = [re.sub(r"[*`#|\s-]|…", "", each) for each in (text, plain(snippet(query, text)))]
    assert shown[1] in shown[0]


@given(query=QUERIES, text=st.lists(st.sampled_from((*WORDS, *JUNK, *MARKS))).map("".join))
def test_marks_neither_nest_nor_hold_markup(query: str, text: str) -> None:
    html = snippet(query, text)
    assert re.sub("<mark>[^<>]+</mark>", "", html).count("<") == 0


@given(query=QUERIES, text=TEXTS)
def test_a_title_is_the_text_itself(query: str, text: str) -> None:
    assert plain(Highlighter(query).title(document("", text))) == text


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True), st.data())
def test_every_word_of_the_query_is_marked_in_a_short_text(
    words: list[str], data: st.DataObject
) -> None:
    shown = data.draw(st.permutations([*words, "说明", "other"]))
    html = snippet(" ".join(words), " ".join(shown))
    assert sorted(marked(html)) == sorted(words)
