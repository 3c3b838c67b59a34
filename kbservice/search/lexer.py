"""Cuts a typed query into signed words, phrases and fields, and tells each one's column."""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from kbservice.errors import QuerySyntaxError

Sign = Literal["", "-", "+"]

MAX_CHARACTERS = 256
TEXT_FIELDS = ("title", "text")
FILTER_FIELDS = ("kind", "category", "product", "version", "tag", "state")
DATE_FIELDS = ("since", "until", "updated")
FIELDS = (*TEXT_FIELDS, *FILTER_FIELDS, *DATE_FIELDS)
OR = frozenset({"OR", "|", "||"})
OPERATORS = OR | {"AND", "NOT"}

# What input methods write for a quote or a minus.
_SIGNS = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "「": '"', "」": '"', "『": '"', "』": '"', "\u2212": "-"}
)
# Controls, lone surrogates and separators of every kind.
_BLANK = frozenset({"Cc", "Cs", "Zs", "Zl", "Zp"})
# A bar beside a quote stands alone, as if there were blanks.
_WORD = r'(?<=")\|{1,2}|\|{1,2}(?=")|(?>[^\s"|]+(?:\|+[^\s"|]+)*)(?=\|{1,2}")|[^\s"]+'
_TOKEN = re.compile(
    rf'(?P<sign>[-+])?(?:(?P<field>[A-Za-z]{{2,12}}):)?(?:"(?P<phrase>[^"]*)"|(?P<word>{_WORD}))'
)
# Words of letters, digits and hyphens; what has other signs is part of a command or a table.
_WORD_OF_CHOICE = r"(?=[\d-]*[^\W\d_])(?!(?:AND|OR|NOT)\b)[^\W_]+(?:-[^\W_]+)*[*~]?"
_CHOICE = re.compile(rf"\(*{_WORD_OF_CHOICE}(?:\|{{1,2}}{_WORD_OF_CHOICE})+\)*")
_PIECE = re.compile(r"\|+|[^|]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One thing between blanks, as it was typed.

    Attributes:
        column: 1-based place in what was typed.
        field: One of FIELDS, or empty.
    """

    column: int
    text: str
    sign: Sign = ""
    field: str = ""
    phrase: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether nothing marks it: neither sign nor field nor quotes."""
        return not (self.sign or self.field or self.phrase)

    @property
    def is_or(self) -> bool:
        """Whether it joins alternatives."""
        return self.is_bare and self.text in OR

    @property
    def lacks_value(self) -> bool:
        """Whether it is a field with nothing behind its colon."""
        return bool(self.field) and not self.text


def tokens_of(raw: str) -> list[Token]:
    """Cut a query.

    Raises:
        QuerySyntaxError: It is too long, or a token cannot be read.
    """
    text = _canonical(raw)
    # Equal lengths alone may come of one character left out and another one unfolded.
    is_even = len(text) == len(raw) == len(_visible(raw))
    column = _next if is_even else partial(_column, raw)
    if len(text) > MAX_CHARACTERS:
        raise refusal(
            column(MAX_CHARACTERS),
            "The query is longer than {limit} characters",
            "Search with the telling words; a whole text goes to the suggest endpoint",
            limit=MAX_CHARACTERS,
        )
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None or _is_before_open_quote(match):
            raise _unreadable(text, at, column)
        if not _is_dash(match):
            _add(_token(match, column(at)), found)
            _split_choice(found, at, column)
        at = match.end()
    if found and found[-1].lacks_value:
        raise no_value(found[-1])
    return found


def refusal(column: int, message: str, hint: str, **facts: object) -> QuerySyntaxError:
    """Return the error for what stands at a column."""
    return QuerySyntaxError(message, column=column, hint=hint, **facts)


def no_value(token: Token) -> QuerySyntaxError:
    """Return the error for a field without a value."""
    return refusal(
        token.column, "Field {field} has no value", "Write {field}:value", field=token.field
    )


def _add(token: Token, found: list[Token]) -> None:
    """Add a token; behind a field whose colon a blank follows, it is the value."""
    if not (found and found[-1].lacks_value):
        found.append(token)
        return
    name = found[-1]
    if name.phrase or token.sign or token.field:
        raise no_value(name)
    found[-1] = replace(token, column=name.column, sign=name.sign, field=name.field)


def _split_choice(found: list[Token], at: int, column: Callable[[int], int]) -> None:
    """Cut the last token, which begins ``at``, at its bars if it is a choice between words."""
    token = found[-1]
    if "|" in token.text and token.is_bare and _CHOICE.fullmatch(token.text):
        found[-1:] = [
            Token(column=column(at + piece.start()), text=piece.group())
            for piece in _PIECE.finditer(token.text)
        ]


def _canonical(raw: str) -> str:
    signs = _visible(raw).translate(_SIGNS)
    text = unicodedata.normalize("NFKC", signs).translate(_SIGNS)
    return text if text.isprintable() else "".join(map(_blank_or_same, text))


def _visible(raw: str) -> str:
    """Return the text without zero-width and direction marks and soft hyphens."""
    if raw.isprintable():
        return raw
    return "".join(char for char in raw if unicodedata.category(char) != "Cf")


def _blank_or_same(char: str) -> str:
    return " " if unicodedata.category(char) in _BLANK else char


def _next(at: int) -> int:
    return at + 1


def _column(raw: str, at: int) -> int:
    """Return the column of what was typed that became the character ``at``."""
    return bisect.bisect_right(range(len(raw) + 1), at, key=lambda end: len(_canonical(raw[:end])))


def _unreadable(text: str, at: int, column: Callable[[int], int]) -> QuerySyntaxError:
    quote = text.find('"', at)
    if quote >= 0:
        return refusal(column(quote), "The quote is not closed", 'Close it with "')
    return refusal(column(at), "Nothing can be read here", "Search for words or codes")


def _is_before_open_quote(match: re.Match[str]) -> bool:
    # A quote that is closed is read together with its minus.
    return match.group() == "-" and match.string.startswith('"', match.end())


def _is_dash(match: re.Match[str]) -> bool:
    """Tell a dash between words, as titles of windows and pages have it."""
    if set(match.group()) != {"-"}:
        return False
    before, after = match.string[: match.start()], match.string[match.end() :]
    is_between = before[-1:].isspace() and after[:1].isspace()
    return is_between and bool(before.strip() and after.strip())


def _token(match: re.Match[str], column: int) -> Token:
    sign: Sign = "-" if match["sign"] == "-" else "+" if match["sign"] else ""
    field, phrase = (match["field"] or "").lower(), match["phrase"]
    text = match["word"] or "" if phrase is None else phrase
    if field and field not in FIELDS:
        if near := _near(field, match["word"] or ""):
            raise refusal(
                column,
                "There is no field {field}",
                "Perhaps {near}: was meant",
                field=field,
                near=near,
            )
        # Not a field: an address, a path, a time or just two words with a colon.
        text, field, phrase = match.group()[len(sign) :], "", None
    if phrase is None and not field and _names_field(text):
        text, field = "", text[:-1]
    if phrase is None and text == "-" and not field:
        raise refusal(column, "Nothing follows the minus", "Write -word to exclude a word")
    return Token(column=column, text=text, sign=sign, field=field, phrase=phrase is not None)


def _names_field(text: str) -> bool:
    # "Version: 10.2" is how forms and reports are pasted, not how a filter is typed.
    return text.endswith(":") and text[:-1] in FIELDS


def _near(field: str, value: str) -> str:
    """Return the field that was probably meant: one letter off, and no path or address."""
    if value.startswith(("/", "\\", ":")) or value[:1].isdigit():
        return ""
    # "update:" is what vendors write before a code, not a mistyped date.
    for known in (*TEXT_FIELDS, *FILTER_FIELDS):
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
