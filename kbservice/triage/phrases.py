"""Finds a profile's phrases in a ticket: Chinese anywhere, Latin as whole words."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kbservice.text.normalise import Folded, fold, fold_text
from kbservice.triage.classifier import TicketText
from kbservice.triage.features import lowered
from kbservice.triage.negation import is_denied


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
                if not (stated and is_denied(text, *match.span())):
                    yield Place(field, *folded.span(*match.span()))


@functools.lru_cache(8192)
def _pattern(phrase: str) -> tuple[str, re.Pattern[str]]:
    text = lowered(fold_text(phrase))
    before = r"(?<![a-z0-9])" if text[:1].isascii() else ""
    after = r"(?![a-z0-9])" if text[-1:].isascii() else ""
    return text, re.compile(before + re.escape(text) + after)
