"""The ranking formula: BM25F over weighted fields and term streams, for every engine.

Term frequencies of all fields are combined, each normalised by its field's length, BEFORE
saturation (Robertson & Zaragoza 2009, section 3.6); Whoosh's own sum of per-field BM25 ranks
far worse once titles weigh more. The figures were chosen by cross-validation over several
data sets at once; ``docs/quality.md`` has what each part gives.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kbservice.search.documents import SearchDocument
from kbservice.text.tokens import Streams, analyze

STREAMS: Mapping[str, float] = {
    "words": 1.0,
    "bigrams": 0.3,
    "chars": 0.05,
    "identifiers": 0.1,
    "pairs": 0.2,
}
BOOSTS: Mapping[str, float] = {"title": 8.0, "text": 1.0, "tags": 2.0, "symptoms": 0.25}
LENGTH_WEIGHTS: Mapping[str, float] = {"title": 0.75, "text": 0.9, "tags": 0.5, "symptoms": 0.5}
K1 = 2.2
K3 = 8.0
MAX_TERMS_PER_STREAM = 64
# Ticket-length queries lose their boilerplate: weight x (idf / 4) ^ p, p growing with length.
_LONG_FROM, _LONG_OVER, _LONG_POWER, _LONG_PIVOT = 10, 20, 2.0, 4.0

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
                terms = getattr(streams, stream) if streams else ()
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

    def __init__(self, totals: Mapping[str, Mapping[str, Sequence[int]]] | None = None) -> None:
        self._totals: dict[str, dict[str, list[int]]] = {
            stream: {field: list(pair) for field, pair in fields.items()}
            for stream, fields in (totals or {}).items()
        }

    @property
    def totals(self) -> Mapping[str, Mapping[str, Sequence[int]]]:
        """Stream -> field -> (terms, documents); what the constructor takes."""
        return self._totals

    def learn(self, document: TermCounts) -> None:
        """Take one document into account."""
        for stream, fields in document.counts.items():
            for field, terms in fields.items():
                pair = self._totals.setdefault(stream, {}).setdefault(field, [0, 0])
                if pair[1] < _LENGTHS_KNOWN:
                    pair[0] += terms.total()
                    pair[1] += 1

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


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """One term to look up: its stream, its idf and its weight in the query."""

    stream: str
    term: str
    idf: float
    weight: float

    @property
    def factor(self) -> float:
        """What a saturated frequency is multiplied with."""
        return self.weight * self.idf


def query_terms(
    streams: Streams, frequency: Callable[[str, str], int], documents: int
) -> Iterator[QueryTerm]:
    """Yield the weighted terms of a query, leaving out what no document holds."""
    known = len({word for word in streams.words if frequency("words", word)})
    power = _LONG_POWER * min(1.0, max(0.0, (known - _LONG_FROM) / _LONG_OVER))
    for stream, share in STREAMS.items():
        counts = Counter(getattr(streams, stream))
        found = [
            (idf(documents, held), term, count)
            for term, count in counts.items()
            if (held := frequency(stream, term))
        ]
        found.sort(key=lambda item: (-item[0], item[1]))
        for value, term, count in found[:MAX_TERMS_PER_STREAM]:
            repeated = (K3 + 1.0) * count / (count + K3)
            weight = share * repeated * (value / _LONG_PIVOT) ** power
            yield QueryTerm(stream, term, value, weight)
