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

_READINGS_PER_CHARACTER: Final = 2
_READINGS_PER_WORD: Final = 4
# Restart, reset and repeat are commoner here than weight and importance.
_COMMONER_HERE: Final = {"重": ("chong", "zhong")}
_SYLLABLE: Final = re.compile(r"[a-z]+")
# What speakers of many regions, and their input methods, do not tell apart.
_MERGED: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"))


@functools.lru_cache(1 << 14)
def readings(char: str) -> tuple[str, ...]:
    """Return the toneless syllables of a character, commonest first; none for what is not Han."""
    if here := _COMMONER_HERE.get(char):
        return here
    found = pypinyin.pinyin(
        char, style=pypinyin.Style.NORMAL, heteronym=True, errors="ignore", v_to_u=False
    )
    known = dict.fromkeys(item for item in (found[0] if found else ()) if _SYLLABLE.fullmatch(item))
    return tuple(known)[:_READINGS_PER_CHARACTER]


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
