"""How what is being typed may go on: titles, codes, and ticket wording that led to a fix.

All entries stand in one long text, the most useful first, so that completing is a plain
search for a substring: no trie of objects, a few bytes an entry, and infixes for free.
"""

from __future__ import annotations

import itertools
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from kbservice.text.characters import HAN
from kbservice.text.normalise import fold_text
from kbservice.text.pinyin import initials, letters

CompletionKind = Literal["article", "ticket", "code", "wording"]

MAX_ENTRIES = 100_000
MAX_SPELLED = 40_000
"""Entries, the most useful ones, that pinyin finds too."""
MAX_TYPED = 60

_BORDER = "\n"
_KINDS: tuple[CompletionKind, ...] = ("article", "ticket", "code", "wording")
_HAN = re.compile(f"[{HAN}]")
_LETTERS = re.compile(r"[a-z]{2,40}")
# Two letters begin some word in nearly every sound; from four on pinyin is meant.
_SHORTEST_PINYIN = 4
# Entries taken from one stream, and places looked at for them: a common letter must not cost a
# walk over everything.
_MAX_FOUND = 200
_MAX_LOOKS = 2_000
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on.

    Attributes:
        id: The article or ticket that it comes from.
        weight: How often it led to a fix.
    """

    text: str
    kind: CompletionKind
    id: str
    weight: int = 0


class _Text:
    """Entries joined to one text, and the way back from a place to its entry."""

    def __init__(self, texts: Iterable[str]) -> None:
        parts = list(texts)
        self._text = _BORDER + _BORDER.join(parts) + _BORDER
        self._starts = array("I", itertools.accumulate((len(p) + 1 for p in parts), initial=1))

    def __getitem__(self, entry: int) -> str:
        return self._text[self._starts[entry] : self._starts[entry + 1] - 1]

    def starting(self, typed: str) -> Iterator[int]:
        """Yield the entries that begin with what was typed."""
        return self._found(_BORDER + typed, 1)

    def holding(self, typed: str, *, inside_words: bool = True) -> Iterator[int]:
        """Yield the entries that hold what was typed, each once.

        Args:
            typed: Folded.
            inside_words: Also where a Latin letter stands before a Latin letter.
        """
        return self._found(typed, 0, is_word=not inside_words and typed[0] in _LATIN)

    def _found(self, wanted: str, shift: int, *, is_word: bool = False) -> Iterator[int]:
        at, left = -1, _MAX_FOUND
        for _ in range(_MAX_LOOKS):
            at = self._text.find(wanted, at + 1)
            if at < 0 or not left:
                return
            if is_word and self._text[at - 1] in _LATIN:
                continue
            left -= 1
            entry = bisect_right(self._starts, at + shift) - 1
            yield entry
            # On to the border behind this entry: it is found once.
            at = self._starts[entry + 1] - 2


class Gathered:
    """Entries on their way into Completions: each text once, with its greatest weight."""

    def __init__(self, entries: Iterable[Completion] = ()) -> None:
        self._found: dict[str, Completion] = {}
        for entry in entries:
            self.take(entry)

    def take(self, entry: Completion) -> None:
        """Add an entry, unless the text has one of as great a weight."""
        key = _folded(entry.text)
        known = self._found.get(key)
        if key and (known is None or known.weight < entry.weight):
            self._found[key] = entry

    def ordered(self) -> list[tuple[str, Completion]]:
        """Return folded texts and entries, the most useful first."""
        return sorted(self._found.items(), key=_rank)[:MAX_ENTRIES]


class Completions:
    """Completes among one set of entries; unchanging, so that threads may share it.

    Entries are kept as columns: as objects they would take five times the memory.
    """

    def __init__(self, gathered: Gathered) -> None:
        ordered = gathered.ordered()
        self._texts = _Text(key for key, _ in ordered)
        self._shown = _Text(entry.text for _, entry in ordered)
        self._ids = _Text(entry.id for _, entry in ordered)
        self._kinds = bytes(_KINDS.index(entry.kind) for _, entry in ordered)
        self._weights = array("I", (entry.weight for _, entry in ordered))
        chinese = (at for at, (key, _) in enumerate(ordered) if _HAN.search(key))
        self._chinese = array("I", itertools.islice(chinese, MAX_SPELLED))
        self._initials = _Text(initials(ordered[at][0]) for at in self._chinese)
        self._letters = _Text(letters(ordered[at][0]) for at in self._chinese)

    def __len__(self) -> int:
        return len(self._kinds)

    def __getitem__(self, at: int) -> Completion:
        return Completion(
            self._shown[at], _KINDS[self._kinds[at]], self._ids[at], self._weights[at]
        )

    def complete(self, typed: str, limit: int) -> list[Completion]:
        """Return at most ``limit`` ways to go on: what begins so first, then what holds it."""
        key = _folded(typed)[:MAX_TYPED]
        if not key:
            return []
        numbers = dict.fromkeys(itertools.islice(self._ways(key), 4 * limit))
        if not numbers and " " in key:
            numbers = dict.fromkeys(self._with_all(key.split()))
        return [self[at] for at in itertools.islice(numbers, limit)]

    def _with_all(self, words: list[str]) -> Iterator[int]:
        """Yield the entries that hold all words, in any order."""
        rarest = max(words, key=len)
        for at in self._texts.holding(rarest, inside_words=False):
            key = self._texts[at]
            if all(_begins_in(word, key) for word in words):
                yield at

    def _ways(self, key: str) -> Iterator[int]:
        yield from self._texts.starting(key)
        yield from self._texts.holding(key, inside_words=False)
        if not _LETTERS.fullmatch(key):
            return
        sounds = [self._initials.starting(key), self._initials.holding(key)]
        if len(key) >= _SHORTEST_PINYIN:
            sounds = [self._letters.starting(key), *sounds, self._letters.holding(key)]
        for at in itertools.chain(*sounds):
            number = self._chinese[at]
            # Latin words stand between the sounds as they are written.
            if key not in self._texts[number]:
                yield number


def merged(answers: Iterable[Iterable[Completion]], typed: str, limit: int) -> list[Completion]:
    """Return the best of several sets' answers, each text once."""
    key = _folded(typed)
    unique: dict[str, Completion] = {}
    for entry in itertools.chain(*answers):
        unique.setdefault(_folded(entry.text), entry)
    ordered = sorted(unique.items(), key=lambda item: (not item[0].startswith(key), *_rank(item)))
    return [entry for _, entry in ordered[:limit]]


def _begins_in(word: str, key: str) -> bool:
    if word[0] not in _LATIN:
        return word in key
    return re.search(rf"(?<![a-z]){re.escape(word)}", key) is not None


def _folded(text: str) -> str:
    return " ".join(fold_text(text).lower().split())


def _rank(item: tuple[str, Completion]) -> tuple[int, int, str]:
    key, entry = item
    return -entry.weight, len(key), key
