"""How Chinese sounds: Mandarin readings without tones, for typing mistakes and typed pinyin."""

from __future__ import annotations

import functools
import itertools
import os
import re
from collections.abc import Iterator
from typing import Final

# Its 47,000 phrases would cost every process 40 MB; single characters are all we ask for.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

import pypinyin  # reads the setting when it is imported

_READINGS_PER_WORD: Final = 4
# The one reading of a character is taken, as nobody means the rare ones (以 is also si, 澳 yu),
# but for these: a tenth or more of their words in pypinyin's phrases read them otherwise, or its
# first reading is the rare one. Restart is commoner here than importance, debugging than survey.
_SEVERAL: Final = {
    entry.split()[0]: tuple(entry.split()[1:])
    for entry in """
    差 cha chai; 朝 chao zhao; 长 chang zhang; 重 chong zhong; 传 chuan zhuan;
    弹 dan tan; 调 tiao diao; 都 dou du; 给 gei ji; 行 xing hang; 还 hai huan;
    会 hui kuai; 降 jiang xiang; 卡 ka qia; 乐 le yue; 了 le liao; 露 lu lou;
    率 lv shuai; 没 mei mo; 模 mo mu; 便 bian pian; 圈 quan juan; 塞 sai se;
    省 sheng xing; 参 can shen; 什 shen shi; 属 shu zhu; 宿 su xiu; 系 xi ji;
    校 xiao jiao; 削 xue xiao; 曾 ceng zeng; 藏 cang zang; 折 zhe she; 着 zhe zhuo;
    称 cheng chen; 薄 bo bao; 剥 bo bao; 角 jiao jue; 似 si; 伺 si; 泊 bo; 勒 le
    """.split(";")  # noqa: SIM905 (a line of readings reads better than a quoted list)
}
_SYLLABLE: Final = re.compile(r"[a-z]+")
# What speakers of many regions, and their input methods, do not tell apart.
_MERGED: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"))


@functools.lru_cache(1 << 14)
def readings(char: str) -> tuple[str, ...]:
    """Return the toneless syllables of a character, commonest first; none for what is not Han."""
    if several := _SEVERAL.get(char):
        return several
    found = pypinyin.pinyin(
        char, style=pypinyin.Style.NORMAL, heteronym=True, errors="ignore", v_to_u=False
    )
    known = (item for item in (found[0] if found else ()) if _SYLLABLE.fullmatch(item))
    return tuple(itertools.islice(known, 1))


def spellings(word: str) -> Iterator[tuple[str, ...]]:
    """Yield the syllables of a Chinese word, one way to read it after the other."""
    choices = [readings(char) for char in word]
    if all(choices):
        yield from itertools.islice(itertools.product(*choices), _READINGS_PER_WORD)


def sound(syllables: tuple[str, ...]) -> str:
    """Return the key under which syllables that are easily confused are equal."""
    return "'".join(map(_merged, syllables))


def initials(text: str) -> str:
    """Return the first letter of each character's commonest reading; other text as it is."""
    return "".join(found[0][0] if (found := readings(char)) else char for char in text)


def letters(text: str) -> str:
    """Return a text with each Chinese character spelled out; other text as it is."""
    return "".join(found[0] if (found := readings(char)) else char for char in text)


@functools.lru_cache(1 << 10)
def _merged(syllable: str) -> str:
    for written, heard in _MERGED:
        if syllable.startswith(written):
            syllable = heard + syllable[len(written) :]
            break
    return syllable.removesuffix("g") if syllable.endswith("ng") else syllable
