"""Where the features of a ticket stand in its text; the same for every kind of label.

All places lie on one line of characters: the title, the body, then the stated fields, each as
if it were one character.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from kbservice.text.normalise import fold
from kbservice.text.tokens import spans
from kbservice.triage.classifier import TicketText
from kbservice.triage.features import Bag, Places, features_of, lowered, pieces
from kbservice.triage.measures import Doubles, Ints

_KEPT: Final = 16  # category, priority and kind are explained one after the other
_WORD: Final = re.compile(r"\w+")

Place = tuple[int, int]  # start, end


class Unit(NamedTuple):
    """A word to be told, at its first place; the attributes are those of ``Evidence``."""

    text: str
    field: str
    start: int
    end: int


class Stretches(NamedTuple):
    """Stretches of the line, and whose they are."""

    owners: Ints
    starts: Places
    ends: Places


class Shares(NamedTuple):
    """Which part of each feature's weight falls on which word or piece.

    Attributes:
        features: By their number among all of the ticket's, block after block.
    """

    features: Ints
    words: Ints
    parts: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How weight falls from features on words and pieces, on their characters, and on units.

    Attributes:
        units: What is told: each word of the ticket once, in the order of their first places.
        told: All places of the units; they do not overlap.
        shares: Of the features.
        places: Where the words and pieces stand.
        n_words: How many words and pieces there are.
        length: Of the line.
    """

    units: tuple[Unit, ...]
    told: Stretches
    shares: Shares
    places: Stretches
    n_words: int
    length: int

    def on_units(self, weights: Doubles) -> Doubles:
        """Return what falls on each unit of what each feature weighs.

        A feature's weight falls in equal parts on its places, and there on the characters; a
        unit's weight is that of its characters.
        """
        shares, places, told = self.shares, self.places, self.told
        held = np.bincount(shares.words, weights[shares.features] * shares.parts, self.n_words)
        laid = held[places.owners] / (places.ends - places.starts)
        steps = np.bincount(places.starts, laid, self.length + 1)
        steps -= np.bincount(places.ends, laid, self.length + 1)
        summed = np.concatenate(([0.0], steps.cumsum().cumsum()))
        own = summed[told.ends] - summed[told.starts]
        return np.bincount(told.owners, own, len(self.units)).astype(np.float64)


@functools.lru_cache(_KEPT)
def laid_out(ticket: TicketText) -> Layout:
    """Return the layout of a ticket whose personal data are blanked."""
    found = features_of(ticket)
    texts = (_Text("title", ticket.title, 0), _Text("body", ticket.body, len(ticket.title)))
    behind = len(ticket.title) + len(ticket.body)
    stated = [Unit(term.partition("=")[2], "", -1, -1) for term in found.fields.terms]
    slots = np.arange(behind, behind + len(stated))
    words = _Words(found.words.terms, texts)
    in_words, in_chars, in_title, in_fields = (
        len(bag.terms) for bag in (found.words, found.chars, found.title, found.fields)
    )
    pieces_from, fields_from = words.size, words.size + in_chars
    shares = (
        words.shares(in_words, len(texts)),
        _whole(found.chars, in_words, pieces_from),
        words.shares(in_title, 1, in_words + in_chars),
        _whole(found.fields, in_words + in_chars + in_title, fields_from),
    )
    places = (
        words.places,
        Stretches(pieces_from + found.chars.order, *_joined(text.pieces() for text in texts)),
        Stretches(fields_from + found.fields.order, slots, slots + 1),
    )
    units, told = _each_once(texts, stated, slots)
    return Layout(
        units=units,
        told=told,
        shares=Shares(*_joined(shares)),
        places=Stretches(*_joined(places)),
        n_words=fields_from + in_fields,
        length=behind + len(stated),
    )


def _joined(rows: Iterable[Sequence[npt.NDArray[Any]]]) -> Iterator[npt.NDArray[Any]]:
    return map(np.concatenate, zip(*rows, strict=True))


def _whole(bag: Bag, features_from: int, words_from: int) -> Shares:
    """Return the shares of features that are words themselves."""
    numbers = np.arange(len(bag.terms))
    return Shares(features_from + numbers, words_from + numbers, 1.0 / bag.counts)


class _Text:
    """A text of the ticket, and what stands where in it.

    Attributes:
        at: Where it starts on the line.
        lower: Folded and in lower case.
        terms: The analyzer's words.
        starts: Where these start in the text; they may overlap.
        ends: Where they end.
    """

    def __init__(self, name: str, text: str, at: int) -> None:
        self.name, self.text, self.at = name, text, at
        self._folded = fold(text)
        self.lower = lowered(self._folded.text)
        found = spans(text)
        self.terms = [span.term for span in found]
        self.starts = np.array([span.start for span in found], dtype=np.int64)
        self.ends = np.array([span.end for span in found], dtype=np.int64)

    def pieces(self) -> tuple[Places, Places]:
        """Return where on the line each piece starts and ends."""
        starts, ends = pieces(self.lower).places()
        if not self._folded.is_even and len(starts):
            spans = [self._folded.span(at, at + 1) for at in range(len(self.lower))]
            origins = np.array(spans)
            starts, ends = origins[starts, 0], origins[ends - 1, 1]
        return self.at + starts, self.at + ends

    def units(self) -> list[Place]:
        """Return the places of the analyzer's words, and of what lies between."""
        merged = self._merged()
        kept: list[str] = []
        done = 0
        for start, end in merged:
            kept += (self.text[done:start], " " * (end - start))
            done = end
        between = "".join((*kept, self.text[done:]))
        return sorted([*merged, *(match.span() for match in _WORD.finditer(between))])

    def _merged(self) -> list[Place]:
        """Return the stretches that words cover."""
        if not self.terms:
            return []
        order = np.argsort(self.starts, kind="stable")
        starts, reach = self.starts[order], np.maximum.accumulate(self.ends[order])
        firsts = np.flatnonzero(np.concatenate(([True], starts[1:] >= reach[:-1])))
        lasts = np.append(firsts[1:], len(starts)) - 1
        return list(zip(starts[firsts].tolist(), reach[lasts].tolist(), strict=True))

    def found(self, word: str) -> Iterator[Place]:
        """Yield where a word stands, a Latin one at the start of a word only.

        Not by regular expression: compiling one a word cost 3 ms a ticket.
        """
        at = self.lower.find(word)
        while at >= 0:
            before = self.lower[at - 1 : at]
            if not (word.isascii() and before.isascii() and before.isalnum()):
                yield self._folded.span(at, at + len(word))
            at = self.lower.find(word, at + len(word))


class _Words:
    """The words that features consist of, one or two each, told apart by the text they are in.

    Attributes:
        size: How many there are, those without a place included.
        places: Where they stand on the line.
    """

    def __init__(self, terms: Sequence[str], texts: Sequence[_Text]) -> None:
        pairs = [term.partition(" ") for term in terms]
        firsts, seconds = [pair[0] for pair in pairs], [pair[2] for pair in pairs]
        # The empty word stands for the second of a feature that has one only.
        words = tuple(dict.fromkeys(("", *firsts, *seconds)))
        numbers = dict(zip(words, range(len(words)), strict=True))
        self._firsts, self._seconds = _numbered(firsts, numbers), _numbered(seconds, numbers)
        placed = [_placed(text, words, numbers) for text in texts]
        self._counts = np.array([np.bincount(item.owners, minlength=len(words)) for item in placed])
        self.size = self._counts.size
        self.places = Stretches(
            *_joined(
                Stretches(at * len(words) + owners, text.at + starts, text.at + ends)
                for at, (text, (owners, starts, ends)) in enumerate(zip(texts, placed, strict=True))
            )
        )

    def shares(self, n_terms: int, n_texts: int, features_from: int = 0) -> Shares:
        """Return the shares of the first features in the first texts: those of the title lead.

        A feature lies on the texts that hold all of its words, on every place of these.
        """
        firsts, seconds = self._firsts[:n_terms], self._seconds[:n_terms]
        counts, is_single = self._counts[:n_texts], seconds == 0
        lies = (counts[:, firsts] > 0) & (is_single | (counts[:, seconds] > 0))
        total = ((counts[:, firsts] + counts[:, seconds]) * lies).sum(axis=0)
        texts, features = np.nonzero(lies)
        base = texts * counts.shape[1]
        pairs = np.flatnonzero(~is_single[features])
        lying = np.concatenate((features, features[pairs]))
        return Shares(
            features_from + lying,
            np.concatenate((base + firsts[features], (base + seconds[features])[pairs])),
            1.0 / total[lying],
        )


def _numbered(words: Iterable[str], numbers: Mapping[str, int]) -> Ints:
    return np.array(list(map(numbers.get, words, repeat(-1))), dtype=np.int64)


def _placed(text: _Text, words: Sequence[str], numbers: Mapping[str, int]) -> Stretches:
    """Return where words stand in a text; stop words, which spans leave out, are looked for."""
    owners = _numbered(text.terms, numbers)
    known = owners >= 0
    missing = np.flatnonzero(np.bincount(owners[known], minlength=len(words))[1:] == 0) + 1
    looked_for = [
        (owner, start, end)
        for owner in missing.tolist()
        if words[owner] in text.lower
        for start, end in text.found(words[owner])
    ]
    further = np.array(looked_for, dtype=np.int64).reshape(-1, 3).T
    return Stretches(
        *_joined(((owners[known], text.starts[known], text.ends[known]), tuple(further)))
    )


def _each_once(
    texts: Sequence[_Text], stated: Sequence[Unit], slots: Ints
) -> tuple[tuple[Unit, ...], Stretches]:
    """Return each unit at its first place, and whose all the places are."""
    places = [text.units() for text in texts]
    units = [
        (text.text[start:end], text.name, start, end)
        for text, own in zip(texts, places, strict=True)
        for start, end in own
    ]
    units += stated
    names = [unit[0].casefold() for unit in units]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    owners = _numbered(names, numbers)
    _, firsts = np.unique(owners, return_index=True)
    lines = [
        text.at + np.array(own, dtype=np.int64).reshape(-1, 2)
        for text, own in zip(texts, places, strict=True)
    ]
    starts, ends = np.concatenate((*lines, np.stack((slots, slots + 1), axis=1))).T
    return tuple(Unit(*units[at]) for at in firsts.tolist()), Stretches(owners, starts, ends)
