"""Folding: one spelling for texts and queries, and the way back to the original."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbservice.text.normalise import fold, fold_text, opening

any_text = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("軟件技術支持", "软件技术支持"),
        ("資料庫連線逾時", "资料库连线逾时"),
        ("ＡＢＣ１２３：（ｘ）", "ABC123:(x)"),
        ("餘額", "余额"),
        ("看著", "看着"),
        ("乾隆", "干隆"),
        ("e\u0301", "é"),
        ("ｶﾞ", "ガ"),
        ("㎡…①", "m2...1"),
        ("Windows", "Windows"),
        ("", ""),
    ],
)
def test_spellings_meet_in_one_form(written: str, folded: str):
    assert fold_text(written) == folded


@pytest.mark.parametrize(
    "phrase", ["乾隆", "看著", "著名", "藉口", "瞭解", "餘額", "頭髮", "皇后後面"]
)
def test_a_character_folds_the_same_alone_and_in_a_phrase(phrase: str):
    assert fold_text(phrase) == "".join(fold_text(char) for char in phrase)


def test_invisible_characters_do_not_split_a_word():
    assert fold_text("软\u200b件\ufeff升\u00ad级") == "软件升级"


def test_wiki_markup_is_ordinary_text():
    assert fold_text("-{a;b}-") == "-{a;b}-"


@pytest.mark.parametrize("text", ["\ud800坏", "\x00\x01\x7f", "\udfff\ud800", "a\x00b"])
def test_surrogates_and_control_characters_pass(text: str):
    assert fold_text(text) == text


@pytest.mark.parametrize(
    ("text", "folded_word", "original_word"),
    [
        ("提示：…資料庫", "资料库", "資料庫"),
        ("①②③Ｗｉｎ１１😀報錯", "Win11", "Ｗｉｎ１１"),
        ("cafe\u0301 資料", "café", "cafe\u0301"),
        ("面积㎡大", "m2", "㎡"),
        ("软\u200b件坏了", "软件", "软\u200b件"),
    ],
)
def test_a_folded_place_leads_back_to_the_original(text: str, folded_word: str, original_word: str):
    folded = fold(text)
    at = folded.text.index(folded_word)

    start, end = folded.span(at, at + len(folded_word))

    assert text[start:end] == original_word


@settings(deadline=None)
@given(any_text)
def test_folding_twice_is_folding_once(text: str):
    once = fold_text(text)

    assert fold_text(once) == once


@settings(deadline=None)
@given(any_text)
def test_offsets_rise_and_cover_the_original(text: str):
    folded = fold(text)
    offsets = list(folded.offsets)

    assert len(offsets) == len(folded.text) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(text)
    assert folded.text == fold_text(text)


@settings(deadline=None)
@given(any_text, st.data())
def test_every_folded_span_lies_in_the_original(text: str, data: st.DataObject):
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded.text)))
    end = data.draw(st.integers(start, len(folded.text)))

    was_start, was_end = folded.span(start, end)

    assert 0 <= was_start <= was_end <= len(text)
    assert (was_start < was_end) == (start < end)


@pytest.mark.parametrize(
    "text", ["abc", "系统报错" * 40, "\ufdfa" * 30, "a\ufdfa㍿b" * 20, "e\u0301" * 90]
)
def test_the_opening_of_a_text_folds_to_so_many_characters_at_most(text: str) -> None:
    start = opening(text, 100)

    assert text.startswith(start)
    assert len(fold_text(start)) <= 100
    assert start == text or len(fold_text(text[: len(start) + 1])) > 100 or len(start) == 100
