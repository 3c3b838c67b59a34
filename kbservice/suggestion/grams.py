"""Short pieces of a text that cost little to take: what candidates are compared by.

The analyzer's words would tell a little more, but cutting thirty articles into words takes
nine milliseconds, and into these pieces one.
"""

from __future__ import annotations

import operator
import re
from typing import Final

from kbservice.text.atoms import stem
from kbservice.text.characters import HAN, HANGUL, KANA
from kbservice.text.normalise import fold_text

MAX_CHARS: Final = 2_000

_RUN: Final = re.compile(f"([{HAN}{KANA}{HANGUL}]+)|([a-z0-9_]+(?:[.-][a-z0-9_]+)*)")
_JOINT: Final = re.compile(r"[._-]")


def grams(text: str) -> list[str]:
    """Return pairs of Chinese characters, stems of Latin words, codes whole and in parts."""
    return grams_of_folded(folded(text))


def folded(text: str) -> str:
    """Return a text as ``grams_of_folded`` takes it."""
    return fold_text(text[:MAX_CHARS]).lower()


def grams_of_folded(text: str) -> list[str]:
    """Return the pieces of a text that is folded and in lower case already."""
    found: list[str] = []
    for run, word in _RUN.findall(text):
        if run:
            found += map(operator.add, run, run[1:]) if len(run) > 1 else run
        elif word.isalpha():
            found.append(stem(word))
        else:
            found += _code(word)
    return found


def _code(word: str) -> list[str]:
    parts = _JOINT.split(word)
    stems = [stem(part) if part.isalpha() else part for part in parts if part]
    return stems if len(parts) == 1 else [word, *stems]


def overlap(left: set[str], right: set[str]) -> float:
    """Return how alike two sets are, 0 to 1 (Dice 1945)."""
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0
