"""The filters of a query: put together, and checked against one document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kbservice.search.documents import Filters, SearchDocument

FACETS = ("kind", "category", "product", "version", "tag", "state")
MOST_VALUES = 50
"""So many values of a facet are counted out at most: nobody reads more."""
FILTERED = ("category", "product", "version", "tag", "state", "visibility")


def values_of(document: SearchDocument, field: str) -> tuple[str, ...]:
    """Return the document's values of a filter field."""
    if field == "tag":
        return document.tags
    value = str(getattr(document, field))
    return (value,) if value else ()


def folded(value: str) -> str:
    """Return the form in which filter values are compared."""
    return value.casefold()


def demanded(filters: Filters) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each field that must have one of some values, with these."""
    if filters.kind:
        yield "kind", (filters.kind,)
    for field in FILTERED:
        if values := getattr(filters, field):
            yield field, values
    yield from filters.also


def both(left: Filters, right: Filters) -> Filters:
    """Return the filters that let through what each of two lets through."""
    values: dict[str, Any] = {}
    also = dict.fromkeys((*left.also, *right.also))
    for field in ("kind", *FILTERED):
        one, other = getattr(left, field), getattr(right, field)
        values[field] = one or other
        if one and other and one != other:
            also[field, (other,) if isinstance(other, str) else other] = None
    return Filters(
        **values,
        also=tuple(also),
        since=max(filter(None, (left.since, right.since)), default=None),
        until=min(filter(None, (left.until, right.until)), default=None),
        exclude=tuple(dict.fromkeys((*left.exclude, *right.exclude))),
        without=tuple(dict.fromkeys((*left.without, *right.without))),
    )


def allows(filters: Filters, document: SearchDocument) -> bool:
    """Tell whether a document passes every filter."""
    if document.id in filters.exclude:
        return False
    if not all(_has(document, field, values) for field, values in demanded(filters)):
        return False
    if any(_has(document, field, (value,)) for field, value in filters.without):
        return False
    moment = document.updated_at
    if filters.since and (moment is None or moment < filters.since):
        return False
    return not (filters.until and (moment is None or moment >= filters.until))


def _has(document: SearchDocument, field: str, values: Iterable[str]) -> bool:
    return not set(map(folded, values)).isdisjoint(map(folded, values_of(document, field)))
