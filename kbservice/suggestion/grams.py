"""Short pieces of a text that cost little to take: what candidates are compared by.

The analyzer's words would tell a little more, but cutting thirty articles into words takes
nine milliseconds, and into these pieces one.
"""

from __future__ import annotations

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
    found: list[str] = []
    for run, word in _RUN.findall(fold_text(text[:MAX_CHARS]).lower()):
        if run:
            found += [run[at : at + 2] for at in range(max(1, len(run) - 1))]
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
