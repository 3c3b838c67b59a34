"""Sentence borders for snippets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbservice.text.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("打开设置。重启！好了吗？", ["打开设置。", "重启！", "好了吗？"]),
        ("他说：“重启。”然后断网；再连。", ["他说：“重启。”", "然后断网；", "再连。"]),
        ("规范一、目的（一）受理(二)分级", ["规范", "一、目的", "（一）受理", "(二)分级"]),
        ("检查一、二、三号机", ["检查一、二、三号机"]),
        ("Restart it. Then wait. Done", ["Restart it.", "Then wait.", "Done"]),
        ("Use V3.2.1, e.g. on Win11. OK", ["Use V3.2.1, e.g. on Win11.", "OK"]),
        ("open http://a.b/c?id=1 now! Bye", ["open http://a.b/c?id=1 now!", "Bye"]),
        ("先看\n1. 卸载驱动\n2. 重新安装", ["先看", "1. 卸载驱动", "2. 重新安装"]),
        ("1. Restart it. Win 11. Done", ["1. Restart it.", "Win 11.", "Done"]),
        ("第一行\n\n  第二行  \n", ["第一行", "第二行"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_sentences_of(text: str, expected: list[str]):
    assert split(text) == expected


@given(st.text())
def test_sentences_follow_each_other_and_lose_only_blanks(text: str):
    found = sentences(text)

    assert found == sorted(found)
    assert all(start < end for start, end in found)
    assert "".join(split(text)).split() == [] or "".join("".join(split(text)).split()) == "".join(
        text.split()
    )
