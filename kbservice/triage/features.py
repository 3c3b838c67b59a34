"""What a ticket's text is to the classifier: words and their pairs, pieces of words, the title.

Personal data is blanked first, so that neither weights nor vocabulary can carry it.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from kbservice.text.characters import HAN
from kbservice.text.normalise import fold_text, opening
from kbservice.text.redaction import redact
from kbservice.text.tokens import analyze
from kbservice.triage.classifier import TicketText

WORDS: Final = "words"
CHARS: Final = "chars"
TITLE: Final = "title"
FIELDS: Final = "fields"

MAX_CHARS: Final = 4_000  # of one field; what follows in a ticket are logs that repeat themselves

_RUN: Final = re.compile(rf"([{HAN}]+)|[^\s{HAN}]+")
_HAN_SIZES: Final = (1, 2, 3)
_LATIN_SIZES: Final = (3, 4, 5)
_LONGEST_RUN: Final = 40
_KEPT: Final = 16  # category, priority and kind take the same ticket apart, one after the other


Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Bag:
    """Features of one block.

    Attributes:
        terms: Each once, in the order of their first places.
        order: Which of them stands at each place.
    """

    terms: tuple[str, ...]
    order: Places

    @classmethod
    def of(cls, terms: Sequence[str]) -> Self:
        """Gather features with their repeats."""
        known = tuple(dict.fromkeys(terms))
        numbers = dict(zip(known, range(len(known)), strict=True))
        # Without a loop in Python: a third of the time.
        return cls(known, np.array(list(map(numbers.__getitem__, terms)), dtype=np.int64))

    @property
    def counts(self) -> Places:
        """How often each stands there."""
        return np.bincount(self.order, minlength=len(self.terms))


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The features of one ticket by block."""

    words: Bag
    chars: Bag
    title: Bag
    fields: Bag

    def of(self, block: str) -> Bag:
        """Return the features of a block."""
        found: Bag = getattr(self, block)
        return found


@functools.lru_cache(_KEPT)
def blanked(ticket: TicketText) -> TicketText:
    """Return what may be learned from or shown: personal data blanked, every offset unchanged."""
    return replace(
        ticket,
        title=private(ticket.title),
        body=private(ticket.body),
        product=private(ticket.product),
        version=private(ticket.version),
        channel=private(ticket.channel),
    )


@functools.lru_cache(_KEPT)
def features_of(ticket: TicketText) -> Features:
    """Take a blanked ticket apart."""
    title_words, body_words = _words(ticket.title), _words(ticket.body)
    title, body = (pieces(lowered(fold_text(text))).texts for text in (ticket.title, ticket.body))
    return Features(
        words=Bag.of(title_words + body_words),
        chars=Bag.of(title + body),
        title=Bag.of(title_words),
        fields=Bag.of(fields_of(ticket)),
    )


def fields_of(ticket: TicketText) -> list[str]:
    """Return the stated fields as ``product=...``; a version only with its product."""
    product, version, channel = (
        " ".join(lowered(fold_text(text)).split())
        for text in (ticket.product, ticket.version, ticket.channel)
    )
    found = {"product": product, "channel": channel}
    found["version"] = f"{product} {version}".strip() if version else ""
    return [f"{name}={value}" for name, value in found.items() if value]


def private(text: str) -> str:
    """Return the start of a text with personal data blanked, every offset unchanged."""
    text = opening(text, MAX_CHARS)
    for finding in redact(text).findings if text else ():
        blank = " " * (finding.end - finding.start)
        text = text[: finding.start] + blank + text[finding.end :]
    return text


def lowered(text: str) -> str:
    """Return the text in lower case, as long as before (``İ`` would grow)."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


class Pieces(NamedTuple):
    """Pieces of a text, of neighbouring places in a row.

    Attributes:
        rows: Of each row its first place, length, size of its pieces, and the borders of the run.
    """

    texts: tuple[str, ...]
    rows: tuple[tuple[int, int, int, int, int], ...]

    def places(self) -> tuple[Places, Places]:
        """Return where each piece starts and ends in the text."""
        firsts, lengths, sizes, lows, highs = np.array(self.rows, dtype=np.int64).reshape(-1, 5).T
        before = np.cumsum(lengths) - lengths
        starts = np.arange(len(self.texts)) + np.repeat(firsts - before, lengths)
        ends = starts + np.repeat(sizes, lengths)
        # The blanks around a word lie on no character.
        return (
            np.maximum(starts, np.repeat(lows, lengths)),
            np.minimum(ends, np.repeat(highs, lengths)),
        )


@functools.lru_cache(2 * _KEPT)
def pieces(text: str) -> Pieces:
    """Cut a folded, lower-case text into its pieces.

    Pieces are 1 to 3 neighbouring Chinese characters and, of other words, 3 to 5 characters
    with a blank for the word's border.
    """
    texts: list[str] = []
    rows: list[tuple[int, int, int, int, int]] = []
    for match in _RUN.finditer(text):
        run, (at, end) = match.group(), match.span()
        if match.lastindex is None:
            run = run[:_LONGEST_RUN]
            first, end, sizes, cut = at - 1, at + len(run), _LATIN_SIZES, _latin_pieces(run)
        else:
            first, sizes, cut = at, _HAN_SIZES, _han_pieces(run)
        for size, row in zip(sizes, cut, strict=True):
            texts += row
            rows.append((first, len(row), size, at, end))
    return Pieces(tuple(texts), tuple(rows))


def _han_pieces(run: str) -> Sequence[Sequence[str]]:
    pairs = list(map(operator.add, run, run[1:]))
    return list(run), pairs, list(map(operator.add, pairs, run[2:]))


@functools.lru_cache(1 << 15)
def _latin_pieces(run: str) -> Sequence[Sequence[str]]:
    framed = f" {run} "
    return tuple(
        tuple(framed[start : start + size] for start in range(len(framed) - size + 1))
        for size in _LATIN_SIZES
    )


def _words(text: str) -> tuple[str, ...]:
    # Stop words stay: "how do I" against "why does" tells questions from faults.
    streams = analyze(text, keep_stop=True)
    return streams.words + streams.pairs
