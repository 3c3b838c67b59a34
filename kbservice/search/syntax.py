r"""The query language: from what a person types to a SearchQuery, with budgets and clear errors.

    term            the word, code or run of characters must occur
    "a b" “a b” 「a b」  must stand together, in this order
    -term -"a b"    must not occur
    a OR b          one of the two
    abc*            any word that starts so
    field:value     title, text; or a filter: kind, category, product, version, tag, state

Anything else is text: ``C:\temp``, ``http://host:8080`` and ``12:30`` mean themselves.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from kbservice.errors import QuerySyntaxError
from kbservice.search.documents import Clause, Filters, SearchQuery, Term
from kbservice.text.characters import HAN
from kbservice.text.tokens import analyze

MAX_CHARACTERS = 256
MAX_TERMS = 16
MAX_PHRASES = 4
MAX_FILTERS = 8
MIN_PREFIX_LATIN = 3
MIN_PREFIX_HAN = 2
TEXT_FIELDS = ("title", "text")
FILTER_FIELDS = ("kind", "category", "product", "version", "tag", "state")
FIELDS = (*TEXT_FIELDS, *FILTER_FIELDS)

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "「": '"', "」": '"', "『": '"', "』": '"'})
_PIECE = re.compile(
    r'(?P<minus>-)?(?:(?P<field>[A-Za-z]{2,12}):)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))'
)
_HAN = re.compile(f"[{HAN}]")


@dataclass(frozen=True, slots=True)
class _Piece:
    column: int
    negated: bool
    field: str
    text: str
    phrase: bool


def parse(raw: str) -> SearchQuery:
    """Read a query.

    Raises:
        QuerySyntaxError: It cannot be read; ``facts`` has ``column`` and ``hint``.
    """
    text = unicodedata.normalize("NFKC", raw.translate(_QUOTES)).translate(_QUOTES)
    text = "".join(char if char.isprintable() else " " for char in text)
    if len(text) > MAX_CHARACTERS:
        raise _error(
            MAX_CHARACTERS + 1,
            "The query is longer than {limit} characters",
            "Search with the telling words; a whole text goes to the suggest endpoint",
            limit=MAX_CHARACTERS,
        )
    reader = _Reader()
    for piece in _pieces(text):
        reader.take(piece)
    query = replace(reader.finished(), raw=raw)
    _demand_budget(query)
    return query


class _Reader:
    """Puts pieces together to clauses and filters, one after the other."""

    def __init__(self) -> None:
        self._clauses: list[Clause] = []
        self._filters = Filters()
        self._or_column = 0

    def take(self, piece: _Piece) -> None:
        if piece.text == "OR" and not (piece.phrase or piece.field or piece.negated):
            if not self._clauses or self._or_column:
                raise _error(piece.column, "OR stands alone", "Write a OR b")
            self._or_column = piece.column
        elif piece.field in FILTER_FIELDS:
            self._filters = _filtered(self._filters, piece)
        elif self._or_column:
            self._join(piece)
        else:
            self._clauses.append(Clause(terms=(_term(piece),), negated=piece.negated))

    def finished(self) -> SearchQuery:
        if self._or_column:
            raise _error(self._or_column, "OR stands alone", "Write a OR b")
        return SearchQuery(clauses=tuple(self._clauses), filters=self._filters)

    def _join(self, piece: _Piece) -> None:
        last = self._clauses[-1]
        if piece.negated or last.negated:
            raise _error(piece.column, "OR cannot join excluded words", "Write -a -b instead")
        self._clauses[-1] = replace(last, terms=(*last.terms, _term(piece)))
        self._or_column = 0


def read_as(query: SearchQuery) -> str:
    """Return the query in canonical form; parsing it again gives the same query."""
    parts = [
        " OR ".join(("-" if clause.negated else "") + _written(term) for term in clause.terms)
        for clause in query.clauses
    ]
    for field in FILTER_FIELDS:
        value = getattr(query.filters, field)
        parts += [
            f'{field}:"{item}"' if re.search(r"\s", item) else f"{field}:{item}"
            for item in ((value,) if isinstance(value, str) else value or ())
        ]
    return " ".join(parts)


def _written(term: Term) -> str:
    text = f'"{term.text}"' if term.phrase else term.text + ("*" if term.prefix else "")
    return f"{term.field}:{text}" if term.field else text


def _pieces(text: str) -> list[_Piece]:
    found: list[_Piece] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _PIECE.match(text, at)
        if match is None:
            raise _refusal(text, at)
        found.append(_piece(match))
        at = match.end()
    return found


def _refusal(text: str, at: int) -> QuerySyntaxError:
    quote = text.find('"', at)
    if quote >= 0:
        return _error(quote + 1, "The quote is not closed", 'Close it with "')
    return _error(at + 1, "Nothing can be read here", "Search for words or codes")


def _piece(match: re.Match[str]) -> _Piece:
    column = match.start() + 1
    field = (match["field"] or "").lower()
    phrase, word = match["phrase"], match["word"]
    if field and field not in FIELDS:
        if near := _near(field, word or ""):
            raise _error(
                column, "There is no field {field}", "Did you mean {near}:?", field=field, near=near
            )
        # Not a field: an address, a path, a time or just two words with a colon.
        word, field, phrase = match.group().removeprefix("-" if match["minus"] else ""), "", None
    if phrase is None and word == "-":
        raise _error(column, "Nothing follows the minus", "Write -word to exclude a word")
    return _Piece(
        column,
        bool(match["minus"]),
        field,
        phrase if phrase is not None else word or "",
        phrase is not None,
    )


def _near(field: str, value: str) -> str:
    """Return the field that was probably meant: one letter off, and no path or address."""
    if value.startswith(("/", "\\", ":")) or value[:1].isdigit():
        return ""
    for known in FIELDS:
        if len(field) > 3 and _is_one_edit(field, known):  # noqa: PLR2004  # short words are words
            return known
    return ""


def _is_one_edit(left: str, right: str) -> bool:
    if left == right or abs(len(left) - len(right)) > 1:
        return left == right
    short, long = sorted((left, right), key=len)
    for i in range(len(long)):
        if long[:i] + long[i + 1 :] == short or (
            len(short) == len(long) and short[:i] + long[i] + short[i + 1 :] == long
        ):
            return True
    return False


def _filtered(filters: Filters, piece: _Piece) -> Filters:
    if not piece.text:
        raise _error(
            piece.column, "Field {field} has no value", "Write {field}:value", field=piece.field
        )
    if piece.negated:
        raise _error(piece.column, "A filter cannot be excluded", "Choose the values to keep")
    if piece.field == "kind":
        if piece.text == "all":
            return filters
        if piece.text not in {"article", "ticket"}:
            raise _error(
                piece.column,
                "There is no kind {value}",
                "Write kind:article, kind:ticket or kind:all",
                value=piece.text,
            )
        return replace(filters, kind="article" if piece.text == "article" else "ticket")
    values: dict[str, Any] = {piece.field: (*getattr(filters, piece.field), piece.text)}
    return replace(filters, **values)


def _term(piece: _Piece) -> Term:
    text, prefix = piece.text, False
    if not piece.phrase:
        if "*" in text[:-1]:
            raise _error(piece.column, "A star may only stand at the end of a word", "Write abc*")
        if text.endswith("*"):
            text, prefix = text[:-1], True
            least = MIN_PREFIX_HAN if _HAN.search(text) else MIN_PREFIX_LATIN
            if len(text) < least:
                raise _error(
                    piece.column,
                    "The prefix is too short",
                    "At least {least} characters before the star",
                    least=least,
                )
    streams = analyze(text, keep_stop=True)
    if not (streams.words or streams.chars):
        raise _error(
            piece.column,
            "There is nothing to search for in {text}",
            "Search for words or codes",
            text=text[:40],
        )
    return Term(
        text=text, field=piece.field, phrase=piece.phrase, prefix=prefix, column=piece.column
    )


def _demand_budget(query: SearchQuery) -> None:
    terms = [term for clause in query.clauses for term in clause.terms]
    if len(terms) > MAX_TERMS:
        raise _error(
            terms[MAX_TERMS].column,
            "More than {limit} terms",
            "Keep the telling ones; a whole text goes to the suggest endpoint",
            limit=MAX_TERMS,
        )
    phrases = [term for term in terms if term.phrase]
    if len(phrases) > MAX_PHRASES:
        raise _error(
            phrases[MAX_PHRASES].column,
            "More than {limit} phrases",
            "Keep the telling ones",
            limit=MAX_PHRASES,
        )
    filters = sum(len(getattr(query.filters, name)) for name in FILTER_FIELDS if name != "kind")
    if filters > MAX_FILTERS:
        raise _error(1, "More than {limit} filters", "Keep the telling ones", limit=MAX_FILTERS)
    if query.clauses and all(clause.negated for clause in query.clauses):
        raise _error(
            query.clauses[0].terms[0].column,
            "Everything is excluded, nothing is searched",
            "Add a word that must occur",
        )


def _error(column: int, message: str, hint: str, **facts: object) -> QuerySyntaxError:
    return QuerySyntaxError(message, column=column, hint=hint, **facts)
