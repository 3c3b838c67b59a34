"""What a ticket's text is to the classifier: words and their pairs, pieces of words, the title.

Personal data is blanked first, so that neither weights nor vocabulary can carry it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from kbservice.text.characters import HAN
from kbservice.text.normalise import fold_text
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


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one ticket by block, with repeats."""

    words: list[str]
    chars: list[str]
    title: list[str]
    fields: list[str]

    def of(self, block: str) -> list[str]:
        """Return the features of a block."""
        found: list[str] = getattr(self, block)
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
    texts = (lowered(fold_text(text)) for text in (ticket.title, ticket.body))
    chars = [piece for text in texts for piece in pieces(text).texts]
    return Features(
        words=title_words + body_words, chars=chars, title=title_words, fields=_fields(ticket)
    )


def _fields(ticket: TicketText) -> list[str]:
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
    text = text[:MAX_CHARS]
    for finding in redact(text).findings:
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
    """Pieces of a text, and where each starts and ends in it."""

    texts: tuple[str, ...]
    starts: Places
    ends: Places


@functools.lru_cache(2 * _KEPT)
def pieces(text: str) -> Pieces:
    """Cut a folded, lower-case text into its pieces.

    Pieces are 1 to 3 neighbouring Chinese characters and, of other words, 3 to 5 characters
    with a blank for the word's border.
    """
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _RUN.finditer(text):
        run, at = match.group(), match.start()
        if match.lastindex is None:
            cut, firsts, lasts = _latin_pieces(run[:_LONGEST_RUN])
            texts += cut
            starts += [at + first for first in firsts]
            ends += [at + last for last in lasts]
        else:
            for size in _HAN_SIZES:
                places = range(at, match.end() - size + 1)
                texts += [text[start : start + size] for start in places]
                starts += places
                ends += range(at + size, match.end() + 1)
    return Pieces(tuple(texts), np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64))


@functools.lru_cache(1 << 15)
def _latin_pieces(run: str) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    framed, last = f" {run} ", len(run)
    placed = [
        (framed[start : start + size], max(0, start - 1), min(last, start - 1 + size))
        for size in _LATIN_SIZES
        for start in range(len(framed) - size + 1)
    ]
    texts, starts, ends = zip(*placed, strict=True)
    return texts, starts, ends


def _words(text: str) -> list[str]:
    # Stop words stay: "how do I" against "why does" tells questions from faults.
    streams = analyze(text, keep_stop=True)
    return [*streams.words, *streams.pairs]
