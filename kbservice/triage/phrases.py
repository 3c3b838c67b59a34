"""Finds a profile's phrases in a ticket: Chinese anywhere, Latin as whole words."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kbservice.text.normalise import Folded, fold, fold_text
from kbservice.triage.classifier import TicketText
from kbservice.triage.features import lowered

# What stands right before a phrase and turns it around: 没有宕机, without data loss.
_NEGATION: Final = re.compile(
    r"(?:没有|没|未|并未|不会|不是|无|非|避免|防止|预防|以防"
    r"|\b(?:no|not|without|never|avoid|avoiding|prevent|preventing|isn't|aren't|wasn't)(?: any| a| the)?)"
    r"(?:出现|发生|造成|导致|引起|再)?\s*$"
)
_BEFORE: Final = 16  # characters looked at


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phrase stands in the original text."""

    field: str
    start: int
    end: int


class Searchable:
    """A ticket's texts, folded once for many phrases."""

    def __init__(self, ticket: TicketText) -> None:
        self._texts: list[tuple[str, Folded, str]] = []
        for field, text in (("title", ticket.title), ("body", ticket.body)):
            folded = fold(text)
            self._texts.append((field, folded, lowered(folded.text)))

    def find(self, phrase: str) -> Place | None:
        """Return the first place of a phrase."""
        return next(self._places(phrase), None)

    def find_stated(self, phrase: str) -> Place | None:
        """Return the first place where a phrase is stated, not denied or to be avoided."""
        return next(self._places(phrase, stated=True), None)

    def _places(self, phrase: str, *, stated: bool = False) -> Iterator[Place]:
        literal, pattern = _pattern(phrase)
        for field, folded, text in self._texts:
            # Most phrases are nowhere, and to see that costs a tenth of what a search does.
            for match in pattern.finditer(text) if literal in text else ():
                before = text[max(0, match.start() - _BEFORE) : match.start()]
                if not (stated and _NEGATION.search(before)):
                    yield Place(field, *folded.span(*match.span()))


@functools.lru_cache(8192)
def _pattern(phrase: str) -> tuple[str, re.Pattern[str]]:
    text = lowered(fold_text(phrase))
    before = r"(?<![a-z0-9])" if text[:1].isascii() else ""
    after = r"(?![a-z0-9])" if text[-1:].isascii() else ""
    return text, re.compile(before + re.escape(text) + after)
