"""Short pieces of a text that cost little to take: what candidates are compared by.

The analyzer's words would tell a little more, but cutting thirty articles into words takes
nine milliseconds, and into these pieces about two.
"""

from __future__ import annotations

import functools
import operator
import re
from typing import Final

from kbservice.text.atoms import stem
from kbservice.text.characters import UNSPACED
from kbservice.text.normalise import fold_text

MAX_CHARS: Final = 2_000

WORD: Final = r"[a-z0-9_]+(?:[.-][a-z0-9_]+)*"
"""What is no Chinese, in a pattern: words and codes."""
_RUN: Final = re.compile(f"([{UNSPACED}]+)|({WORD})")
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
        else:
            found += word_pieces(word)
    return found


@functools.lru_cache(1 << 16)
def word_pieces(word: str) -> tuple[str, ...]:
    """Return the stem of a word; of a code, all of it and the stems of its parts."""
    parts = _JOINT.split(word)
    stems = tuple(stem(part) if part.isalpha() else part for part in parts if part)
    return stems if len(parts) == 1 else (word, *stems)


def overlap(left: set[str], right: set[str]) -> float:
    """Return how alike two sets are, 0 to 1 (Dice 1945)."""
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0
