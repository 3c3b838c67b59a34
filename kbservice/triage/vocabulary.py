"""The words that a classifier knows, and how much of a ticket they are."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final, Self

from kbservice.text.tokens import analyze
from kbservice.triage.classifier import TicketText
from kbservice.triage.features import WORDS, blanked
from kbservice.triage.vectoriser import Counts, Vectoriser

MOST_ASKED: Final = 1 / 3
"""The share of known words that is enough for any classifier."""
# Such a share of the tickets learned from may hold more news than this.
_STRANGERS: Final = 0.02
_LOOKED_AT: Final = 1_000
# A word counts as known to a ticket that was learned from if two others have it.
_WITH_OTHERS: Final = 3


class Vocabulary:
    """Known words, stop words among them."""

    def __init__(self, words: Container[str]) -> None:
        self._words = words

    @classmethod
    def of(cls, vectoriser: Vectoriser) -> Self:
        """Return the words that a classifier weighs."""
        return cls(vectoriser.known(WORDS))

    def unknown(self, ticket: TicketText) -> float:
        """Return the share of a ticket's different words that are not known, 0 without any."""
        words = _words(ticket, keep_stop=True)
        return 1.0 - self._share(words) if words else 0.0

    def known(self, ticket: TicketText) -> float:
        """Return the share of a ticket's telling words that are known, 0 without any.

        Stop words tell nothing: a text of a language never seen may share them by chance.
        """
        words = _words(ticket, keep_stop=False)
        return self._share(words) if words else 0.0

    def _share(self, words: set[str]) -> float:
        return sum(word in self._words for word in words) / len(words)


def least_known(tickets: Sequence[TicketText], counts: Sequence[Counts]) -> float:
    """Return the share of known words below which a ticket is unlike all of these.

    The fewer tickets were learned from, the more words of the next one are news: the bar is
    what nearly all of them reach by the words of the others.
    """
    words = next((item for item in counts if item.block == WORDS), None)
    if words is None:
        return 0.0
    often = zip(words.terms, words.held.tolist(), strict=True)
    shared = Vocabulary({term for term, held in often if held >= _WITH_OTHERS})
    step = max(1, len(tickets) // _LOOKED_AT)
    shares = sorted(shared.known(ticket) for ticket in tickets[::step])
    return min(MOST_ASKED, shares[int(len(shares) * _STRANGERS)])


def _words(ticket: TicketText, *, keep_stop: bool) -> set[str]:
    ticket = blanked(ticket)
    return set(analyze(f"{ticket.title}\n{ticket.body}", keep_stop=keep_stop).words)
