"""How much of a ticket and a found document agree, in plain shares between 0 and 1."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kbservice.suggestion.grams import folded
from kbservice.suggestion.small_talk import SMALL_TALK
from kbservice.text.tokens import Span, analyze, spans

_MAX_CHARS: Final = 8_000
_MAX_WORDS: Final = 80
_EVEN: Final[Mapping[str, float]] = {}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a ticket and a document have in common.

    Attributes:
        summary_in_title: Share of the ticket's summary that the document's title says.
        title_in_ticket: Share of the document's title that the ticket says.
        summary_in_text: Share of what the ticket's summary tells that the document says anywhere.
        codes: Share of the ticket's codes, versions and addresses that the document says.
    """

    summary_in_title: float
    title_in_ticket: float
    summary_in_text: float
    codes: float


class Asked:
    """A ticket's words, taken apart once for many documents."""

    def __init__(self, title: str, body: str) -> None:
        streams = analyze(f"{title}\n{body[:_MAX_CHARS]}")
        summary = tuple(dict.fromkeys(analyze(title).words or streams.words))
        self._title, self._body = title, body
        self._text = folded(f"{title}\n{body}")
        self._summary = summary[:_MAX_WORDS]
        self._telling = (_telling(summary) or _telling(streams.words))[:_MAX_WORDS]
        self._codes = tuple(dict.fromkeys(streams.identifiers))[:_MAX_WORDS]

    def against(self, title: str, told: str, rarity: Mapping[str, float] = _EVEN) -> Agreement:
        """Compare with a document, given its title and all of it in folded form.

        In Chinese as in English longer words tell more, so shares count characters. The text
        is long and holds many a word by chance: there small talk does not count, and the rest
        times its rarity. In titles that costs StackFAQ and aliyun .001 nDCG@10.
        """
        told_in_title = _words(title)
        return Agreement(
            summary_in_title=_share(self._summary, told_in_title),
            title_in_ticket=_share(
                told_in_title, {word for word in told_in_title if word in self._text}
            ),
            summary_in_text=_share(self._telling, {w for w in self._telling if w in told}, rarity),
            codes=_share(self._codes, {code for code in self._codes if code in told}),
        )

    def rarity(self, told: Sequence[str]) -> Mapping[str, float]:
        """Return how few of some documents, in folded form, say each telling word.

        The root of the inverse document frequency: that itself leaves 25 of StackFAQ's 620
        questions without an answer, 11 of them with a right one; the root leaves 3.
        """
        held = ((word, sum(word in text for text in told)) for word in self._telling)
        return {
            word: math.sqrt(math.log1p((len(told) - count + 0.5) / (count + 0.5)))
            for word, count in held
        }

    def shared_words(self, title: str, text: str) -> tuple[str, ...]:
        """Return what both say, in the ticket's spelling, without parts of longer words."""
        told = folded(f"{title}\n{text}")
        return _longest(span.text for span in self._spans if span.term in told)

    @functools.cached_property
    def _spans(self) -> list[Span]:
        return _unique(spans(f"{self._title}\n{self._body[:_MAX_CHARS]}"))


@functools.lru_cache(1 << 13)
def _words(title: str) -> frozenset[str]:
    return frozenset(analyze(title).words)


def _telling(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word not in SMALL_TALK))


def _share(words: Iterable[str], held: Iterable[str], rarity: Mapping[str, float] = _EVEN) -> float:
    told = frozenset(held)
    total = agreed = 0.0
    for word in words:
        weight = len(word) * rarity.get(word, 1.0)
        total += weight
        agreed += weight if word in told else 0.0
    return agreed / total if total else 0.0


def _unique(found: Iterable[Span]) -> list[Span]:
    return list({span.term: span for span in found}.values())


def _longest(words: Iterable[str]) -> tuple[str, ...]:
    kept: list[str] = []
    longer = ""
    for word in sorted(dict.fromkeys(words), key=len, reverse=True):
        if len(word) > 1 and word not in longer:
            kept.append(word)
            longer += f"\n{word}"
    return tuple(kept)
