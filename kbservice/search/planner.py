"""From a query to the set of documents that match it, relaxing step by step if none does."""

from __future__ import annotations

from typing import Protocol, TypeVar

from kbservice.search import recipe
from kbservice.search.documents import SearchQuery
from kbservice.search.matching import (
    SENTENCE_SHARE,
    Postings,
    clause_documents,
    is_sentence,
    positive_text,
)
from kbservice.text.tokens import analyze

Docs = TypeVar("Docs")


class View(Postings[Docs], Protocol[Docs]):
    """The documents that pass a query's filters, with the operations on sets of them."""

    def everything(self) -> Docs:
        """Return all of them."""

    def without(self, left: Docs, right: Docs) -> Docs:
        """Return ``left`` less ``right``."""

    def size(self, docs: Docs) -> int:
        """Return how many there are."""

    def frequency(self, stream: str, term: str) -> int:
        """Return how many documents of the whole index hold a term."""

    def total(self) -> int:
        """Return how many documents the whole index holds."""

    def covering(self, idfs: dict[str, float], least: float) -> Docs:
        """Return the documents whose words' idf adds up to at least ``least``."""


def selected(query: SearchQuery, view: View[Docs]) -> tuple[Docs, bool]:
    """Return the matching documents, and whether terms had to be given up for them.

    Order of giving up: the commonest clause first, one by one; then any of them; then, for
    what is not a code, a quarter of the telling words.
    """
    allowed = view.everything()
    for clause in query.clauses:
        if clause.negated:
            allowed = view.without(allowed, clause_documents(clause, view))
    positive = [clause for clause in query.clauses if not clause.negated]
    if not positive:
        return allowed, False
    if is_sentence(query):
        return view.both(allowed, _telling(query, view)), False
    sets = [view.both(allowed, clause_documents(clause, view)) for clause in positive]
    found = _all_of(sets, view)
    if view.size(found):
        return found, False
    relaxed = _relaxed(sets, view)
    if not view.size(relaxed) and _may_be_split(query):
        relaxed = view.both(allowed, _telling(query, view))
    return relaxed, view.size(relaxed) > 0


def _relaxed(sets: list[Docs], view: View[Docs]) -> Docs:
    remaining = sorted(sets, key=view.size, reverse=True)[1:]
    while len(remaining) > 1:
        found = _all_of(remaining, view)
        if view.size(found):
            return found
        remaining = remaining[1:]
    found = view.nothing()
    for docs in sets if len(sets) > 1 else ():
        found = view.either(found, docs)
    return found


def _all_of(sets: list[Docs], view: View[Docs]) -> Docs:
    found = sets[0]
    for docs in sets[1:]:
        found = view.both(found, docs)
    return found


def _telling(query: SearchQuery, view: View[Docs]) -> Docs:
    words = set(analyze(positive_text(query)).words)
    idfs = {
        word: recipe.idf(view.total(), held)
        for word in words
        if (held := view.frequency("words", word))
    }
    if not idfs:
        return view.nothing()
    return view.covering(idfs, SENTENCE_SHARE * sum(idfs.values()))


def _may_be_split(query: SearchQuery) -> bool:
    """A phrase, a prefix, a field or a code means itself: half of it would mislead."""
    return all(
        not (term.phrase or term.prefix or term.field or _is_code(term.text))
        for clause in query.clauses
        if not clause.negated
        for term in clause.terms
    )


def _is_code(text: str) -> bool:
    streams = analyze(text)
    return bool(streams.identifiers) and not streams.chars
