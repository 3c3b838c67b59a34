r"""The query language: from what a person types to a SearchQuery, with budgets and clear errors.

    term  a + b             the word, code or run of characters should occur
    +term                   must occur, even if nothing then holds all words
    "a b" “a b” 「a b」      must stand together, in this order
    -term -"a b" NOT term   must not occur
    a OR b  a | b           one of the two
    abc*                    any word that starts so
    abc~                    words spelled, Chinese ones sounding, nearly so besides
    title:a text:a          there and nowhere else
    tag:a -tag:b            filters: kind, category, product, version, tag, state
    tag:a tag:b +tag:c      a or b, and c besides
    since:2026-01-01        changed on that day or later; also 2026-01, 2026, 7d, 24h, today
    until:2026-02           changed in that month or before
    updated:2026-01..2026-03

Anything else is text: ``C:\temp``, ``http://host:8080`` and ``12:30`` mean themselves. Nothing is nested.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from kbservice.errors import QuerySyntaxError
from kbservice.search.brackets import unbracketed
from kbservice.search.documents import NO_FILTERS, Clause, Filters, SearchQuery, Term
from kbservice.search.filtering import both
from kbservice.search.lexer import (
    DATE_FIELDS,
    FILTER_FIELDS,
    OPERATORS,
    Sign,
    Token,
    refusal,
    tokens_of,
)
from kbservice.search.periods import Period, read_date, read_range, since_text, until_text
from kbservice.text.characters import HAN
from kbservice.text.tokens import analyze

MAX_TERMS = 16
MAX_PHRASES = 4
MAX_PREFIXES = 4
MAX_FUZZY = 4
MAX_FILTERS = 8
MIN_PREFIX_LATIN = 3
MIN_PREFIX_HAN = 2
KINDS = ("article", "ticket")

_JOINERS = frozenset("+&")
_HAN = re.compile(f"[{HAN}]")
_FEWER = "Keep the telling ones"
_SUGGEST = "Keep the telling ones; a whole text goes to the suggest endpoint"
_NOTHING_EXCLUDED = ("Nothing follows the minus", "Write -word to exclude a word")


def parse(raw: str, *, now: datetime | None = None) -> SearchQuery:
    """Read a query.

    Args:
        raw: What was typed.
        now: The current moment in the zone of the reader's dates; without it, dates are of
            UTC and nothing can be "7d" ago.

    Raises:
        QuerySyntaxError: It cannot be read; ``facts`` has ``column`` and ``hint``.
    """
    reader = _Reader(now)
    for token in unbracketed(tokens_of(raw)):
        reader.take(token)
    query = replace(reader.finished(), raw=raw)
    _demand_budget(query)
    return query


def read_as(query: SearchQuery) -> str:
    """Return the query in canonical form; parsing it again gives the same query.

    Synonyms are left out: the book adds them again.
    """
    parts = [*map(_clause_text, query.clauses)]
    filters = query.filters
    if parts and filters == NO_FILTERS and all(clause.negated for clause in query.clauses):
        # What is excluded is taken from all: that must be said.
        parts.append("kind:all")
    for field in FILTER_FIELDS:
        value = getattr(filters, field)
        items = (value,) if isinstance(value, str) else value or ()
        parts += [_filter_text(field, item) for item in items]
    for field, values in filters.also:
        parts.append(" OR ".join(f"+{_filter_text(field, value)}" for value in values))
    parts += [f"-{_filter_text(field, value)}" for field, value in filters.without]
    if filters.since:
        parts.append(f"since:{since_text(filters.since)}")
    if filters.until:
        parts.append(f"until:{until_text(filters.until)}")
    return " ".join(parts)


class _Reader:
    """Puts tokens together to clauses and filters, one after the other."""

    def __init__(self, now: datetime | None) -> None:
        self._clauses: list[Clause] = []
        self._filters = _FilterReader(now)
        self._or_column = 0
        self._not_column = 0
        self._last_sign: Sign = ""
        self._last = ""  # what an OR would join: "term", or the field of a filter
        self._unsearchable: Token | None = None

    def take(self, token: Token) -> None:
        if _is_joiner(token) or (token.is_bare and self._is_operator(token)):
            return
        if self._not_column:
            token, self._not_column = replace(token, sign="-"), 0
        if token.field in FILTER_FIELDS or token.field in DATE_FIELDS:
            is_choice = bool(self._or_column)
            if is_choice and token.sign != "-":
                token = replace(token, sign=self._last_sign)
            self._demand_joinable(token, token.field)
            self._filters.take(token, is_choice=is_choice)
        elif token.is_bare and _is_empty(token.text):
            # Punctuation between words says nothing; alone it is no query.
            self._unsearchable = self._unsearchable or token
        else:
            self._demand_joinable(token, "term")
            self._add(token)

    def finished(self) -> SearchQuery:
        if self._or_column:
            raise refusal(self._or_column, "OR stands alone", "Write a OR b")
        if self._not_column:
            raise refusal(self._not_column, *_NOTHING_EXCLUDED)
        if self._unsearchable and not self._last:
            raise _nothing_in(self._unsearchable)
        query = SearchQuery(clauses=tuple(self._clauses), filters=self._filters.finished())
        if not self._filters.taken and self._clauses and all(c.negated for c in self._clauses):
            raise refusal(
                self._clauses[0].terms[0].column,
                "Everything is excluded, nothing is searched",
                "Add a word that must occur",
            )
        return query

    def _is_operator(self, token: Token) -> bool:
        if token.is_or:
            if not self._last or self._or_column:
                raise refusal(token.column, "OR stands alone", "Write a OR b")
            self._or_column = token.column
        elif token.text == "NOT":
            self._not_column = token.column
        else:
            return False
        return True

    def _demand_joinable(self, token: Token, what: str) -> None:
        """Check that a pending OR may join the token to the last one; remember the token."""
        if self._or_column and (
            what != self._last
            or what in DATE_FIELDS
            or (what in FILTER_FIELDS and "-" in {token.sign, self._last_sign})
        ):
            raise refusal(
                token.column,
                "OR joins two words or two values of one field",
                "Write a OR b, or tag:a OR tag:b",
            )
        if what != "term":
            self._or_column = 0
        self._last, self._last_sign = what, token.sign

    def _add(self, token: Token) -> None:
        term, negated = _term(token), token.sign == "-"
        is_plain = not (term.field or term.phrase or term.prefix)
        if not self._or_column:
            required = token.sign == "+" and is_plain
            self._clauses.append(Clause(terms=(term,), negated=negated, required=required))
            return
        last = self._clauses[-1]
        if negated or last.negated:
            raise refusal(token.column, "OR cannot join excluded words", "Write -a -b instead")
        self._clauses[-1] = Clause(terms=(*last.terms, term))
        self._or_column = 0


class _FilterReader:
    """Collects the filters of a query."""

    def __init__(self, now: datetime | None) -> None:
        self.taken = 0
        self._now = now
        self._kinds: set[str] = set()
        self._values: dict[str, dict[str, None]] = {}
        self._also: list[tuple[str, dict[str, None]]] = []
        self._without: dict[tuple[str, str], None] = {}
        self._since: datetime | None = None
        self._until: datetime | None = None

    def take(self, token: Token, *, is_choice: bool) -> None:
        """Add a filter; a choice joins it to the one before."""
        # A range is read back as two: since and until.
        self.taken += 2 if token.field == "updated" else 1
        if self.taken > MAX_FILTERS:
            raise refusal(
                token.column,
                "More than {limit} filters",
                "Keep the telling ones",
                limit=MAX_FILTERS,
            )
        if token.field in DATE_FIELDS:
            self._take_date(token)
        elif token.sign == "-":
            self._demand_kind(token, KINDS)
            self._without[token.field, token.text] = None
        elif token.sign == "+" and (token.field, token.text) != ("kind", "all"):
            self._demand_kind(token, KINDS)
            if not is_choice:
                self._also.append((token.field, {}))
            self._also[-1][1][token.text] = None
        elif token.field == "kind":
            self._demand_kind(token, (*KINDS, "all"))
            self._kinds |= set(KINDS) if token.text == "all" else {token.text}
        else:
            self._values.setdefault(token.field, {})[token.text] = None

    def finished(self) -> Filters:
        values: dict[str, Any] = {field: tuple(found) for field, found in self._values.items()}
        if len(self._kinds) == 1:
            values["kind"] = next(iter(self._kinds))
        found = Filters(
            **values, without=tuple(self._without), since=self._since, until=self._until
        )
        for field, group in self._also:
            found = both(found, _one_of(field, tuple(group)))
        return found

    def _demand_kind(self, token: Token, known: tuple[str, ...]) -> None:
        if token.field == "kind" and token.text not in known:
            raise refusal(
                token.column,
                "There is no kind {value}",
                "Write kind:article, kind:ticket or kind:all",
                value=token.text,
            )

    def _take_date(self, token: Token) -> None:
        if token.sign == "-":
            raise refusal(
                token.column, "A date cannot be excluded", "Use since: and until: for the two sides"
            )
        period = self._period(token)
        if period.begin and token.field != "until":
            self._since = max(self._since or period.begin, period.begin)
        if period.end and token.field != "since":
            self._until = min(self._until or period.end, period.end)
        if self._since and self._until and self._since >= self._until:
            raise refusal(
                token.column, "The dates leave no time between them", "The earlier date goes first"
            )

    def _period(self, token: Token) -> Period:
        read = read_range if token.field == "updated" else read_date
        period = read(token.text, self._now)
        if period is None:
            raise refusal(
                token.column,
                "{text} is no date for {field}",
                "Write {field}:2026-01-31, 2026-01, 2026 or 7d; a range is updated:2026-01..2026-03",
                text=token.text[:40],
                field=token.field,
            )
        return period


def _one_of(field: str, values: tuple[str, ...]) -> Filters:
    given: dict[str, Any] = {field: values}
    if field == "kind":
        given = {field: values[0] if len(values) == 1 else None}
    return Filters(**given)


def _is_joiner(token: Token) -> bool:
    """Tell what people put between words to mean "and": it is what a blank means already."""
    if token.field or token.phrase or token.sign == "-":
        return False
    return _JOINERS.issuperset(token.text) or (token.is_bare and token.text == "AND")


def _term(token: Token) -> Term:
    text, prefix, fuzzy = token.text, False, False
    if not token.phrase:
        if fuzzy := text.endswith("~") and not _is_empty(text):
            text = text[:-1]
        if "*" in text[:-1]:
            raise refusal(token.column, "A star may only stand at the end of a word", "Write abc*")
        if text.endswith("*"):
            text, prefix = text[:-1], True
            least = MIN_PREFIX_HAN if _HAN.search(text) else MIN_PREFIX_LATIN
            if len(text) < least:
                raise refusal(
                    token.column,
                    "The prefix is too short",
                    "At least {least} characters before the star",
                    least=least,
                )
    if _is_empty(text):
        raise _nothing_in(token)
    return Term(
        text=text,
        field=token.field,
        phrase=token.phrase,
        prefix=prefix,
        fuzzy=fuzzy,
        column=token.column,
    )


def _is_empty(text: str) -> bool:
    streams = analyze(text, keep_stop=True)
    return not (streams.words or streams.chars)


def _nothing_in(token: Token) -> QuerySyntaxError:
    return refusal(
        token.column,
        "There is nothing to search for in {text}",
        "Search for words or codes",
        text=token.text[:40] or '""',
    )


def _demand_budget(query: SearchQuery) -> None:
    """Check what the query would cost; words too common to be searched cost nothing."""
    terms = [term for clause in query.clauses for term in clause.terms if not _is_free(clause)]
    budgets = (
        (terms, MAX_TERMS, "More than {limit} terms", _SUGGEST),
        ([t for t in terms if t.phrase], MAX_PHRASES, "More than {limit} phrases", _FEWER),
        ([t for t in terms if t.prefix], MAX_PREFIXES, "More than {limit} prefixes", _FEWER),
        ([t for t in terms if t.fuzzy], MAX_FUZZY, "More than {limit} words with ~", _FEWER),
    )
    for found, limit, message, hint in budgets:
        if len(found) > limit:
            raise refusal(found[limit].column, message, hint, limit=limit)


def _is_free(clause: Clause) -> bool:
    term = clause.terms[0]
    is_plain = len(clause.terms) == 1 and not (term.field or term.phrase or term.prefix)
    return is_plain and not (clause.negated or clause.required or analyze(term.text).words)


def _clause_text(clause: Clause) -> str:
    sign = "-" if clause.negated else "+" if clause.required else ""
    return " OR ".join((sign or _guard(term)) + _term_text(term) for term in clause.own)


def _guard(term: Term) -> str:
    """Return the plus that lets "+OR" and "++a*" be read as words, which else says nothing."""
    is_plain = not (term.field or term.phrase)
    is_marked = term.text in OPERATORS or term.text.startswith(("+", "-"))
    return "+" if is_plain and is_marked else ""


def _term_text(term: Term) -> str:
    text = f'"{term.text}"' if term.phrase else term.text + ("*" if term.prefix else "")
    text += "~" if term.fuzzy else ""
    return f"{term.field}:{text}" if term.field else text


def _filter_text(field: str, value: str) -> str:
    return f'{field}:"{value}"' if re.search(r"[\s()]", value) else f"{field}:{value}"
