"""Where the words of a query stand in a text.

Chinese words are found by plain substring search, which needs no segmentation of the text;
Latin words by the beginning that all forms of a stem share, then compared by stem; codes by
their letters and digits with or without a separator between them. No pattern is built from
what a person typed, so no query is slow.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from kbservice.search.occurrences import Code, Run, Single, Term, Text, Word
from kbservice.text import han
from kbservice.text.atoms import stem
from kbservice.text.characters import HAN, HANGUL, KANA, UNSPACED
from kbservice.text.normalise import fold, fold_text, keeps_words
from kbservice.text.tokens import Span, spans

Place = tuple[int, int, int]
"""Start, end and the number of the term, by which ``Marker.weights`` is asked."""

MAX_TERMS: Final = 96
_MAX_QUERY: Final = 2000
_REMEMBERED: Final = 1 << 9
_SHORTEST_NUMBER: Final = 3  # as a part of a code: the 11 of Win11 alone says nothing
_LONGEST_GLUED: Final = 8
_MAX_CHUNKS: Final = 5
_MAX_GAP: Final = 3

_WORD: Final = re.compile(rf"[{HAN}]+|[{KANA}{HANGUL}]+|[^\W_{UNSPACED}]+")
_UNSPACED: Final = re.compile(f"[{UNSPACED}]")
_TAIL: Final = re.compile(rf"[^\W_{UNSPACED}]+\Z")
_HEAD: Final = re.compile(rf"[^\W_{UNSPACED}]{{1,8}}")
# Inside a longer run these are grammar: 重启后, 系统中.
_FAINT: Final = frozenset("时后中前上下里内外到来去用不没无未还再已将并但则若")
# Between letters and digits a separator may come or go; between digits it has a meaning.
_CHUNK: Final = re.compile(r"([^\W\d_]+|\d+(?:[^\w\s]\d+)*)|([ \-_./]?)")


class Marker:
    """The words of one query.

    Attributes:
        weights: For each term, how much it tells: long words and codes tell more.
    """

    __slots__ = ("_gaps", "_is_cased", "_runs", "_terms", "weights")

    def __init__(self, text: str) -> None:
        folded = fold_text(text[:_MAX_QUERY])
        found = spans(folded)
        weights = _weights(folded, found) or _stop_words(folded)
        kept = sorted(weights, key=weights.__getitem__, reverse=True)[:MAX_TERMS]
        self.weights = [weights[term] for term in kept]
        numbered = list(enumerate(kept))
        self._runs = [(term.text, key) for key, term in numbered if isinstance(term, Run)]
        self._terms = [(term, key) for key, term in numbered if not isinstance(term, Run)]
        self._is_cased = not all(isinstance(term, Single) for term, _ in self._terms)
        self._gaps = _gaps(folded, found)

    def find(self, text: str) -> list[Place]:
        """Return where terms occur, by their start; none lies within another."""
        if keeps_words(text):
            return _outermost(self._places(text))
        folded = fold(text)
        places = _outermost(self._places(folded.text))
        if folded.is_even:
            return places
        return [(*folded.span(start, end), key) for start, end, key in places]

    def ranges(self, text: str, places: list[Place]) -> list[tuple[int, int]]:
        """Return what to mark: places that touch, or between which the query has its 的, as one."""
        merged: list[tuple[int, int]] = []
        last = -1
        for start, end, _ in places:
            if merged and (start <= last or text[last:start] in self._gaps):
                merged[-1] = (merged[-1][0], max(last, end))
            else:
                merged.append((start, end))
            last = merged[-1][1]
        return merged

    def _places(self, text: str) -> list[Place]:
        found: list[Place] = []
        for run, key in self._runs:
            at = text.find(run)
            while at >= 0:
                end = at + len(run)
                found.append((at, end, key))
                at = text.find(run, end)
        if self._terms:
            shown = Text(text, _lower(text) if self._is_cased else text)
            for term, key in self._terms:
                found += [(start, end, key) for start, end in term.places(shown)]
        found.sort()
        return found


@functools.lru_cache(_REMEMBERED)
def marker_of(text: str) -> Marker:
    """Return the marker of a query, made once."""
    return Marker(text)


def _weights(text: str, found: Sequence[Span]) -> dict[Term, float]:
    weights: dict[Term, float] = {}
    leaders = _leaders(found)
    whole = {(span.start, span.end) for span in leaders}
    for span in found:
        if span.kind == "han":
            terms = _han_terms(text, span)
        elif span.kind == "latin":
            terms = {_word(span.term, alone=len(span.text) == 1): 2 + min(len(span.text), 8) / 4}
        else:
            terms = _code_terms(span, is_whole=(span.start, span.end) in whole)
        for term, weight in terms.items():
            weights.setdefault(term, weight)
    for left, right in pairwise(leaders):
        if left.end == right.start and left.kind == right.kind == "han":
            for term, weight in _joint_terms(left.text, right.text).items():
                weights.setdefault(term, weight)
    return weights


def _joint_terms(left: str, right: str) -> dict[Term, float]:
    """Return the two characters at a border where the cut is unsure: 登|不|上, 给业|主办."""
    pair = left[-1] + right[0]
    is_unsure = 1 in {len(left), len(right)} or han.is_word(pair)
    return {Run(pair): 1.0} if is_unsure else {}


def _leaders(found: Sequence[Span]) -> list[Span]:
    """Return the longest spans, which do not overlap."""
    leaders: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if not leaders or span.start >= leaders[-1].end:
            leaders.append(span)
    return leaders


def _han_terms(text: str, span: Span) -> dict[Term, float]:
    word = span.text
    if len(word) == 1:
        return _single_terms(text, span)
    forms = (word, span.term, *han.regional_terms(word))
    terms: dict[Term, float] = {Run(form): float(len(word)) for form in forms}
    if len(word) > 2 and not han.is_word(word):  # noqa: PLR2004
        # Not in the dictionary, hence cut by guesswork: any two neighbours may be a word.
        terms.update({Run(a + b): 1.0 for a, b in pairwise(word)})
    return terms


def _single_terms(text: str, span: Span) -> dict[Term, float]:
    """Return where a character must stand: as in U盘 if glued so, anywhere if typed alone."""
    if before := _TAIL.search(text, max(0, span.start - _LONGEST_GLUED), span.start):
        return {Code((before.group().lower(), span.text)): 1.5}
    if behind := _HEAD.match(text, span.end):
        return {Code((span.text, behind.group().lower())): 1.5}
    around = text[max(0, span.start - 1) : span.start] + text[span.end : span.end + 1]
    if not any(map(str.isalnum, around)):
        return {Run(span.text): 1.0}
    return {} if span.text in _FAINT else {Single(span.text): 0.5}


def _code_terms(span: Span, *, is_whole: bool) -> dict[Term, float]:
    text = span.text
    weight = 2 + min(len(text), 12) / 4
    if text.isalpha():
        return {_word(stem(text), alone=True): weight / 2}
    if text.isdigit():
        return {Code((text,)): weight} if is_whole or len(text) >= _SHORTEST_NUMBER else {}
    terms: dict[Term, float] = {Code(_chunks(text)): weight}
    if span.term != text and not span.term.isalpha():
        terms[Code((span.term,))] = weight
    return terms


def _word(found: str, *, alone: bool) -> Word:
    # A stem may end in another letter than the word: policy, polici.
    is_short = len(found) < 3 or not found.isascii()  # noqa: PLR2004
    return Word(found, found if is_short else found[:-1], alone)


def _chunks(code: str) -> tuple[str, ...]:
    """Cut ORA-12541 to ora and 12541; what has more to it than letters and digits stays whole."""
    matches = list(_CHUNK.finditer(code))
    chunks = tuple(match[1] for match in matches if match[1])
    is_plain = sum(len(match[0]) for match in matches) == len(code)
    is_framed = code[0].isalnum() and code[-1].isalnum()
    if not is_plain or not is_framed or not 1 < len(chunks) <= _MAX_CHUNKS:
        return (code,)
    return chunks


def _stop_words(text: str) -> dict[Term, float]:
    """Return what a query of nothing but stop words consists of."""
    terms: dict[Term, float] = {}
    for match in _WORD.finditer(text):
        found = match.group()
        if _UNSPACED.match(found):
            terms.update({Run(word): float(len(word)) for word in han.words(found)})
        else:
            terms[Code((found.lower(),))] = 1.0
    return terms


def _gaps(text: str, found: Sequence[Span]) -> frozenset[str]:
    """Return the stop words that stand between two words of one Chinese run."""
    gaps = (text[left.end : right.start] for left, right in pairwise(_leaders(found)))
    return frozenset(gap for gap in gaps if 0 < len(gap) <= _MAX_GAP and _is_unspaced(gap))


def _is_unspaced(text: str) -> bool:
    return all(map(_UNSPACED.match, text))


def _outermost(places: list[Place]) -> list[Place]:
    """Drop what lies within another place: 打印 within 打印机."""
    kept: list[Place] = []
    last_start = last_end = -1
    for place in places:
        start, end, _ = place
        if end <= last_end:
            continue
        if start == last_start:
            kept.pop()
        kept.append(place)
        last_start, last_end = start, end
    return kept


def _lower(text: str) -> str:
    """Return the text in lower case, of the same length."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
