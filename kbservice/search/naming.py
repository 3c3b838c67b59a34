"""Documents that a query names by their id: a ticket's number, an article's id."""

from __future__ import annotations

from typing import Final

from kbservice.text.normalise import fold_text

_SHORTEST: Final = 6


def folded_id(document_id: str) -> str:
    """Return the form in which ids are compared: any case, full or half width."""
    return fold_text(document_id).lower()


def may_name(text: str) -> bool:
    """Tell whether a folded word may be an id; shorter codes and plain numbers mean other things."""
    return len(text) >= _SHORTEST and any(map(str.isdigit, text))
