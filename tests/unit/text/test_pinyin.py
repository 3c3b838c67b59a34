from __future__ import annotations

import pytest

from kbservice.text.pinyin import initials, letters, readings, sound, spellings


def test_a_character_has_its_readings_without_tones():
    assert ("xing", "hang") == readings("行")
    assert () == readings("A")
    assert () == readings("1")


@pytest.mark.parametrize(
    ("word", "syllables"),
    [("蓝屏", ("lan", "ping")), ("女", ("nv",)), ("绿色", ("lv", "se")), ("重启", ("chong", "qi"))],
)
def test_the_commonest_reading_comes_first(word: str, syllables: tuple[str, ...]):
    assert syllables == next(spellings(word))


@pytest.mark.parametrize(
    ("char", "only"), [("蓝", "lan"), ("以", "yi"), ("澳", "ao"), ("机", "ji"), ("伺", "si")]
)
def test_rare_readings_count_for_nothing(char: str, only: str):
    assert (only,) == readings(char)


def test_other_readings_follow():
    assert ("zhong", "qi") in spellings("重启")


def test_a_word_that_is_not_all_chinese_has_no_spelling():
    assert [] == list(spellings("蓝a"))


def test_easily_confused_sounds_are_equal():
    assert sound(("shi", "ying")) == sound(("si", "yin"))
    assert sound(("zhang",)) == sound(("zan",))
    assert sound(("xi", "an")) != sound(("xian",))


def test_texts_are_spelled_out_and_the_rest_stays():
    assert "dn蓝".replace("蓝", "l") + " win11" == initials("电脑蓝 win11")
    assert "diannao win11" == letters("电脑 win11")
