"""Which words of the ticket spoke for the winner, exactly: nothing is left out of the sum."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from kbservice.text.normalise import Folded, fold
from kbservice.text.tokens import Span, spans
from kbservice.triage.classifier import Evidence, TicketText
from kbservice.triage.features import CHARS, FIELDS, TITLE, WORDS, Pieces, Places, lowered, pieces

MAX_FOR: Final = 6
MAX_AGAINST: Final = 2
_LEAST_WEIGHT: Final = 0.01
_KEPT: Final = 32  # category, priority and kind are explained one after the other
_WORD: Final = re.compile(r"\w+")

Place = tuple[int, int]  # start, end


class Word(NamedTuple):
    """A word of the ticket with its weight; for the rest see ``Evidence``, which costs far more."""

    text: str
    weight: float
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Log-odds of the winner against the runner-up = bias + the words' weights + rest.

    Attributes:
        words: Each word of the ticket once, the strongest first.
        rest: What fell on punctuation between words.
    """

    winner: str
    runner_up: str
    bias: float
    words: tuple[Word, ...]
    rest: float

    @property
    def log_odds(self) -> float:
        """The sum."""
        return self.bias + sum(word.weight for word in self.words) + self.rest


def strongest(explanation: Explanation) -> tuple[Evidence, ...]:
    """Return the words worth showing: first those that speak for the winner, then against."""
    told = [word for word in explanation.words if abs(word.weight) >= _LEAST_WEIGHT]
    speak_for = [word for word in told if word.weight > 0][:MAX_FOR]
    against = [word for word in told if word.weight < 0][:MAX_AGAINST]
    return tuple(
        Evidence(
            source="word",
            text=word.text,
            weight=word.weight,
            field=word.field,
            start=word.start,
            end=word.end,
        )
        for word in (*speak_for, *against)
    )


def attribute(
    ticket: TicketText, weights: Mapping[str, Mapping[str, float]]
) -> tuple[tuple[Word, ...], float]:
    """Share the features' weights out to the words that they were made from.

    A feature's weight falls in equal parts on its places, and there on its characters; a
    word's weight is that of its characters.

    Args:
        ticket: As the classifier read it: with personal data blanked.
        weights: What every feature adds to the log-odds, by block and term.

    Returns:
        The words, the strongest first, and what fell on none.
    """
    title, body = _Field("title", ticket.title), _Field("body", ticket.body)
    shares = weights.get(CHARS, {})
    held = title.count(shares) + body.count(shares)
    shares = {piece: shares[piece] / count for piece, count in held.items()}
    title.put_pieces(shares)
    body.put_pieces(shares)
    for block, fields in ((WORDS, (title, body)), (TITLE, (title,))):
        _put_words(weights.get(block, {}), fields)
    found = [*title.words(), *body.words(), *_stated(weights.get(FIELDS, {}))]
    told = sum(word.weight for word in found)
    return _merged(found), sum(sum(terms.values()) for terms in weights.values()) - told


def _stated(weights: Mapping[str, float]) -> Iterable[Word]:
    """Yield the fields of the ticket, such as its product, that are no part of its text."""
    for term, weight in weights.items():
        yield Word(term.partition("=")[2], weight, "", -1, -1)


def _put_words(weights: Mapping[str, float], fields: Sequence[_Field]) -> None:
    """Share the weight of each word, or pair of words, out to all its places in the fields."""
    for term, weight in weights.items():
        words = term.split(" ")
        holding, total = [], 0
        for field in fields:
            times = [len(field.places[word]) for word in words]
            if all(times):
                holding.append(field)
                total += sum(times)
        for field in holding:
            for word in words:
                field.shares[word] += weight / total


class _Field:
    """One text of the ticket, collecting weight on its characters.

    Attributes:
        places: Where each word stands.
        shares: What lies on each place of a word, by word.
    """

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._layout = _laid_out(text)
        self._steps = np.zeros(len(text) + 1)
        self.places = self._layout.places
        self.shares: defaultdict[str, float] = defaultdict(float)

    def count(self, wanted: Container[str]) -> Counter[str]:
        """Return how often each wanted piece stands here."""
        return Counter(filter(wanted.__contains__, self._layout.pieces.texts))

    def put_pieces(self, shares: Mapping[str, float]) -> None:
        """Lay its share on every place of every piece."""
        texts, starts, ends = self._layout.pieces
        self._lay(starts, ends, [shares.get(piece, 0.0) for piece in texts])

    def words(self) -> list[Word]:
        """Return the words with the weight that lies on them."""
        held = [
            (*place, share) for word, share in self.shares.items() for place in self.places[word]
        ]
        if held:
            starts, ends, weights = zip(*held, strict=True)
            self._lay(np.array(starts), np.array(ends), weights)
        summed = [0.0, *self._steps.cumsum().cumsum().tolist()]
        name = self._name
        return [
            Word(text, summed[end] - summed[start], name, start, end)
            for text, start, end in self._layout.units
        ]

    def _lay(self, starts: Places, ends: Places, weights: Sequence[float]) -> None:
        """Lay each weight evenly on the characters of its place."""
        share = np.array(weights) / (ends - starts)
        size = len(self._steps)
        self._steps += np.bincount(starts, share, size) - np.bincount(ends, share, size)


class _WordPlaces(dict[str, list[Place]]):
    """Where each word stands in a text; stop words, which spans leave out, when asked."""

    def __init__(self, folded: Folded, found: Iterable[Span]) -> None:
        self._folded = folded
        self._lower = lowered(folded.text)
        for span in found:
            self.setdefault(span.term, []).append((span.start, span.end))

    def __missing__(self, word: str) -> list[Place]:
        placed = _found(word, self._lower)
        self[word] = [self._folded.span(at, at + len(word)) for at in placed]
        return self[word]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What stands where in a text.

    Attributes:
        pieces: With their places in the text as it is, not folded.
        units: Stretches that do not overlap: the analyzer's words, and what lies between.
    """

    places: _WordPlaces
    pieces: Pieces
    units: tuple[tuple[str, int, int], ...]


@functools.lru_cache(_KEPT)
def _laid_out(text: str) -> _Layout:
    folded, found = fold(text), spans(text)
    return _Layout(
        places=_WordPlaces(folded, found),
        pieces=_original(pieces(lowered(folded.text)), folded),
        units=tuple((text[start:end], start, end) for start, end in _units(text, found)),
    )


def _original(cut: Pieces, folded: Folded) -> Pieces:
    if folded.is_even or not cut.texts:
        return cut
    placed = map(folded.span, cut.starts.tolist(), cut.ends.tolist())
    starts, ends = np.array(list(placed)).T
    return Pieces(cut.texts, starts, ends)


def _units(text: str, found: Iterable[Span]) -> list[Place]:
    merged: list[Place] = []
    for start, end in sorted((span.start, span.end) for span in found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    between = [
        (edge + match.start(), edge + match.end())
        for edge, upto in _gaps(merged, len(text))
        for match in _WORD.finditer(text[edge:upto])
    ]
    return sorted([*merged, *between])


def _found(word: str, text: str) -> Iterable[int]:
    """Yield where a word stands, a Latin one at the start of a word only.

    Not by regular expression: compiling one a word cost 3 ms a ticket.
    """
    at = text.find(word)
    while at >= 0:
        before = text[at - 1 : at]
        if not (word.isascii() and before.isascii() and before.isalnum()):
            yield at
        at = text.find(word, at + len(word))


def _gaps(taken: Iterable[Place], length: int) -> Iterable[Place]:
    at = 0
    for start, end in taken:
        if start > at:
            yield at, start
        at = end
    if at < length:
        yield at, length


def _merged(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return each word once, at its first place, with its weight over all places."""
    merged: dict[str, Word] = {}
    for word in words:
        name = word.text.casefold()
        known = merged.get(name)
        merged[name] = word if known is None else known._replace(weight=known.weight + word.weight)
    return tuple(sorted(merged.values(), key=lambda word: -abs(word.weight)))
