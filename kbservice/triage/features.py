"""What a ticket's text is to the classifier: words and their pairs, pieces of words, the title.

Personal data is blanked first, so that neither weights nor vocabulary can carry it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import Final

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
    chars = [piece for text in texts for piece, _, _ in pieces(text)]
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


@functools.lru_cache(2 * _KEPT)
def pieces(text: str) -> tuple[tuple[str, int, int], ...]:
    """Return each piece of a folded, lower-case text with the place it stands at.

    Pieces are 1 to 3 neighbouring Chinese characters and, of other words, 3 to 5 characters
    with a blank for the word's border.
    """
    found: list[tuple[str, int, int]] = []
    for match in _RUN.finditer(text):
        run, at = match.group(), match.start()
        if match.lastindex is None:
            placed = _latin_pieces(run[:_LONGEST_RUN])
            found += [(piece, at + start, at + end) for piece, start, end in placed]
        else:
            places = range(at, at + len(run))
            for size in _HAN_SIZES:
                cut = (run[start : start + size] for start in range(len(run) - size + 1))
                found += zip(cut, places, range(at + size, at + len(run) + 1), strict=False)
    return tuple(found)


@functools.lru_cache(1 << 15)
def _latin_pieces(run: str) -> tuple[tuple[str, int, int], ...]:
    framed, last = f" {run} ", len(run)
    return tuple(
        (framed[start : start + size], max(0, start - 1), min(last, start - 1 + size))
        for size in _LATIN_SIZES
        for start in range(len(framed) - size + 1)
    )


def _words(text: str) -> list[str]:
    # Stop words stay: "how do I" against "why does" tells questions from faults.
    streams = analyze(text, keep_stop=True)
    return [*streams.words, *streams.pairs]
