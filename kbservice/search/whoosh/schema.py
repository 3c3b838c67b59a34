"""What Whoosh holds of a document: its texts, and postings that answer without our own files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from whoosh import fields, formats

from kbservice.search import filtering
from kbservice.search.documents import SearchDocument

_EPOCH = datetime.fromtimestamp(0, UTC)


class Weights(fields.FieldType):
    """A field of ready-made term weights: the combined, length-normalised frequency."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), analyzer=None, scorable=False)  # type: ignore[arg-type]  # terms come ready-made


class Positions(fields.FieldType):
    """A field for exact phrases: the reading order of several texts, with gaps between them."""

    def __init__(self) -> None:
        super().__init__(formats.Positions(), analyzer=None, scorable=False)  # type: ignore[arg-type]  # terms come ready-made


def make_schema() -> fields.Schema:
    """Return the schema of a new generation."""
    schema = fields.Schema(
        id=fields.ID(unique=True, stored=True),
        revision=fields.STORED,
        data=fields.STORED,
        words=Weights(),
        sequence=Positions(),
        title_sequence=Positions(),
    )
    for name in dict.fromkeys((*filtering.FACETS, *filtering.FILTERED)):
        schema.add(name, Weights())
    return schema


def stored_fields(document: SearchDocument) -> dict[str, Any]:
    """Return what is stored of a document."""
    return {"id": document.id, "revision": document.revision, "data": pack(document).decode()}


def microseconds(moment: datetime) -> int:
    """Return a moment as whole microseconds since 1970, exact unlike a float."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def pack(document: SearchDocument) -> bytes:
    """Return a document as JSON."""
    return orjson.dumps({name: getattr(document, name) for name in SearchDocument.__slots__})


def unpack(data: bytes | str) -> SearchDocument:
    """Return the document of ``pack``."""
    raw = orjson.loads(data)
    for name in ("created_at", "updated_at", "last_success_at"):
        raw[name] = _moment(raw[name])
    raw["sections"] = tuple((name, text) for name, text in raw["sections"])
    for name in ("symptoms", "tags"):
        raw[name] = tuple(raw[name])
    return SearchDocument(**raw)


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
