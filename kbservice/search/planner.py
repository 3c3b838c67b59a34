"""From a query to the set of documents that match it, relaxing step by step if none does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from kbservice.search import recipe
from kbservice.search.documents import Clause, SearchQuery
from kbservice.search.matching import (
    Postings,
    clause_documents,
    is_sentence,
    is_strict,
    is_telling,
)
from kbservice.text.tokens import analyze

SENTENCE_SHARE = 0.25
# A sum of the same parts in another order may differ in the last digits.
_ROUNDING = 1e-9

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
    """Return the matching documents, and whether plain words had to be given up for them.

    Order of giving up: words that occur nowhere; then the commonest word first, one by one;
    then any of them; then, for what is not a code, a quarter of the telling words, or any.
    Excluded words, phrases, prefixes, fields and alternatives are never given up.
    """
    allowed = _demanded(query, view)
    plain = _plain_clauses(query)
    if not plain or not view.size(allowed):
        return allowed, False
    found, is_relaxed = _of_plain(plain, allowed, view)
    if not view.size(found) and any(is_strict(c) and not c.negated for c in query.clauses):
        return allowed, True
    return found, is_relaxed


def _of_plain(clauses: Sequence[Clause], allowed: Docs, view: View[Docs]) -> tuple[Docs, bool]:
    """Return which allowed documents match clauses without operators."""
    if is_sentence(clauses):
        return _telling(clauses, allowed, view)
    sets = [view.both(allowed, clause_documents(clause, view)) for clause in clauses]
    found = _all_of(sets, view)
    if view.size(found):
        return found, False
    relaxed = _relaxed(sets, view)
    if not view.size(relaxed) and not any(map(_is_code, clauses)):
        relaxed, _ = _telling(clauses, allowed, view)
    return relaxed, view.size(relaxed) > 0


def _demanded(query: SearchQuery, view: View[Docs]) -> Docs:
    allowed = view.everything()
    for clause in query.clauses:
        if clause.negated:
            allowed = view.without(allowed, clause_documents(clause, view))
        elif is_strict(clause):
            allowed = view.both(allowed, clause_documents(clause, view))
    return allowed


def _plain_clauses(query: SearchQuery) -> list[Clause]:
    """Return the clauses without an operator; stop words only if there is nothing else."""
    positive = [clause for clause in query.clauses if not clause.negated]
    plain = [clause for clause in positive if not is_strict(clause)]
    if len(plain) < len(positive) or any(map(is_telling, plain)):
        return list(filter(is_telling, plain))
    return plain


def _relaxed(sets: Sequence[Docs], view: View[Docs]) -> Docs:
    remaining = sorted((docs for docs in sets if view.size(docs)), key=view.size, reverse=True)
    # Without the words that occur nowhere, the rest may hold together already.
    first = 0 if len(remaining) < len(sets) else 1
    for start in range(first, max(first + 1, len(remaining) - 1)):
        found = _all_of(remaining[start:], view) if remaining[start:] else view.nothing()
        if view.size(found):
            return found
    found = view.nothing()
    for docs in remaining:
        found = view.either(found, docs)
    return found


def _all_of(sets: Sequence[Docs], view: View[Docs]) -> Docs:
    found = sets[0]
    for docs in sets[1:]:
        found = view.both(found, docs)
    return found


def _telling(clauses: Sequence[Clause], allowed: Docs, view: View[Docs]) -> tuple[Docs, bool]:
    """Return where enough of the words occur, or, relaxing, where any does."""
    words = analyze(" ".join(clause.terms[0].text for clause in clauses)).words
    idfs = {
        word: recipe.idf(view.total(), held)
        for word in sorted(set(words))
        if (held := view.frequency("words", word))
    }
    if not idfs:
        return view.nothing(), False
    least = SENTENCE_SHARE * sum(idfs.values())
    found = view.both(allowed, view.covering(idfs, least * (1 - _ROUNDING)))
    if view.size(found):
        return found, False
    found = view.both(allowed, view.covering(idfs, min(idfs.values()) * (1 - _ROUNDING)))
    return found, view.size(found) > 0


def _is_code(clause: Clause) -> bool:
    """Tell a code: half of it would mislead."""
    streams = analyze(clause.terms[0].text)
    return bool(streams.identifiers) and not streams.chars
