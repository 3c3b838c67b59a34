"""Brackets in a query: nothing is nested, so they are left out, or refused where that would mislead.

Around one word, and around text without operators, brackets change nothing: that is how titles
and error messages are pasted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kbservice.errors import QuerySyntaxError
from kbservice.search.lexer import (
    DATE_FIELDS,
    FIELDS,
    FILTER_FIELDS,
    OPERATORS,
    Token,
    refusal,
    tokens_of,
)

# "(-1)" is a number, and "(-_-)" a face.
_OPERATOR = re.compile(rf"\(+(?:[-+][^\W\d_]|(?:{'|'.join(FIELDS)}):)")


def unbracketed(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens without the brackets that open in one and close in another.

    Raises:
        QuerySyntaxError: An operator inside or beside brackets would mean something else then.
    """
    for place, token in enumerate(tokens):
        if not token.phrase and token.text.startswith("("):
            _demand_flat(tokens, place)
    return [token if token.phrase else _evened(token) for token in tokens]


def _demand_flat(tokens: Sequence[Token], place: int) -> None:
    """Check the brackets that a token begins with, the outermost first."""
    groups = [
        tokens[place : _end(tokens, place, level)] for level in range(_leading(tokens[place]))
    ]
    before = tokens[place - 1] if place else None
    if (
        _begins_with_operator(groups[0])
        or any(token.field in (*FILTER_FIELDS, *DATE_FIELDS) for token in groups[0][1:])
        or (_is_marked(tokens[place], before) and _words(groups[0]) > 1)
        or (before and before.is_or and not _is_choice(groups[0]))
        or any(_is_before_or(tokens, place, group) and not _is_choice(group) for group in groups)
    ):
        raise refusal(
            tokens[place].column,
            "Brackets do not group words",
            "Write -a -b, a OR b or title:a without brackets; put plain text in quotes",
        )


def _end(tokens: Sequence[Token], place: int, level: int) -> int:
    """Return the place behind the token that closes a bracket; the end where none does."""
    depth = 0
    for at in range(place, len(tokens)):
        if not tokens[at].phrase:
            depth += _surplus(tokens[at].text)
        if depth <= level:
            return at + 1
    return len(tokens)


def _begins_with_operator(group: Sequence[Token]) -> bool:
    """Tell a sign or a field right behind the bracket, where it is read as part of a word."""
    text, is_before_phrase = group[0].text, any(token.phrase for token in group[1:2])
    return bool(_OPERATOR.match(text)) or (is_before_phrase and text.lstrip("(") in {"-", "+"})


def _is_marked(opening: Token, before: Token | None) -> bool:
    """Tell whether a sign, a field or NOT stands before, which holds for the next word alone."""
    is_negated = before is not None and before.is_bare and before.text == "NOT"
    return is_negated or not opening.is_bare


def _is_before_or(tokens: Sequence[Token], place: int, group: Sequence[Token]) -> bool:
    end = place + len(group)
    return any(token.is_or for token in tokens[end : end + 1])


def _is_choice(group: Sequence[Token]) -> bool:
    """Tell one word, or words that are all joined by OR."""
    return _words(group) - sum(token.is_or for token in group) <= 1


def _words(group: Sequence[Token]) -> int:
    return sum(
        any(map(str.isalnum, token.text)) and not (token.is_bare and token.text in OPERATORS)
        for token in group
    )


def _evened(token: Token) -> Token:
    """Return the token without brackets at its ends that it does not close or open itself."""
    text, surplus = token.text, _surplus(token.text)
    if not surplus or token.field in FILTER_FIELDS:
        return token
    if surplus > 0:
        bare = text[min(surplus, _leading(token)) :]
    else:
        bare = text[: len(text) - min(-surplus, len(text) - len(text.rstrip(")")))]
    if not bare or bare == text:
        return token
    # "(NOT FOUND)" is text, and stays so when it is read again.
    return replace(token, text=bare if _is_plain(bare) else text + ")" * surplus)


def _is_plain(text: str) -> bool:
    try:
        return text not in OPERATORS and tokens_of(text) == [Token(column=1, text=text)]
    except QuerySyntaxError:
        return False


def _leading(token: Token) -> int:
    return len(token.text) - len(token.text.lstrip("("))


def _surplus(text: str) -> int:
    return text.count("(") - text.count(")")
