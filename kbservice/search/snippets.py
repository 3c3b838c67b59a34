"""What a result page shows of a document: title and sentences with the matches marked."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from itertools import pairwise

from kbservice.search.documents import SearchDocument
from kbservice.text.sentences import sentences
from kbservice.text.tokens import sequence, spans

MAX_LENGTH = 160
MAX_FRAGMENTS = 2
_MAX_TEXT = 20_000


class Highlighter:
    """Marks the terms of one query, in any number of texts."""

    def __init__(self, text: str) -> None:
        found = spans(text)
        self._terms = frozenset(span.term for span in found)
        self._texts = frozenset(span.text for span in found)
        units = [token.text for token in sequence(text)]
        self._pairs = frozenset(
            pair for pair in pairwise(units) if not any(unit.isascii() for unit in pair)
        )
        self._char = units[0] if len(units) == 1 and not units[0].isascii() else ""

    def title(self, document: SearchDocument) -> str:
        """Return the whole title, escaped, with ``<mark>`` around matches."""
        return _marked(document.title, self._matches(document.title))

    def snippet(self, document: SearchDocument) -> str:
        """Return the best sentences of the sections, escaped, with ``<mark>`` around matches."""
        text = document.text[:_MAX_TEXT]
        matches = self._matches(text)
        chosen = _best(text, matches)
        fragments = [
            _marked(text[start:end], _within(matches, start, end)) for start, end in chosen
        ]
        return " … ".join(fragments)

    def _matches(self, text: str) -> list[tuple[int, int]]:
        places = [
            (span.start, span.end)
            for span in spans(text)
            if span.term in self._terms or span.text in self._texts
        ]
        places += self._runs(text)
        return _merged(places)

    def _runs(self, text: str) -> list[tuple[int, int]]:
        """Return where two characters stand together as in the query, or its only character."""
        units = sequence(text)
        if self._char:
            return [(unit.start, unit.end) for unit in units if unit.text == self._char]
        return [
            (left.start, right.end)
            for left, right in pairwise(units)
            if (left.text, right.text) in self._pairs and left.end == right.start
        ]


def _merged(places: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _within(matches: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    return [
        (max(left, start) - start, min(right, end) - start)
        for left, right in matches
        if left < end and right > start
    ]


def _best(text: str, matches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the sentences that hold most of the matched text, in reading order."""
    cut = [_cut(start, end, matches) for start, end in sentences(text)]
    if not cut:
        return [(0, min(len(text), MAX_LENGTH))] if text.strip() else []
    gains = [
        len({text[m[0] : m[1]].lower() for m in matches if s <= m[0] < e})
        + sum(min(e, m[1]) - max(s, m[0]) for m in matches if m[0] < e and m[1] > s) / 100
        for s, e in cut
    ]
    order = sorted(range(len(cut)), key=lambda i: (-gains[i], i))[:MAX_FRAGMENTS]
    kept = [i for i in order if gains[i] > 0] or order[:1]
    return [cut[i] for i in sorted(kept)]


def _cut(start: int, end: int, matches: list[tuple[int, int]]) -> tuple[int, int]:
    """Shorten a long sentence to a window around its first match."""
    if end - start <= MAX_LENGTH:
        return start, end
    first = next((left for left, right in matches if left < end and right > start), start)
    begin = max(start, first - MAX_LENGTH // 4)
    return begin, min(end, begin + MAX_LENGTH)


def _marked(text: str, matches: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    at = 0
    for start, end in matches:
        parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    parts.append(escape(text[at:]))
    return "".join(parts)
