"""The ranking formula: BM25F over weighted fields and term streams, for every engine.

Term frequencies of all fields are combined, each normalised by its field's length, BEFORE
saturation (Robertson & Zaragoza 2009, section 3.6); Whoosh's own sum of per-field BM25 ranks
far worse once titles weigh more. The figures were chosen by cross-validation over several
data sets at once; ``docs/quality.md`` has what each part gives.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from kbservice.search.documents import SearchDocument
from kbservice.text.tokens import Streams, analyze

STREAMS: Mapping[str, float] = {
    "words": 1.0,
    "bigrams": 0.3,
    "chars": 0.05,
    "identifiers": 0.1,
    "pairs": 0.2,
}
BOOSTS: Mapping[str, float] = {"title": 12.0, "text": 1.0, "tags": 2.0, "symptoms": 0.15}
LENGTH_WEIGHTS: Mapping[str, float] = {"title": 0.75, "text": 0.9, "tags": 0.5, "symptoms": 0.0}
K1 = 2.2
K3 = 8.0
NAMED = 1000.0
"""What a document scores whose id was typed: more than any words give."""
MAX_TERMS: Mapping[str, int] = {
    "words": 96,
    "bigrams": 48,
    "chars": 64,
    "identifiers": 64,
    "pairs": 48,
}
# Single characters tell nothing that words do not, and cost two thirds of a long query.
CHARS_BELOW = 3
# Nor does a term of every fourteenth document, in a query of many words.
_COMMON_FROM, _COMMON_SHARE, _COMMON_LEAST = 15, 0.07, 50
# Ticket-length queries lose their boilerplate: weight x (idf / 4) ^ p, p growing with length.
_LONG_FROM, _LONG_OVER, _LONG_POWER, _LONG_PIVOT = 10, 10, 2.0, 4.0
# A Chinese word inside a longer one of the query says the same thing again.
_INNER_SHARE, _INNER_LONGEST = 0.5, 12
# How much a document gains that holds every word of a ticket, and how many are looked at.
_COVERAGE_GAIN, COVERAGE_DEPTH = 0.2, 20

# Documents after which the means speak for themselves, and after which they stand.
_LENGTHS_SURE, _LENGTHS_KNOWN = 30, 2000
# Medians over the judged collections.
_USUAL_LENGTHS: Mapping[str, Mapping[str, float]] = {
    "words": {"title": 8.0, "text": 120.0, "tags": 6.0, "symptoms": 25.0},
    "bigrams": {"title": 9.0, "text": 130.0, "tags": 6.0, "symptoms": 25.0},
    "chars": {"title": 12.0, "text": 160.0, "tags": 8.0, "symptoms": 30.0},
    "identifiers": {"title": 1.5, "text": 8.0, "tags": 1.5, "symptoms": 2.0},
    "pairs": {"title": 6.0, "text": 90.0, "tags": 3.0, "symptoms": 18.0},
}

FINGERPRINT = "|".join(
    map(str, (STREAMS, BOOSTS, LENGTH_WEIGHTS, _LENGTHS_SURE, _LENGTHS_KNOWN, _USUAL_LENGTHS))
)
"""Tells term weights made by other figures."""

Averages = Mapping[str, Mapping[str, float]]
"""Stream -> field -> mean number of terms over the documents that have the field at all."""


def field_texts(document: SearchDocument) -> dict[str, str]:
    """Return the texts of a document by ranking field."""
    tags = (*document.tags, document.product, document.version)
    return {
        "title": document.title,
        "text": document.text,
        "tags": " ".join(part for part in tags if part),
        "symptoms": "\n".join(document.symptoms),
    }


def question(title: str, text: str) -> str:
    """Return a ticket as a query: what its title says counts twice."""
    return f"{title}\n{title}\n{text}" if title else text


COUNTED_ONCE = frozenset({"symptoms"})
"""Fields that say a term or do not: fifty accepted wordings weigh no more than one."""


def counted(field: str, terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terms of a field as often as they count."""
    return tuple(dict.fromkeys(terms)) if field in COUNTED_ONCE else terms


LengthTotals = Mapping[str, Mapping[str, Sequence[int]]]
"""Stream -> field -> (terms, documents)."""


@dataclass(frozen=True, slots=True)
class TermCounts:
    """How often each term stands in each field of one document, per stream."""

    counts: Mapping[str, Mapping[str, Counter[str]]]

    @classmethod
    def of(cls, document: SearchDocument) -> TermCounts:
        """Analyze a document once."""
        counts: dict[str, dict[str, Counter[str]]] = {stream: {} for stream in STREAMS}
        for field, text in field_texts(document).items():
            streams = analyze(text) if text else None
            for stream in STREAMS:
                terms = counted(field, getattr(streams, stream)) if streams else ()
                if terms:
                    counts[stream][field] = Counter(terms)
        return cls(counts)

    def weigh(self, stream: str, averages: Averages) -> dict[str, float]:
        """Return each term's combined, length-normalised frequency."""
        weights: dict[str, float] = {}
        for field, terms in self.counts[stream].items():
            average = averages[stream][field]
            share = LENGTH_WEIGHTS[field]
            norm = 1.0 - share + share * terms.total() / average
            factor = BOOSTS[field] / norm
            for term, count in terms.items():
                weights[term] = weights.get(term, 0.0) + factor * count
        return weights


class Lengths:
    """Mean field lengths of a collection, learned from the documents that come in.

    A field that few documents have had so far leans on what support articles usually look
    like; an index that starts with one odd document would weigh all later ones oddly.
    """

    def __init__(self, totals: LengthTotals | None = None) -> None:
        self._totals: dict[str, dict[str, list[int]]] = {
            stream: {field: list(pair) for field, pair in fields.items()}
            for stream, fields in (totals or {}).items()
        }

    @property
    def totals(self) -> LengthTotals:
        """What the constructor takes."""
        return self._totals

    def learn(self, stream: str, field: str, lengths: Sequence[int]) -> None:
        """Take the lengths of some documents' fields into account; those without are left out."""
        pair = self._totals.setdefault(stream, {}).setdefault(field, [0, 0])
        if pair[1] < _LENGTHS_KNOWN:
            pair[0] += int(sum(lengths))
            pair[1] += len(lengths)

    def averages(self) -> dict[str, dict[str, float]]:
        """Return the means to normalise by."""
        return {
            stream: {field: self._average(stream, field) for field in BOOSTS} for stream in STREAMS
        }

    def _average(self, stream: str, field: str) -> float:
        terms, documents = self._totals.get(stream, {}).get(field, (0, 0))
        missing = max(0, _LENGTHS_SURE - documents)
        return (terms + missing * _USUAL_LENGTHS[stream][field]) / (documents + missing)


def saturate(weight: float) -> float:
    """Return the term frequency part of BM25, below ``K1 + 1``."""
    return weight * (K1 + 1.0) / (K1 + weight)


def idf(documents: int, frequency: int) -> float:
    """Return the inverse document frequency, always positive (Lucene's form)."""
    return math.log(1.0 + (documents - frequency + 0.5) / (frequency + 0.5))


Number = TypeVar("Number", float, NDArray[np.float64])


class QueryTerm(NamedTuple):
    """One term to look up: its stream, its idf and its weight in the query."""

    stream: str
    term: str
    idf: float
    weight: float

    @property
    def factor(self) -> float:
        """What a saturated frequency is multiplied with."""
        return self.weight * self.idf


Frequencies = Callable[[str, Sequence[str]], Sequence[int]]
"""Tells for a stream's terms how many documents hold each."""


def query_terms(streams: Streams, frequencies: Frequencies, documents: int) -> Iterator[QueryTerm]:
    """Yield the weighted terms of a query, leaving out what no document holds."""
    words = Counter(streams.words)
    words_held = frequencies("words", list(words))
    known = sum(map(bool, words_held))
    power = _LONG_POWER * min(1.0, max(0.0, (known - _LONG_FROM) / _LONG_OVER))
    inner = _inner_words(words)
    common = documents
    if known > _COMMON_FROM:
        common = max(_COMMON_LEAST, int(_COMMON_SHARE * documents))
    for stream, share in STREAMS.items():
        if stream == "chars" and known >= CHARS_BELOW:
            continue
        terms, held = words, words_held
        if stream != "words":
            terms = Counter(getattr(streams, stream))
            held = frequencies(stream, list(terms))
        found = [
            (frequency, term, count)
            for (term, count), frequency in zip(terms.items(), held, strict=True)
            if 0 < frequency <= common
        ]
        # The rarest terms have the highest idf.
        found.sort()
        for frequency, term, count in found[: MAX_TERMS[stream]]:
            value = idf(documents, frequency)
            weight = share * (K3 + 1.0) * count / (count + K3)
            if power:
                weight *= (value / _LONG_PIVOT) ** power
            if stream == "words" and term in inner:
                weight *= _INNER_SHARE
            yield QueryTerm(stream, term, value, weight)


def covered(score: Number, held: Number, asked: float) -> Number:
    """Return a score raised by how much of the query the document holds.

    Args:
        score: What the terms sum up to; one number or an array of them.
        held: Sum of the factors of the query's words that the document holds.
        asked: Sum of the factors of all of them.
    """
    return score * (1.0 + _COVERAGE_GAIN * (held / asked) ** 2) if asked else score


def _inner_words(words: Collection[str]) -> frozenset[str]:
    """Return the Chinese words that lie inside a longer one."""
    outer = [w for w in words if 1 < len(w) <= _INNER_LONGEST and not w.isascii()]
    # Single characters and longer parts apart: most words have two characters.
    parts = set("".join(outer))
    for word in outer:
        length = len(word)
        if length > 2:  # noqa: PLR2004
            parts.update(
                word[start:end]
                for start in range(length - 1)
                for end in range(start + 2, length + (start > 0))
            )
    return frozenset(parts.intersection(words))
