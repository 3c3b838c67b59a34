"""Reading the bytes of files whose encoding nobody names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbservice.text.encodings import decode

SIMPLIFIED = "数据库连接超时，请检查网络配置。"
TRADITIONAL = "資料庫連線逾時，請檢查網路設定。"


@pytest.mark.parametrize("text", [SIMPLIFIED, TRADITIONAL, "打印机", "plain ASCII"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
def test_a_text_is_read_back(text: str, codec: str):
    decoded = decode(text.encode(codec))

    assert (decoded.text, decoded.warnings) == (text, ())


@pytest.mark.parametrize("text", [TRADITIONAL, "印表機"])
def test_big5_is_told_from_gb18030(text: str):
    assert (decode(text.encode("big5")).text, decode(text.encode("big5")).encoding) == (
        text,
        "big5hkscs",
    )


def test_a_spreadsheet_export_in_gbk_is_read():
    csv = "编号,标题\nTS20231025001,打印机脱机，无法打印\n"

    assert decode(csv.encode("gbk")).text == csv


def test_utf16_without_a_mark_is_read():
    assert decode("id,title\n1,打印机\n".encode("utf-16-le")).text == "id,title\n1,打印机\n"
    assert decode("id,title\n1,打印机\n".encode("utf-16-be")).text == "id,title\n1,打印机\n"


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_file_that_is_cut_within_a_character_keeps_its_encoding(codec: str):
    decoded = decode((SIMPLIFIED * 20).encode(codec)[:-1])

    assert decoded.encoding == codec
    assert decoded.text.startswith(SIMPLIFIED * 19)
    assert len(decoded.warnings) == 1


def test_one_bad_byte_does_not_turn_utf8_into_something_else():
    data = (SIMPLIFIED * 20).encode()

    decoded = decode(data[:60] + b"\xff" + data[60:])

    assert decoded.encoding == "utf-8"
    assert decoded.text.replace("\ufffd", "") == SIMPLIFIED * 20
    assert len(decoded.warnings) == 1


def test_other_encodings_are_guessed_and_said_so():
    decoded = decode("café au lait très bon, déjà vu à Zürich".encode("latin-1"))

    assert decoded.text == "café au lait très bon, déjà vu à Zürich"
    assert decoded.warnings == ("the encoding is a guess",)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_text(data: bytes):
    assert isinstance(decode(data).text, str)


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\ufeff")))
def test_utf8_is_never_taken_for_anything_else(text: str):
    assert decode(text.encode()).text == text
