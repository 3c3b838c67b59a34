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

SEPARATOR: Final = "\x00"
"""Stands between the terms of a text of terms; no term holds it."""
RUN: Final = "\x02"
"""Stands before a run of terms of one character each."""

_TOKEN: Final = re.compile(f"([{HAN}]+)|([{KANA}{HANGUL}]+)|({atoms.PATTERN})")
_HAN_GROUP, _ATOM_GROUP = 1, 3
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


class Outline(NamedTuple):
    """What the streams of a text follow from, each a text of terms.

    Attributes:
        words: As in ``Streams``.
        runs: Of scripts without blanks; each character and each pair of neighbours is a term.
        identifiers: As in ``Streams``.
        heads: Two neighbours each are a pair.
    """

    words: str
    runs: str
    identifiers: str
    heads: str


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


def outline(text: str, *, keep_stop: bool = False) -> Outline:
    """Turn a text into what its streams follow from: half the work where many are indexed."""
    # A run at a time, not a word at a time: half of the time.
    words: list[str] = []
    runs: list[str] = []
    identifiers: list[str] = []
    heads: list[str] = []
    stop, search_words = (
        (_NONE, _all_search_words) if keep_stop else (stopwords.CHINESE, _search_words)
    )
    tokens, cut = _pieces(fold_text(text))
    words_of_runs = iter(cut)
    for han_run, other_run, written in tokens:
        if written:
            atom = atoms.take_apart(written, keep_stop=keep_stop)
            words += atom.words
            identifiers += atom.identifiers
            if atom.head:
                heads.append(atom.head)
            continue
        runs.append(han_run or other_run)
        found = next(words_of_runs) if han_run else [other_run]
        words += filter(None, map(search_words, found))
        heads += itertools.filterfalse(stop.__contains__, found)
    return Outline(*map(SEPARATOR.join, (words, runs, identifiers, heads)))


def _taken_apart(text: str, keep_stop: bool) -> Streams:  # noqa: FBT001  # as it is remembered
    words, runs, identifiers, heads = map(_terms, outline(text, keep_stop=keep_stop))
    return Streams(
        words=words,
        bigrams=tuple(pair for run in runs for pair in map(operator.add, run, run[1:])),
        chars=tuple("".join(runs)),
        identifiers=identifiers,
        pairs=tuple(map(" ".join, itertools.pairwise(heads))),
    )


def _terms(text: str) -> tuple[str, ...]:
    return tuple(text.split(SEPARATOR)) if text else ()


def _pieces(folded: str) -> tuple[Sequence[tuple[str, str, str]], Sequence[list[str]]]:
    return _lately_read(folded) if len(folded) <= _OF_A_TICKET else _read(folded)


def _read(folded: str) -> tuple[Sequence[tuple[str, str, str]], Sequence[list[str]]]:
    """Return a folded text's tokens by group, and the words that its Chinese runs are cut into."""
    tokens = _TOKEN.findall(folded)
    return tokens, tuple(han.words_of_runs(run for run, _, _ in tokens if run))


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
    words_of_runs = iter(_pieces(folded.text)[1])
    for match in _TOKEN.finditer(folded.text):
        if match.lastindex == _ATOM_GROUP:
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


def sequence_outline(text: str) -> str:
    """Return ``sequence_terms`` as a text of terms; RUN is before terms of one character each."""
    units = _UNITS.findall(fold_text(text))
    return SEPARATOR.join([RUN + run if run else unit for run, unit in units]).lower()


@functools.lru_cache(1 << 16)
def _all_search_words(word: str) -> str:
    """Return the shorter words inside a word, the word itself and its mainland synonym."""
    return SEPARATOR.join(_said_by(word))


@functools.lru_cache(1 << 16)
def _search_words(word: str) -> str:
    """Return the same without stop words."""
    return SEPARATOR.join(term for term in _said_by(word) if term not in stopwords.CHINESE)


def _said_by(word: str) -> Iterator[str]:
    yield from (inner for inner, _ in han.inner_words(word))
    yield word
    if same := han.mainland_term(word):
        yield same


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
