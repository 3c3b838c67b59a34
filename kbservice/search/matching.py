"""Which documents a query matches, independent of how an engine stores its postings.

A term holds where all its parts occur: a run of Han characters by all its character pairs or
by all its words, a word by its stem, a code by its whole or joined form. A query of plain
words that reads like a sentence (a long Han run or many words) matches wherever a quarter of
its telling words, by idf, occur, and ranking does the rest; operators keep their strict sense.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from kbservice.search.documents import Clause, SearchQuery, Term
from kbservice.search.naming import folded_id, may_name
from kbservice.text.atoms import stem
from kbservice.text.characters import HAN, HANGUL, KANA
from kbservice.text.normalise import fold_text
from kbservice.text.tokens import Span, Streams, analyze, sequence_terms, spans

SENTENCE_HAN_RUN = 6
SENTENCE_WORDS = 4

_RUN = re.compile(f"[{HAN}]+|[{KANA}{HANGUL}]+")
_SHORTEST_WORD = 2

Docs = TypeVar("Docs")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in a sequence: a unit itself, a word of its stem, or what begins with it."""

    text: str
    kind: Literal["exact", "stem", "prefix"] = "exact"

    @property
    def root(self) -> str:
        """What every accepted unit begins with, save the text itself."""
        # A stem may end in another letter than the word: policy, polici.
        return stem(self.text)[:-1] if self.kind == "stem" else self.text

    def accepts(self, unit: str) -> bool:
        """Tell whether a unit of a text fills this place."""
        if unit == self.text or self.kind == "exact":
            return unit == self.text
        if not unit.startswith(self.root):
            return False
        return self.kind == "prefix" or stem(unit) == stem(self.text)


class Postings(Protocol[Docs]):
    """Sets of documents, as one engine represents them."""

    def having(self, stream: str, term: str) -> Docs:
        """Return the documents that hold a term of a stream."""

    def sequence(self, slots: tuple[Slot, ...], field: str) -> Docs:
        """Return where the slots follow each other: in the title, the text, or in either."""

    def starting(self, prefix: str) -> Docs:
        """Return the documents with a term of the word stream that begins so."""

    def named(self, name: str) -> Docs:
        """Return the documents whose folded id it is."""

    def both(self, left: Docs, right: Docs) -> Docs:
        """Return the intersection."""

    def either(self, left: Docs, right: Docs) -> Docs:
        """Return the union."""

    def nothing(self) -> Docs:
        """Return the empty set."""


@dataclass(frozen=True, slots=True)
class Part:
    """One run, word or code inside a term.

    Attributes:
        words: For a run, its words; each with the forms that mean the same. For a word or
            code, one entry.
    """

    kind: Literal["run", "word", "code"]
    text: str
    words: tuple[tuple[str, ...], ...]


@functools.lru_cache(1 << 10)
def parts_of(text: str) -> tuple[Part, ...]:
    """Cut a plain term into what must all occur; empty if it has nothing but stop words."""
    folded = fold_text(text)
    leaders = _leaders(spans(folded))
    found = [
        (match.start(), Part("run", match.group(), _inside(leaders, match.start(), match.end())))
        for match in _RUN.finditer(folded)
    ]
    for leader, forms in leaders:
        if leader.kind != "han":
            kind: Literal["word", "code"] = "word" if leader.kind == "latin" else "code"
            found.append((leader.start, Part(kind, leader.text, (forms,))))
    return tuple(part for _, part in sorted(found, key=lambda item: item[0]))


def term_documents(term: Term, postings: Postings[Docs]) -> Docs:
    """Return where one term occurs."""
    units = sequence_terms(term.text)
    if term.prefix:
        return _prefix_documents(term, units, postings)
    if term.phrase:
        found = postings.sequence(tuple(map(Slot, units)), term.field)
        return postings.either(found, named_documents(names_in(term), postings))
    if term.field:
        slots = (Slot(u, "stem" if u.isascii() and u.isalpha() else "exact") for u in units)
        return postings.sequence(tuple(slots), term.field)
    parts = parts_of(term.text)
    if not parts:
        return postings.sequence(tuple(map(Slot, units)), "")
    return _all((_part_documents(part, postings) for part in parts), postings)


def clause_documents(clause: Clause, postings: Postings[Docs]) -> Docs:
    """Return where at least one alternative of a clause occurs."""
    return _any((term_documents(term, postings) for term in clause.terms), postings)


def names(query: SearchQuery) -> frozenset[str]:
    """Return the folded ids that the words of a query may be."""
    positive = (clause for clause in query.clauses if not clause.negated)
    return frozenset(name for clause in positive for t in clause.terms for name in names_in(t))


def names_in(term: Term) -> tuple[str, ...]:
    """Return the folded ids that a term may name."""
    if term.field or term.prefix:
        return ()
    if term.phrase:
        name = folded_id(term.text)
        return (name,) if may_name(name) else ()
    return tuple(filter(may_name, map(_code, parts_of(term.text))))


def named_documents(wanted: Iterable[str], postings: Postings[Docs]) -> Docs:
    """Return the documents of folded ids."""
    return _any(map(postings.named, wanted), postings)


def is_strict(clause: Clause) -> bool:
    """Tell whether a clause uses an operator, and so must not be given up.

    Synonyms are no operator: nobody typed them.
    """
    own = clause.own
    return clause.required or len(own) > 1 or any(t.field or t.phrase or t.prefix for t in own)


def is_sentence(clauses: Sequence[Clause]) -> bool:
    """Tell whether plain clauses are running language rather than a list of demands."""
    runs = [run for clause in clauses for run in _RUN.findall(fold_text(clause.terms[0].text))]
    return len(clauses) > SENTENCE_WORDS or any(len(run) > SENTENCE_HAN_RUN for run in runs)


def is_telling(clause: Clause) -> bool:
    """Tell whether a plain clause has more than words too common to be indexed."""
    return bool(analyze(clause.terms[0].text).words)


def positive_text(query: SearchQuery) -> str:
    """Return everything that may be matched, as one text for ranking.

    A synonym's term may repeat the words around it, which must not count twice; the
    expansions name what was added alone.
    """
    positive = [clause for clause in query.clauses if not clause.negated]
    if not query.expansions:
        return " ".join(term.text for clause in positive for term in clause.terms)
    own = [term.text for clause in positive for term in clause.own]
    added = dict.fromkeys(text for item in query.expansions for text in item.added)
    return " ".join((*own, *added))


def streams_of(text: str) -> Streams:
    """Return the terms of a text; its stop words count where there is nothing else."""
    streams = analyze(text)
    return streams if streams.words or streams.chars else analyze(text, keep_stop=True)


def _part_documents(part: Part, postings: Postings[Docs]) -> Docs:
    if part.kind != "run":
        return _word_documents(part, postings)
    run = part.text
    if len(run) == 1:
        return postings.having("chars", run)
    pairs = (run[i : i + 2] for i in range(len(run) - 1))
    found = _all((postings.having("bigrams", pair) for pair in pairs), postings)
    if not part.words or any(len(forms[0]) < _SHORTEST_WORD for forms in part.words):
        return found
    by_words = (_forms_documents(forms, postings) for forms in part.words)
    return postings.either(found, _all(by_words, postings))


def _word_documents(part: Part, postings: Postings[Docs]) -> Docs:
    found = _forms_documents(part.words[0], postings)
    if may_name(name := _code(part)):
        found = postings.either(found, postings.named(name))
    units = sequence_terms(part.text)
    if part.kind == "code" and len(units) > 1 and any(char.isalpha() for char in part.text):
        # Win11 is also written Win 11, and log-in is log in.
        return postings.either(found, postings.sequence(tuple(map(Slot, units)), ""))
    return found


def _code(part: Part) -> str:
    """Return the text of a code, empty for what is none."""
    return folded_id(part.text) if part.kind == "code" else ""


def _forms_documents(forms: tuple[str, ...], postings: Postings[Docs]) -> Docs:
    return _any((postings.having("words", form) for form in forms), postings)


def _prefix_documents(term: Term, units: list[str], postings: Postings[Docs]) -> Docs:
    """Han has no word borders: what starts so is what holds the characters together."""
    is_han = _RUN.fullmatch(units[-1]) is not None
    last = Slot(units[-1], "exact" if is_han else "prefix")
    found = postings.sequence((*map(Slot, units[:-1]), last), term.field)
    if term.field or is_han:
        return found
    return postings.either(found, postings.starting(fold_text(term.text).lower()))


def _leaders(found: Iterable[Span]) -> list[tuple[Span, tuple[str, ...]]]:
    """Return the longest spans, each with the terms that stand for all of it."""
    leaders: list[tuple[Span, tuple[str, ...]]] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        last = leaders[-1][0] if leaders else None
        if last is None or span.start >= last.end:
            leaders.append((span, (span.term,)))
        elif (span.start, span.end) == (last.start, last.end):
            leaders[-1] = (last, (*leaders[-1][1], span.term))
    return leaders


def _inside(
    leaders: Iterable[tuple[Span, tuple[str, ...]]], start: int, end: int
) -> tuple[tuple[str, ...], ...]:
    return tuple(forms for span, forms in leaders if start <= span.start and span.end <= end)


def _all(sets: Iterable[Docs], postings: Postings[Docs]) -> Docs:
    found: Docs | None = None
    for docs in sets:
        found = docs if found is None else postings.both(found, docs)
    return postings.nothing() if found is None else found


def _any(sets: Iterable[Docs], postings: Postings[Docs]) -> Docs:
    found = postings.nothing()
    for docs in sets:
        found = postings.either(found, docs)
    return found
