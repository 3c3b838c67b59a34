"""Which words of the ticket spoke for the winner, exactly: nothing is left out of the sum."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

from kbservice.text.normalise import fold
from kbservice.text.tokens import spans
from kbservice.triage.classifier import Evidence, TicketText
from kbservice.triage.features import CHARS, FIELDS, TITLE, lowered, pieces

MAX_FOR: Final = 6
MAX_AGAINST: Final = 2
_LEAST_WEIGHT: Final = 0.01
_WORD: Final = re.compile(r"\w+")

Place = tuple[int, int]  # start, end


class Contribution(NamedTuple):
    """What one feature adds to the log-odds."""

    block: str
    term: str
    weight: float


class _Word(NamedTuple):
    """A word of the ticket before equal ones are merged; far cheaper than an ``Evidence``."""

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
    words: tuple[Evidence, ...]
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
    return (*speak_for, *against)


def attribute(
    ticket: TicketText, contributions: Sequence[Contribution]
) -> tuple[tuple[Evidence, ...], float]:
    """Share the features' weights out to the words that they were made from.

    A feature's weight falls in equal parts on its places, and there on its characters; a
    word's weight is that of its characters.

    Args:
        ticket: As the classifier read it: with personal data blanked.
        contributions: Every feature with its weight.

    Returns:
        The words, the strongest first, and what fell on none.
    """
    title, body = _Field("title", ticket.title), _Field("body", ticket.body)
    shares = {item.term: item.weight for item in contributions if item.block == CHARS}
    held = title.count(shares) + body.count(shares)
    shares = {piece: weight / held[piece] for piece, weight in shares.items() if held[piece]}
    title.put_pieces(shares)
    body.put_pieces(shares)
    for block, term, weight in contributions:
        if block not in (CHARS, FIELDS):
            _put_word(term, weight, (title,) if block == TITLE else (title, body))
    found = [*title.words(), *body.words(), *_stated(contributions)]
    told = sum(word.weight for word in found)
    return _merged(found), sum(item.weight for item in contributions) - told


def _stated(contributions: Sequence[Contribution]) -> Iterable[_Word]:
    """Yield the fields of the ticket, such as its product, that are no part of its text."""
    for block, term, weight in contributions:
        if block == FIELDS:
            yield _Word(term.partition("=")[2], weight, "", -1, -1)


def _put_word(term: str, weight: float, fields: Sequence[_Field]) -> None:
    places = [(field, place) for field in fields for place in field.places(term)]
    for field, place in places:
        field.put(place, weight / len(places))


class _Field:
    """One text of the ticket, collecting weight on its characters."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._folded = fold(text)
        self._lower = lowered(self._folded.text)
        self._pieces = pieces(self._lower)
        self._spans = spans(text)
        self._steps = [0.0] * (len(text) + 1)
        self._words: dict[str, list[Place]] = defaultdict(list)
        for span in self._spans:
            self._words[span.term].append((span.start, span.end))

    def count(self, wanted: Container[str]) -> Counter[str]:
        """Return how often each wanted piece stands here."""
        return Counter(piece for piece, _, _ in self._pieces if piece in wanted)

    def put_pieces(self, shares: Mapping[str, float]) -> None:
        """Lay its share on every place of every piece."""
        is_even, span, steps = self._folded.is_even, self._folded.span, self._steps
        for piece, start, end in self._pieces:
            weight = shares.get(piece)
            if weight is not None:
                first, last = (start, end) if is_even else span(start, end)
                share = weight / (last - first)
                steps[first] += share
                steps[last] -= share

    def places(self, term: str) -> list[Place]:
        """Return where a word, or both words of a pair, stand in the text."""
        found = [self._words_at(word) for word in term.split(" ")]
        return [place for places in found for place in places] if all(found) else []

    def put(self, place: Place, weight: float) -> None:
        """Lay weight evenly on the characters of a place."""
        start, end = place
        share = weight / (end - start)
        self._steps[start] += share
        self._steps[end] -= share

    def words(self) -> list[_Word]:
        """Return the words with the weight that lies on them."""
        summed = [0.0, *accumulate(accumulate(self._steps))]
        text, name = self._text, self._name
        return [
            _Word(text[start:end], summed[end] - summed[start], name, start, end)
            for start, end in self._units()
        ]

    def _words_at(self, word: str) -> list[Place]:
        if word not in self._words:
            # A stop word: the analyzer's spans leave it out.
            found = _found(word, self._lower)
            self._words[word] = [self._folded.span(at, at + len(word)) for at in found]
        return self._words[word]

    def _units(self) -> list[Place]:
        """Return stretches that do not overlap: the analyzer's words, and what lies between."""
        merged: list[Place] = []
        for start, end in sorted((span.start, span.end) for span in self._spans):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        between = [
            (edge + match.start(), edge + match.end())
            for edge, upto in _gaps(merged, len(self._text))
            for match in _WORD.finditer(self._text[edge:upto])
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


def _merged(words: Iterable[_Word]) -> tuple[Evidence, ...]:
    """Return each word once, at its first place, with its weight over all places."""
    firsts: dict[str, _Word] = {}
    weights: dict[str, float] = {}
    for word in words:
        name = word.text.casefold()
        firsts.setdefault(name, word)
        weights[name] = weights.get(name, 0.0) + word.weight
    return tuple(
        Evidence(
            source="word",
            text=firsts[name].text,
            weight=weights[name],
            field=firsts[name].field,
            start=firsts[name].start,
            end=firsts[name].end,
        )
        for name in sorted(weights, key=lambda name: -abs(weights[name]))
    )
