"""Words that stand for the same: the rules, and how they widen a query.

    蓝屏, 死机, BSOD            equal: each finds the others
    exchange => 邮件服务器       one way: who asks for the left also gets the right

A rule meets a query on folded text with stemmed English, at word borders: whole terms, terms
typed one after the other, and known words inside a longer run of Chinese. Rules do not chain.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kbservice.errors import InvalidInput
from kbservice.search.documents import Clause, Expansion, SearchQuery, Term
from kbservice.text import han
from kbservice.text.atoms import stem
from kbservice.text.characters import HAN
from kbservice.text.normalise import fold_text
from kbservice.text.tokens import analyze, sequence, spans

MAX_TERMS = 16
MAX_TERM_CHARACTERS = 60
MAX_RULE_CHARACTERS = 500
MAX_ADDED = 24
"""Alternatives that one query may gain: a bound on what rules can cost."""

_ARROW = re.compile(r"=>|＝＞|⇒|→")
_COMMA = re.compile(r"[,，、;；]")
_HAN_RUN = re.compile(f"[{HAN}]+")
_FORBIDDEN = re.compile(r'["“”「」*\n\r\t]')
_PER_TERM = 8

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the book.

    Attributes:
        terms: What may be asked for.
        adds: What is searched besides; empty: the terms are equal, each adds the others.
    """

    terms: tuple[str, ...]
    adds: tuple[str, ...] = ()

    def __str__(self) -> str:
        left = ", ".join(self.terms)
        return f"{left} => {', '.join(self.adds)}" if self.adds else left

    def pairs(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each term with what it adds."""
        for term in self.terms:
            yield term, self.adds or tuple(other for other in self.terms if other != term)


def parse_rule(line: str) -> Rule:
    """Read one rule; ``str`` of it is its canonical form.

    Raises:
        InvalidInput: It is no rule; the message says what is wrong with it.
    """
    if len(line) > MAX_RULE_CHARACTERS:
        raise InvalidInput(
            "A synonym rule has at most {limit} characters", limit=MAX_RULE_CHARACTERS
        )
    sides = _ARROW.split(line)
    if len(sides) > 2:  # noqa: PLR2004  # left and right
        raise InvalidInput("A synonym rule has at most one =>: {rule}", rule=line.strip())
    left, right = _terms(sides[0]), _terms(sides[1]) if sides[1:] else ()
    if len(sides) > 1 and not (left and right):
        raise InvalidInput("A synonym rule needs words on both sides of =>")
    if len(sides) == 1 and len(left) < 2:  # noqa: PLR2004  # a group
        raise InvalidInput("A synonym rule needs two different words: a, b or a => b")
    known = set(map(key_of, left))
    if repeated := [term for term in right if key_of(term) in known]:
        raise InvalidInput("{term} stands on both sides of =>", term=repeated[0])
    if len(left) + len(right) > MAX_TERMS:
        raise InvalidInput("A synonym rule has at most {limit} words", limit=MAX_TERMS)
    return Rule(left, right)


def key_of(text: str) -> Key:
    """Return the form under which a term meets queries: folded, lower-case, English stemmed."""
    return tuple(_unit(token.text) for token in sequence(fold_text(text)))


class SynonymBook:
    """All rules, ready to widen queries; unchanging, so that threads may share it."""

    def __init__(self, rules: Iterable[Rule] = (), version: int = 0) -> None:
        self.version = version
        self._adds: dict[Key, dict[str, None]] = {}
        for rule in rules:
            for term, added in rule.pairs():
                self._adds.setdefault(key_of(term), {}).update(dict.fromkeys(added))
        self._longest = max(map(len, self._adds), default=0)
        self._starts = frozenset(key[0] for key in self._adds)

    def __len__(self) -> int:
        return len(self._adds)

    def expand(self, query: SearchQuery) -> SearchQuery:
        """Return the query with alternatives for the terms that the book knows.

        Excluded, quoted and prefix terms stay as they are: they say exactly what is meant.
        A text of ticket length is not for this; it has words enough of its own.
        """
        if not self._adds:
            return query
        added: list[list[Term]] = [[] for _ in query.clauses]
        found: dict[str, dict[str, None]] = {}
        for at, clause in enumerate(query.clauses):
            for term in () if clause.negated else clause.terms:
                added[at] += self._inside(term, found)
        self._across(query.clauses, added, found)
        if not found:
            return query
        return replace(
            query,
            clauses=tuple(map(_joined, query.clauses, _bounded(added))),
            expansions=tuple(
                Expansion(text=text, added=tuple(adds)) for text, adds in found.items()
            ),
        )

    def _inside(self, term: Term, found: dict[str, dict[str, None]]) -> Iterator[Term]:
        """Yield the alternatives of one term: each known word in it replaced."""
        if term.phrase or term.prefix or term.synonym:
            return
        text = fold_text(term.text)
        pieces: list[tuple[str, ...]] = []
        done = 0
        for start, end, adds in self._matches(text):
            pieces += [_telling(text[done:start]), (text[start:end], *adds)]
            found.setdefault(text[start:end], {}).update(dict.fromkeys(adds))
            done = end
        if not done:
            return
        pieces.append(_telling(text[done:]))
        choices = itertools.islice(itertools.product(*filter(None, pieces)), 1, _PER_TERM + 1)
        for words in choices:
            yield _alternative(" ".join(words), term)

    def _matches(self, text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield where the text says a known term, the longest at each place."""
        tokens = sequence(text)
        units = tuple(_unit(token.text) for token in tokens)
        if self._starts.isdisjoint(units):
            return
        borders = _borders(text)
        at = 0
        while at < len(tokens):
            size = self._size_at(units, at) if tokens[at].start in borders else 0
            while size and tokens[at + size - 1].end not in borders:
                size = self._size_at(units[: at + size - 1], at)
            if size:
                key = units[at : at + size]
                yield tokens[at].start, tokens[at + size - 1].end, tuple(self._adds[key])
            at += size or 1

    def _size_at(self, units: Key, at: int) -> int:
        """Return how many units the longest known term at a place has, 0 if there is none."""
        longest = (
            min(self._longest, len(units) - at)
            if units[at : at + 1] and units[at] in self._starts
            else 0
        )
        sizes = range(longest, 0, -1)
        return next((size for size in sizes if units[at : at + size] in self._adds), 0)

    def _across(
        self,
        clauses: Sequence[Clause],
        added: list[list[Term]],
        found: dict[str, dict[str, None]],
    ) -> None:
        """Find terms of several words typed one after the other, each its own clause.

        ``blue screen`` demands both words; with the alternative in each of the two clauses
        the query reads (blue OR 蓝屏) (screen OR 蓝屏), which is (blue AND screen) OR 蓝屏.
        """
        for start, end in itertools.combinations(range(len(clauses) + 1), 2):
            if end - start < 2 or not all(map(_is_plain, clauses[start:end])):  # noqa: PLR2004
                continue
            text = " ".join(clause.terms[0].text for clause in clauses[start:end])
            adds = self._adds.get(key_of(text))
            if adds is None:
                continue
            found.setdefault(text, {}).update(adds)
            for at in range(start, end):
                added[at] += [_alternative(word, clauses[at].terms[0]) for word in adds]


def _terms(side: str) -> tuple[str, ...]:
    found: dict[Key, str] = {}
    for part in filter(None, map(str.strip, _COMMA.split(side))):
        text = " ".join(part.split())
        if len(text) > MAX_TERM_CHARACTERS:
            raise InvalidInput(
                "A synonym has at most {limit} characters: {term}",
                limit=MAX_TERM_CHARACTERS,
                term=text,
            )
        if _FORBIDDEN.search(text) or not key_of(text):
            raise InvalidInput("{term} cannot be a synonym: write words or codes", term=text)
        found.setdefault(key_of(text), text)
    return tuple(found.values())


def _unit(text: str) -> str:
    return stem(text) if text.isalpha() else text


def _borders(text: str) -> set[int]:
    """Return where words begin and end: inside a code there is no border."""
    borders = {0, len(text)}
    for match in _HAN_RUN.finditer(text):
        cuts = itertools.accumulate(map(len, han.words(match.group())), initial=match.start())
        borders.update(cuts)
    done = 0
    for span in sorted(spans(text), key=lambda span: (span.start, -span.end)):
        if span.start >= done and span.kind != "han":
            borders.update((span.start, span.end))
            done = span.end
    for match in re.finditer(r"\S+", text):
        borders.update(match.span())
    return borders


def _telling(text: str) -> tuple[str, ...]:
    """Return the rest of a term, unless it has nothing but stop words."""
    return (text.strip(),) if analyze(text).words else ()


def _alternative(text: str, term: Term) -> Term:
    is_latin = not _HAN_RUN.search(text)
    return replace(
        term, text=text, synonym=True, phrase=is_latin and len(text.split()) > 1 and not term.field
    )


def _is_plain(clause: Clause) -> bool:
    term = clause.terms[0]
    return (
        not clause.negated
        and len(clause.terms) == 1
        and not (term.phrase or term.prefix or term.field)
    )


def _bounded(added: Sequence[Sequence[Term]]) -> Iterator[list[Term]]:
    left = MAX_ADDED
    for terms in added:
        unique = list({(term.field, key_of(term.text)): term for term in terms}.values())[:left]
        left -= len(unique)
        yield unique


def _joined(clause: Clause, added: Sequence[Term]) -> Clause:
    return replace(clause, terms=(*clause.terms, *added)) if added else clause
