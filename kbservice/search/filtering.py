"""The filters of a query, checked against one document."""

from __future__ import annotations

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


def allows(filters: Filters, document: SearchDocument) -> bool:
    """Tell whether a document passes every filter."""
    if filters.kind and document.kind != filters.kind:
        return False
    if document.id in filters.exclude:
        return False
    for field in FILTERED:
        wanted = {folded(value) for value in getattr(filters, field)}
        if wanted and wanted.isdisjoint(folded(v) for v in values_of(document, field)):
            return False
    if any(_has(document, field, value) for field, value in filters.without):
        return False
    moment = document.updated_at
    if filters.since and (moment is None or moment < filters.since):
        return False
    return not (filters.until and (moment is None or moment >= filters.until))


def _has(document: SearchDocument, field: str, value: str) -> bool:
    return folded(value) in {folded(own) for own in values_of(document, field)}
