"""The words that the synthetic corpus is made of, taken from packages that are installed anyway.

Chinese words are the phrases of pypinyin's dictionary and, for the long tail, pairs of them;
English prose is the manual inside every Python (``pydoc_data``); error codes are made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pydoc_data.topics import topics

import numpy as np
from numpy.typing import NDArray
from pypinyin.phrases_dict import phrases_dict

Ids = NDArray[np.int32]

_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,29}")
_STOP = frozenset(
    ("a", "an", "and", "are", "as", "be", "for", "in", "is", "it", "of", "on", "the", "to")
)
_LONGEST_WORD = 4
_PAIRS = 250_000
_PRODUCTS = ("ORA", "SQLSTATE", "HTTP", "WIN", "TNS", "NET", "KB")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Every word the corpus may use; a word's id is its place in ``words``.

    Attributes:
        chinese: Ids of Chinese words, the most frequent first.
        rare: Ids of compounds and of words from the end of the list, likewise.
        prose: Ids of running English text.
        codes: Ids of error codes and versions, the most frequent first.
    """

    words: tuple[str, ...]
    chinese: Ids
    rare: Ids
    prose: Ids
    codes: Ids

    def __len__(self) -> int:
        return len(self.words)


def read_lexicon(seed: int = 7) -> Lexicon:
    """Return the lexicon; the same packages and seed give the same words in the same order."""
    dice = np.random.default_rng(seed)
    phrases = sorted(phrase for phrase in phrases_dict if len(phrase) <= _LONGEST_WORD)
    # Short words are the frequent ones; among equals chance decides.
    places = dice.random(len(phrases)) + np.array([len(phrase) for phrase in phrases]) * 0.5
    chinese = [phrases[place] for place in np.argsort(places, kind="stable")]
    pairs = [f"{chinese[a]}{chinese[b]}" for a, b in dice.integers(0, 8000, (_PAIRS, 2))]
    prose = [word for word in _english() if word not in _STOP]
    codes = list(_codes(dice))
    ids: dict[str, int] = {}
    for word in (*chinese, *pairs, *prose, *codes):
        ids.setdefault(word, len(ids))
    return Lexicon(
        words=tuple(ids),
        chinese=_ids(ids, chinese),
        rare=_ids(ids, dict.fromkeys((*chinese[2000:], *pairs))),
        prose=_ids(ids, prose),
        codes=_ids(ids, codes),
    )


def _ids(ids: dict[str, int], words: list[str] | dict[str, None]) -> Ids:
    return np.array([ids[word] for word in words], dtype=np.int32)


def _english() -> Iterator[str]:
    for name in sorted(topics):
        for found in _LATIN.finditer(topics[name]):
            yield found.group().lower()


def _codes(dice: np.random.Generator) -> Iterator[str]:
    found: dict[str, None] = {}
    for product, number in zip(
        dice.choice(_PRODUCTS, 6000).tolist(),
        dice.integers(100, 40_000, 6000).tolist(),
        strict=True,
    ):
        found[f"{product}-{number:05d}".lower()] = None
    for number in dice.integers(0, 1 << 32, 8000).tolist():
        found[f"0x{number:08x}"] = None
    for major, minor, patch in dice.integers(0, 12, (900, 3)).tolist():
        found[f"v{major}.{minor}.{patch}"] = None
    yield from found
