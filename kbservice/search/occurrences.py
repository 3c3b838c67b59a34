"""How one term of a query is found in a text: a Chinese run, a Latin word, a code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from kbservice.text import han
from kbservice.text.atoms import stem
from kbservice.text.characters import UNSPACED

# Places per term that are looked at: bounds what a text of one repeated letter can cost.
MAX_CANDIDATES: Final = 1_000
_LONGEST_WORD: Final = 64
_LETTERS: Final = re.compile(rf"[^\W\d_{UNSPACED}]*+")
_LATIN: Final = re.compile(rf"[^\W_{UNSPACED}]")
_HUMP: Final = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SEPARATORS: Final = frozenset(" -_./")


class Text(NamedTuple):
    """A folded text, and the same in lower case and of the same length."""

    original: str
    lower: str


class Run(NamedTuple):
    """Han characters that stand together, whatever is around them."""

    text: str


@dataclass(frozen=True, slots=True)
class Single:
    """A Han character that is a word of its own; not a part of a longer word."""

    text: str

    def places(self, text: Text) -> Iterator[tuple[int, int]]:
        """Yield where it makes no word with either neighbour."""
        chars = text.lower
        at = -1
        for _ in range(MAX_CANDIDATES):
            at = chars.find(self.text, at + 1)
            if at < 0:
                return
            pairs = (chars[max(0, at - 1) : at + 1], chars[at : at + 2])
            if not any(len(pair) > 1 and han.is_word(pair) for pair in pairs):
                yield at, at + 1


class Word(NamedTuple):
    """A Latin word in any form of its stem, also as a hump of a camelCase name.

    Attributes:
        root: What all forms begin with.
        alone: Digits beside it make it another word, as in Win11.
    """

    stem: str
    root: str
    alone: bool

    def places(self, text: Text) -> Iterator[tuple[int, int]]:
        """Yield each occurrence that is a whole word."""
        behind = 0
        for _ in range(MAX_CANDIDATES):
            at = text.lower.find(self.root, behind)
            if at < 0:
                return
            behind = self._end(text, at)
            if behind:
                yield at, behind
            else:
                behind = at + 1

    def _end(self, text: Text, at: int) -> int:
        """Return where the word that begins here ends, 0 if it is another word."""
        lower, original = text.lower, text.original
        if at and _LATIN.match(before := lower[at - 1]) and (self.alone or not before.isdigit()):
            is_hump = original[at].isupper() and original[at - 1].islower()
            return self._hump_end(text, at) if is_hump else 0
        end = _LETTERS.match(lower, at).end()  # type: ignore[union-attr]  # may be empty
        if end - at <= _LONGEST_WORD and stem(lower[at:end]) == self.stem:
            return 0 if self.alone and end < len(lower) and lower[end].isdigit() else end
        return 0 if original[at + 1 : end].islower() else self._hump_end(text, at)

    def _hump_end(self, text: Text, at: int) -> int:
        hump = _HUMP.match(text.original, at)
        if hump is None or hump.end() - at > _LONGEST_WORD:
            return 0
        return hump.end() if stem(text.lower[at : hump.end()]) == self.stem else 0


class Code(NamedTuple):
    """Letters and digits in this order, with or without a separator between the chunks."""

    chunks: tuple[str, ...]

    def places(self, text: Text) -> Iterator[tuple[int, int]]:
        """Yield each occurrence that is no part of a longer code."""
        chars = text.lower
        first = self.chunks[0]
        behind = 0
        for _ in range(MAX_CANDIDATES):
            at = chars.find(first, behind)
            if at < 0:
                return
            behind = self._end(chars, at + len(first))
            if behind and self._is_whole(chars, at, behind):
                yield at, behind
            else:
                behind = at + 1

    def _end(self, text: str, at: int) -> int:
        """Return where the remaining chunks end, 0 if they do not follow."""
        for chunk in self.chunks[1:]:
            if not text.startswith(chunk, at):
                at += 1
                if text[at - 1 : at] not in _SEPARATORS or not text.startswith(chunk, at):
                    return 0
            at += len(chunk)
        return at

    def _is_whole(self, text: str, start: int, end: int) -> bool:
        is_number = not any(map(str.isalpha, "".join(self.chunks)))
        return _ends(text, start, start - 1, is_number) and _ends(text, end - 1, end, is_number)


Term = Run | Single | Word | Code


def _ends(text: str, inner: int, outer: int, is_number: bool) -> bool:  # noqa: FBT001
    """Tell whether a code may end between these two neighbouring places."""
    if not 0 <= outer < len(text) or not _LATIN.match(text[inner]):
        return True
    return not (text[outer].isdigit() if is_number else _LATIN.match(text[outer]))
