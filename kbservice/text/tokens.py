"""The analyzer: one way from text to terms, for documents, queries and features alike."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import itertools
import operator
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from kbservice.text import atoms, han, stopwords
from kbservice.text.characters import HAN, HANGUL, KANA, UNSPACED
from kbservice.text.normalise import Folded, fold, fold_text

_RULES: Final = 1  # raise it when a change here or below alters any stream
FINGERPRINT: Final = hashlib.sha256(
    "|".join(
        (
            str(_RULES),
            han.VERSION,
            atoms.VERSION,
            importlib.metadata.version("zhconv-rs"),
            unicodedata.unidata_version,
        )
    ).encode()
).hexdigest()[:16]

TermKind = Literal["han", "latin", "identifier"]

_TOKEN: Final = re.compile(f"([{HAN}]+)|([{KANA}{HANGUL}]+)|{atoms.PATTERN}")
_HAN_GROUP: Final = 1
_NONE: Final[frozenset[str]] = frozenset()
_SHORT: Final = 32
_KEPT: Final = 1 << 12
# A ticket's text is asked about by search, triage and ranking in turn.
_OF_A_TICKET: Final = 4_000
_KEPT_TICKETS: Final = 32
_SPACED_UNIT: Final = (
    rf"(?<![A-Za-z0-9_])(?:[A-Za-z]\+\+|[CFJcfj]\#(?![A-Za-z0-9_]))|[^\W\d_{UNSPACED}]+|\d+"
)
_UNIT: Final = re.compile(f"[{UNSPACED}]|{_SPACED_UNIT}")
_UNITS: Final = re.compile(f"([{UNSPACED}]+)|({_SPACED_UNIT})")


@dataclass(frozen=True, slots=True)
class Streams:
    """The terms of a text, in reading order and with repeats.

    Attributes:
        words: Chinese words in search mode, English stems, codes whole and in parts.
        bigrams: Overlapping pairs of neighbouring Chinese characters.
        chars: Single Chinese characters.
        identifiers: Codes, versions, paths and addresses, lower-cased but verbatim.
        pairs: Two neighbouring words, joined by a blank.
    """

    words: tuple[str, ...]
    bigrams: tuple[str, ...]
    chars: tuple[str, ...]
    identifiers: tuple[str, ...]
    pairs: tuple[str, ...]


class Span(NamedTuple):
    """A term of the word stream and where the ORIGINAL text says it; spans may overlap.

    Attributes:
        text: Folded and lower-cased.
        term: As in ``Streams.words``: stemmed if it is an English word.
    """

    text: str
    term: str
    start: int
    end: int
    kind: TermKind


class SequenceToken(NamedTuple):
    """One unit of the exact reading order; ``start`` and ``end`` lie in the ORIGINAL text."""

    text: str
    position: int
    start: int
    end: int


def analyze(text: str, *, keep_stop: bool = False) -> Streams:
    """Turn a text into its term streams.

    Args:
        text: Any text; it is folded here.
        keep_stop: Keep stop words, for a query that consists of nothing else.
    """
    if len(text) <= _SHORT:
        return _remembered(text, keep_stop)
    if len(text) <= _OF_A_TICKET:
        return _remembered_for_a_while(text, keep_stop)
    return _taken_apart(text, keep_stop)


def _taken_apart(text: str, keep_stop: bool) -> Streams:  # noqa: FBT001  # as it is remembered
    # A run at a time, not a word at a time: half of the time.
    words: list[str] = []
    bigrams: list[str] = []
    runs: list[str] = []
    identifiers: list[str] = []
    heads: list[str] = []
    stop, search_words = (
        (_NONE, _all_search_words) if keep_stop else (stopwords.CHINESE, _search_words)
    )
    matches, cut = _pieces(fold_text(text))
    words_of_runs = iter(cut)
    for match in matches:
        run = match.group()
        if match.lastindex is None:
            atom = atoms.take_apart(run, keep_stop=keep_stop)
            words += atom.words
            identifiers += atom.identifiers
            if atom.head:
                heads.append(atom.head)
            continue
        runs.append(run)
        bigrams += map(operator.add, run, run[1:])
        found = next(words_of_runs) if match.lastindex == _HAN_GROUP else [run]
        words += itertools.chain.from_iterable(map(search_words, found))
        heads += itertools.filterfalse(stop.__contains__, found)
    return Streams(
        words=tuple(words),
        bigrams=tuple(bigrams),
        chars=tuple("".join(runs)),
        identifiers=tuple(identifiers),
        pairs=tuple(map(" ".join, itertools.pairwise(heads))),
    )


def _pieces(folded: str) -> tuple[Sequence[re.Match[str]], Sequence[list[str]]]:
    return _lately_read(folded) if len(folded) <= _OF_A_TICKET else _read(folded)


def _read(folded: str) -> tuple[Sequence[re.Match[str]], Sequence[list[str]]]:
    """Return the pieces of a folded text, and the words that its Chinese runs are cut into."""
    matches = tuple(_TOKEN.finditer(folded))
    runs = (found[1] for found in matches if found.lastindex == _HAN_GROUP)
    return matches, tuple(han.words_of_runs(runs))


# A query's words are analysed about six times on their way, and asked again soon.
_remembered = functools.lru_cache(_KEPT)(_taken_apart)
_remembered_for_a_while = functools.lru_cache(_KEPT_TICKETS)(_taken_apart)
# With stop words, without them and for their places, a text is cut but once.
_lately_read = functools.lru_cache(_KEPT_TICKETS)(_read)


def spans(text: str) -> Sequence[Span]:
    """Return every term of the word stream with its place in the original, for highlighting."""
    return _lately_spanned(text) if len(text) <= _OF_A_TICKET else _spanned(text)


def _spanned(text: str) -> tuple[Span, ...]:
    folded = fold(text)
    spans: list[Span] = []
    matches, cut = _pieces(folded.text)
    words_of_runs = iter(cut)
    for match in matches:
        if match.lastindex is None:
            spans += _atom_spans(match, folded)
        else:
            words = next(words_of_runs) if match.lastindex == _HAN_GROUP else [match.group()]
            spans += _run_spans(words, match.start(), folded)
    return tuple(spans)


_lately_spanned = functools.lru_cache(_KEPT_TICKETS)(_spanned)


def sequence(text: str) -> list[SequenceToken]:
    """Return the exact reading order, for phrases and single characters.

    Units are single Chinese (or kana, hangul) characters, runs of letters, runs of digits, and
    ``C++``-like names; all lower-cased, none stemmed, none dropped; punctuation only separates.
    ``Win11+Excel导出`` reads win·11·excel·导·出, hence both ``win11`` and ``Excel导出`` occur
    in it, while ``win1`` does not.
    """
    folded = fold(text)
    if folded.is_even:
        return [
            SequenceToken(match.group().lower(), position, match.start(), match.end())
            for position, match in enumerate(_UNIT.finditer(folded.text))
        ]
    return [
        SequenceToken(match.group().lower(), position, *folded.span(match.start(), match.end()))
        for position, match in enumerate(_UNIT.finditer(folded.text))
    ]


def sequence_terms(text: str) -> list[str]:
    """Return only the texts of ``sequence``: their index is their position."""
    units: list[str] = []
    # A match for each run, not for each character, takes a quarter of the time.
    for characters, unit in _UNITS.findall(fold_text(text)):
        if characters:
            units += characters
        else:
            units.append(unit.lower())
    return units


@functools.lru_cache(1 << 16)
def _all_search_words(word: str) -> tuple[str, ...]:
    """Return the shorter words inside a word, the word itself and its mainland synonym."""
    found = [*(inner for inner, _ in han.inner_words(word)), word, han.mainland_term(word) or ""]
    return tuple(filter(None, found))


@functools.lru_cache(1 << 16)
def _search_words(word: str) -> tuple[str, ...]:
    """Return the same without stop words."""
    return tuple(term for term in _all_search_words(word) if term not in stopwords.CHINESE)


def _atom_spans(match: re.Match[str], folded: Folded) -> Iterator[Span]:
    atom = atoms.take_apart(match.group())
    kind: TermKind = "latin" if atom.plain else "identifier"
    for piece in atom.pieces:
        start, end = match.start() + piece.start, match.start() + piece.end
        text = folded.text[start:end].lower()
        yield Span(text, piece.term, *folded.span(start, end), kind)


def _run_spans(words: Sequence[str], at: int, folded: Folded) -> Iterator[Span]:
    for word in words:
        for text, term, offset in _terms_within(word):
            start = at + offset
            end = start + len(text)
            place = (start, end) if folded.is_even else folded.span(start, end)
            yield Span(text, term, *place, "han")
        at += len(word)


@functools.lru_cache(1 << 16)
def _terms_within(word: str) -> tuple[tuple[str, str, int], ...]:
    """Return what is said within a word, the term for it, and at which of its characters."""
    found = [(inner, inner, start) for inner, start in han.inner_words(word)]
    found += [(word, term, 0) for term in (word, han.mainland_term(word)) if term]
    return tuple(item for item in found if item[1] not in stopwords.CHINESE)
