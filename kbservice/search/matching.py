"""Which documents a query matches, independent of how an engine stores its postings.

A clause holds where all units of one of its terms occur: a run of Han characters by all its
character pairs (a single one by itself), a word by its stem, a code by its whole or joined
form. A query of plain words that reads like a sentence (a long Han run or many words, no
operator) matches wherever a quarter of its telling words occur, and ranking does the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from kbservice.search.documents import Clause, SearchQuery, Term
from kbservice.text.characters import HAN
from kbservice.text.normalise import fold_text
from kbservice.text.tokens import analyze, sequence_terms

SENTENCE_HAN_RUN = 6
SENTENCE_WORDS = 4
SENTENCE_SHARE = 0.25

_HAN_RUN = re.compile(f"[{HAN}]+")

Docs = TypeVar("Docs")


class Postings(Protocol[Docs]):
    """Sets of documents, as one engine represents them."""

    def having(self, stream: str, term: str) -> Docs:
        """Return the documents that hold a term of a stream."""

    def phrase(self, units: tuple[str, ...], field: str) -> Docs:
        """Return the documents where the units stand together, in the title or anywhere."""

    def prefixed(self, prefix: str) -> Docs:
        """Return the documents with a word that starts so."""

    def both(self, left: Docs, right: Docs) -> Docs:
        """Return the intersection."""

    def either(self, left: Docs, right: Docs) -> Docs:
        """Return the union."""

    def nothing(self) -> Docs:
        """Return the empty set."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest thing that must occur."""

    kind: Literal["pair", "char", "word"]
    text: str


def units_of(text: str) -> tuple[Unit, ...]:
    """Cut a plain term into what must all occur."""
    streams = analyze(text)
    if not (streams.words or streams.chars):
        streams = analyze(text, keep_stop=True)
    units: dict[Unit, None] = {}
    for run in _han_runs(fold_text(text)):
        pairs = [run[i : i + 2] for i in range(len(run) - 1)]
        units.update(dict.fromkeys(Unit("pair", pair) for pair in pairs))
        if not pairs:
            units[Unit("char", run)] = None
    identifiers = [word for word in streams.identifiers if word in streams.words]
    if identifiers:
        units[Unit("word", identifiers[0])] = None
    covered = set("".join(identifiers))
    for word in streams.words:
        if word.isascii() and not (identifiers and set(word) <= covered):
            units[Unit("word", word)] = None
    return tuple(units)


def term_documents(term: Term, postings: Postings[Docs]) -> Docs:
    """Return where one term occurs."""
    if term.prefix:
        return _prefix_documents(term, postings)
    if term.phrase or term.field in {"title", "text"}:
        return postings.phrase(tuple(sequence_terms(term.text)), term.field)
    found: Docs | None = None
    for unit in units_of(term.text):
        stream = {"pair": "bigrams", "char": "chars", "word": "words"}[unit.kind]
        here = postings.having(stream, unit.text)
        found = here if found is None else postings.both(found, here)
    return postings.nothing() if found is None else found


def _prefix_documents(term: Term, postings: Postings[Docs]) -> Docs:
    """Han has no word borders: what starts so is what holds the characters together."""
    units = tuple(sequence_terms(term.text))
    if not units[-1].isascii() or units[-1].isdigit():
        return postings.phrase(units, term.field)
    found = postings.prefixed(units[-1])
    return postings.both(found, postings.phrase(units[:-1], "")) if units[:-1] else found


def clause_documents(clause: Clause, postings: Postings[Docs]) -> Docs:
    """Return where at least one alternative of a clause occurs."""
    found = postings.nothing()
    for term in clause.terms:
        found = postings.either(found, term_documents(term, postings))
    return found


def is_sentence(query: SearchQuery) -> bool:
    """Tell whether a query is plain language rather than a list of demands."""
    positive = [clause for clause in query.clauses if not clause.negated]
    is_plain = all(
        len(clause.terms) == 1 and not (term.field or term.phrase or term.prefix)
        for clause in positive
        for term in clause.terms
    )
    if not positive or not is_plain:
        return False
    longest = max(
        (len(run) for clause in positive for run in _han_runs(clause.terms[0].text)), default=0
    )
    return longest > SENTENCE_HAN_RUN or len(positive) > SENTENCE_WORDS


def positive_text(query: SearchQuery) -> str:
    """Return everything that may be matched, as one text for ranking."""
    return " ".join(
        term.text for clause in query.clauses if not clause.negated for term in clause.terms
    )


def _han_runs(text: str) -> list[str]:
    return _HAN_RUN.findall(text)
