"""The words of the index, arranged for finding what a mistyped word was meant to be.

Bounded in memory: of each kind the terms that most documents hold are kept.
"""

from __future__ import annotations

import copy
import heapq
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from kbservice.text import stopwords
from kbservice.text.atoms import stem
from kbservice.text.characters import HAN
from kbservice.text.pinyin import sound, spellings

MAX_HAN = 50_000
MAX_LATIN = 50_000
MAX_CODES = 50_000

_HAN_WORD = re.compile(f"[{HAN}]{{2,6}}")
_LATIN_WORD = re.compile(r"[a-z]{3,30}")
_CODE = re.compile(r"(?=.*[0-9])(?=.*[a-z])[a-z0-9][a-z0-9._\-:/+]{2,29}")
_CANDIDATES = 3
_EVERYWHERE = stopwords.CHINESE | stopwords.CHINESE_CONNECTIVES
_PINYIN_LENGTHS = range(3, 25)
_LONGEST_PINYIN = 40


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may have been meant, how far it is from what was typed, and how common it is."""

    text: str
    distance: int
    frequency: int


class _Kind:
    """The commonest terms of one kind, collected one by one."""

    def __init__(self, pattern: re.Pattern[str], limit: int) -> None:
        self.counts: dict[str, int] = {}
        self._pattern = pattern
        self._limit = limit

    def take(self, term: str, frequency: int) -> bool:
        if self._pattern.fullmatch(term) is None:
            return False
        self.counts[term] = frequency
        if len(self.counts) > 2 * self._limit:
            self.prune()
        return True

    def prune(self) -> None:
        if len(self.counts) > self._limit:
            kept = heapq.nlargest(self._limit, self.counts.items(), key=lambda item: item[1])
            self.counts = dict(kept)


class _Sounds:
    """Numbers of words by how they sound: two sorted arrays instead of a dict of lists."""

    def __init__(self, keys: Iterable[tuple[str, int]]) -> None:
        pairs = np.fromiter(
            ((hash(key), number) for key, number in keys),
            dtype=np.dtype([("key", np.int64), ("number", np.int32)]),
        )
        pairs.sort(order=["key", "number"])
        self._keys = np.ascontiguousarray(pairs["key"])
        self._numbers = np.ascontiguousarray(pairs["number"])

    def of(self, key: str) -> list[int]:
        """Return the words that sound so, the commonest first."""
        wanted = hash(key)
        start, end = (int(np.searchsorted(self._keys, wanted, side)) for side in ("left", "right"))
        found: npt.NDArray[np.int32] = self._numbers[start:end]
        return list(dict.fromkeys(found.tolist()))


class Vocabulary:
    """Looks words up by spelling and by sound; unchanging, so that threads may share it."""

    def __init__(
        self, terms: Iterable[tuple[str, int]], surfaces: Mapping[str, str] | None = None
    ) -> None:
        """Arrange the terms.

        Args:
            terms: Each term of the word stream with the number of documents that hold it.
            surfaces: Stems with the word that they are mostly written as.
        """
        han, latin, codes = (
            _Kind(_HAN_WORD, MAX_HAN),
            _Kind(_LATIN_WORD, MAX_LATIN),
            _Kind(_CODE, MAX_CODES),
        )
        for term, frequency in terms:
            any(kind.take(term, frequency) for kind in (han, latin, codes))
        for kind in (han, latin, codes):
            kind.prune()
        self._counts = {**han.counts, **latin.counts, **codes.counts}
        self._surfaces = dict(surfaces or {})
        self._stems = dict(_words_in_y(latin.counts))
        self._stems |= {word: term for term, word in self._surfaces.items() if term in latin.counts}
        self._latin = _by_length((*latin.counts, *self._stems))
        self._codes = _by_length(codes.counts)
        # By frequency, so that the number of a word is its rank.
        self._han = sorted(han.counts, key=lambda word: (-han.counts[word], word))
        self._sounds = _Sounds(_keys(self._han, sound))
        self._letters = _Sounds(_keys(self._han, "".join))

        self._holds: Callable[[str], bool] = self._counts.__contains__

    def __len__(self) -> int:
        return len(self._counts)

    def within(self, holds: Callable[[str], bool]) -> Vocabulary:
        """Return the same words for a reader who may learn only of terms that ``holds`` affirms."""
        seen = copy.copy(self)
        seen._holds = holds  # noqa: SLF001  # of the same class
        return seen

    def frequency(self, term: str) -> int:
        """Return how many documents hold a term, 0 if none does or it is too rare to be kept."""
        count = self._counts.get(term, 0)
        return count if count and self._holds(term) else 0

    def like(self, word: str) -> list[Candidate]:
        """Return English words of one or, from six letters on, two edits away, nearest first."""
        edits = 1 if len(word) < 6 else 2  # noqa: PLR2004  # half of a short word is another word
        found: dict[str, Candidate] = {}
        for text, distance in _near(word, self._latin, edits, 4 * _CANDIDATES):
            term = self._stems.get(text, text)
            shown = text if text in self._stems else self._surfaces.get(term, text)
            found.setdefault(shown, Candidate(shown, distance, self._counts[term]))
        return self._best(found.values())

    def codes_like(self, code: str) -> list[Candidate]:
        """Return known codes of one edit away: further off is another code."""
        near = _near(code, self._codes, 1, 4 * _CANDIDATES)
        return self._best(Candidate(text, distance, self._counts[text]) for text, distance in near)

    def sounding_like(self, word: str) -> list[Candidate]:
        """Return other Chinese words that sound like this one, the truly equal ones first.

        Words of every text must share a character with it besides.
        """
        own = set(spellings(word))
        numbers = dict.fromkeys(n for key in own for n in self._sounds.of(sound(key)))
        found = []
        for number in numbers:
            text = self._han[number]
            if text != word and not (text in _EVERYWHERE and set(word).isdisjoint(text)):
                is_equal = not own.isdisjoint(spellings(text))
                found.append(Candidate(text, 0 if is_equal else 1, self._counts[text]))
        return self._best(found)

    def spelled(self, pinyin: str) -> list[Candidate]:
        """Return what a word in pinyin letters says: one word, or the fewest that make it up."""
        whole = [
            Candidate(self._han[n], 0, self._counts[self._han[n]]) for n in self._letters.of(pinyin)
        ]
        return self._best(whole) or list(self._read(pinyin))

    def _read(self, pinyin: str) -> Iterator[Candidate]:
        if len(pinyin) > _LONGEST_PINYIN:
            return
        # (words, rank of the rarest) to reach each place, and the text up to there.
        best: dict[int, tuple[int, int, str]] = {0: (0, 0, "")}
        for end in range(1, len(pinyin) + 1):
            ways = []
            for size in _PINYIN_LENGTHS:
                if before := best.get(end - size):
                    ways += [
                        (before[0] + 1, max(before[1], number), before[2] + self._han[number])
                        for number in self._heard(pinyin[end - size : end])
                    ]
            if ways:
                best[end] = min(ways)
        if reached := best.get(len(pinyin)):
            yield Candidate(reached[2], 0, self._counts[self._han[reached[1]]])

    def _heard(self, pinyin: str) -> Iterator[int]:
        """Yield the commonest word that is spelled so, if any."""
        known = (n for n in self._letters.of(pinyin) if self._holds(self._han[n]))
        return itertools.islice(known, 1)

    def _best(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        ordered = sorted(candidates, key=lambda c: (c.distance, -c.frequency, c.text))
        known = (c for c in ordered if self._holds(self._stems.get(c.text, c.text)))
        return list(itertools.islice(known, _CANDIDATES))


def _words_in_y(stems: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the words that differ from their stem in the last letter, with it: busy, busi."""
    for term in stems:
        if term.endswith("i") and stem(word := f"{term[:-1]}y") == term:
            yield word, term


def _keys(
    words: Iterable[str], join: Callable[[tuple[str, ...]], str]
) -> Iterator[tuple[str, int]]:
    for number, word in enumerate(words):
        for syllables in spellings(word):
            yield join(syllables), number


def _by_length(words: Iterable[str]) -> dict[int, list[str]]:
    ordered = sorted(dict.fromkeys(words), key=len)
    return {size: list(group) for size, group in itertools.groupby(ordered, key=len)}


def _near(
    word: str, by_length: Mapping[int, list[str]], edits: int, limit: int
) -> Iterator[tuple[str, int]]:
    for size in range(len(word) - edits, len(word) + edits + 1):
        found = process.extract(
            word,
            by_length.get(size, ()),
            scorer=OSA.distance,
            score_cutoff=edits,
            limit=limit,
        )
        yield from ((text, int(distance)) for text, distance, _ in found)
