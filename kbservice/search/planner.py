"""From a query to the set of documents that match it, relaxing step by step if none does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from kbservice.search import recipe
from kbservice.search.documents import Clause, Relaxation, SearchQuery
from kbservice.search.matching import (
    Postings,
    clause_documents,
    is_sentence,
    is_strict,
    is_telling,
    named_documents,
    names_in,
)
from kbservice.text.tokens import analyze

SENTENCE_SHARE = 0.25
# A sum of the same parts in another order may differ in the last digits.
_ROUNDING = 1e-9
# Other wordings of a sentence: each costs a pass over the postings.
_MAX_WORDINGS = 8
# Shares of the idf that a sentence must reach, and what they are called; 0: one word.
_STEPS: tuple[tuple[float, Relaxation], ...] = ((SENTENCE_SHARE, ""), (0.0, "any"))

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


@dataclass(frozen=True, slots=True)
class Selection(Generic[Docs]):
    """The documents that match a query, and what was given up for them.

    Attributes:
        how: How the query was relaxed: not at all, words dropped, or any word is enough.
        dropped: The words that were given up, in the order of giving up.
    """

    docs: Docs
    how: Relaxation = ""
    dropped: tuple[str, ...] = ()

    @property
    def relaxed(self) -> bool:
        """Whether the documents match less than the query demands."""
        return self.how != ""


def selected(query: SearchQuery, view: View[Docs]) -> Selection[Docs]:
    """Return the matching documents, and which plain words had to be given up for them.

    Order of giving up: words that occur nowhere; then the commonest word first, one by one,
    down to two (of two words, the commoner); then any of them; then, for what is not a code,
    a quarter of the telling words, or any. Excluded and required words, phrases, prefixes,
    fields and alternatives are never given up.
    """
    allowed = _demanded(query, view)
    plain = _plain_clauses(query)
    if not plain or not view.size(allowed):
        return Selection(allowed)
    found = _with_named(plain, allowed, view, _of_plain(plain, allowed, view))
    if not view.size(found.docs) and any(is_strict(c) and not c.negated for c in query.clauses):
        return Selection(allowed, "dropped", tuple(map(_typed, plain)))
    return found


def _with_named(
    clauses: Sequence[Clause], allowed: Docs, view: View[Docs], found: Selection[Docs]
) -> Selection[Docs]:
    """Return the selection with the documents whose ids stand among the words."""
    wanted = [name for clause in clauses for term in clause.terms for name in names_in(term)]
    if not wanted:
        return found
    named = view.both(allowed, named_documents(wanted, view))
    return replace(found, docs=view.either(found.docs, named))


def _of_plain(clauses: Sequence[Clause], allowed: Docs, view: View[Docs]) -> Selection[Docs]:
    """Return which allowed documents match clauses without operators."""
    if is_sentence(clauses):
        return _telling(clauses, allowed, view)
    sets = [view.both(allowed, clause_documents(clause, view)) for clause in clauses]
    found = _all_of(sets, view)
    if view.size(found):
        return Selection(found)
    relaxed = _relaxed(clauses, sets, view)
    if view.size(relaxed.docs) or any(map(_is_code, clauses)):
        return relaxed
    told = _telling(clauses, allowed, view)
    return replace(told, how="any") if view.size(told.docs) else told


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


def _relaxed(clauses: Sequence[Clause], sets: Sequence[Docs], view: View[Docs]) -> Selection[Docs]:
    nowhere = [
        _typed(clause) for clause, docs in zip(clauses, sets, strict=True) if not view.size(docs)
    ]
    held = [
        (_typed(clause), docs)
        for clause, docs in zip(clauses, sets, strict=True)
        if view.size(docs)
    ]
    if not held:
        return Selection(view.nothing())
    # Among equals the later one is commoner enough: people type the telling word first.
    held.reverse()
    held.sort(key=lambda item: -view.size(item[1]))
    # Without the words that occur nowhere, the rest may hold together already.
    first = 0 if nowhere else 1
    for start in range(first, max(first + 1, len(held) - 1)):
        found = _all_of([docs for _, docs in held[start:]], view)
        if view.size(found):
            return Selection(found, "dropped", (*nowhere, *(text for text, _ in held[:start])))
    found = view.nothing()
    for _, docs in held:
        found = view.either(found, docs)
    return Selection(found, "any", tuple(nowhere))


def _all_of(sets: Sequence[Docs], view: View[Docs]) -> Docs:
    if not sets:
        return view.nothing()
    found = sets[0]
    for docs in sets[1:]:
        found = view.both(found, docs)
    return found


def _telling(clauses: Sequence[Clause], allowed: Docs, view: View[Docs]) -> Selection[Docs]:
    """Return where enough of the words occur, or, relaxing, where any does."""
    for share, how in _STEPS:
        found = view.nothing()
        for wording in _wordings(clauses):
            idfs = _idfs(wording, view)
            if idfs:
                least = share * sum(idfs.values()) if share else min(idfs.values())
                found = view.either(found, view.covering(idfs, least * (1 - _ROUNDING)))
        found = view.both(allowed, found)
        if view.size(found):
            return Selection(found, how)
    return Selection(view.nothing())


def _idfs(text: str, view: View[Docs]) -> dict[str, float]:
    """Return the idf of each word of a text that any document holds."""
    return {
        word: recipe.idf(view.total(), held)
        for word in sorted(set(analyze(text).words))
        if (held := view.frequency("words", word))
    }


def _wordings(clauses: Sequence[Clause]) -> Iterator[str]:
    """Yield the text as typed, then with one synonym put in the place of its clause."""
    own = [_typed(clause) for clause in clauses]
    yield " ".join(own)
    others = [
        [*own[:place], term.text, *own[place + 1 :]]
        for place, clause in enumerate(clauses)
        for term in clause.terms
        if term.synonym
    ]
    for words in others[:_MAX_WORDINGS]:
        yield " ".join(words)


def _typed(clause: Clause) -> str:
    return clause.terms[0].text


def _is_code(clause: Clause) -> bool:
    """Tell a code: half of it would mislead."""
    streams = analyze(_typed(clause))
    return bool(streams.identifiers) and not streams.chars
