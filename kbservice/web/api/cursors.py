"""Cursors of searches: where in the order of one search the next page starts."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from dataclasses import replace

from kbservice.errors import InvalidInput
from kbservice.search.documents import SortKey
from kbservice.services.retrieval import SearchRequest


def written(place: SortKey, wanted: SearchRequest) -> str:
    """Return the cursor of what ranks behind a place in the order of a search."""
    cursor = json.dumps([_name(wanted), *place]).encode()
    return base64.urlsafe_b64encode(cursor).decode().rstrip("=")


def read(cursor: str, wanted: SearchRequest) -> SortKey:
    """Return the place that a cursor names.

    Raises:
        InvalidInput: It is no cursor, or that of another search.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, first, second, key = json.loads(
            base64.b64decode(padded, altchars=b"-_", validate=True)
        )
        place = (_number(first), _number(second), _text(key))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput.of("cursor", "`next` of an earlier page", cursor) from error
    if name != _name(wanted):
        raise InvalidInput.of("cursor", "`next` of the same search", cursor)
    return place


def _name(wanted: SearchRequest) -> str:
    """Name a search by everything that decides about hits and their order."""
    same = replace(wanted, size=0, page=1, after=None, explain=False, now=None)
    return hashlib.sha256(repr(same).encode()).hexdigest()[:12]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not an id")
    # JSON can spell half a character, which is none.
    return value.encode().decode()
