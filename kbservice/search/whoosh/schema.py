"""How a document becomes Whoosh postings.

One field per term stream; a posting's weight is the term's combined, length-normalised
frequency over all ranking fields, so that BM25F needs nothing but the weight. Mean
field lengths are learned from the first documents of a generation, anew at each rebuild.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from whoosh import fields, formats

from kbservice.search import filtering, recipe
from kbservice.search.documents import SearchDocument
from kbservice.text.tokens import sequence_terms

META_ID = "\x00meta"
SECTION_GAP = 10
_EPOCH = datetime.fromtimestamp(0, UTC)
_POSITIONS = formats.Positions()


class Weights(fields.FieldType):
    """A field that takes ready-made term weights instead of text."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), analyzer=None, scorable=False)  # type: ignore[arg-type]  # terms come ready-made

    def index(
        self, value: Mapping[str, float], **_kwargs: Any
    ) -> Generator[tuple[bytes, int, float, bytes], Any, None]:
        """Yield (term, frequency, weight, value) of each term."""
        for term, weight in value.items():
            yield term.encode(), 1, weight, b""


class Positions(fields.FieldType):
    """A field for exact phrases: the reading order of several texts, with gaps between them."""

    def __init__(self) -> None:
        super().__init__(_POSITIONS, analyzer=None, scorable=False)  # type: ignore[arg-type]  # terms come ready-made

    def index(
        self, value: tuple[str, ...], **_kwargs: Any
    ) -> Generator[tuple[bytes, int, float, bytes], Any, None]:
        """Yield (unit, frequency, weight, encoded positions) of each unit."""
        places: dict[str, list[int]] = {}
        start = 0
        for text in value:
            units = sequence_terms(text)
            for position, unit in enumerate(units, start):
                places.setdefault(unit, []).append(position)
            start += len(units) + SECTION_GAP
        for unit, positions in places.items():
            yield unit.encode(), len(positions), 1.0, _POSITIONS.encode(positions)


def make_schema() -> fields.Schema:
    """Return the schema of a new generation."""
    schema = fields.Schema(
        id=fields.ID(unique=True, stored=True),
        revision=fields.STORED,
        data=fields.STORED,
        sequence=Positions(),
        title_sequence=Positions(),
        updated=fields.NUMERIC(int, bits=64, sortable=True, default=0),
        solved=fields.NUMERIC(int, bits=32, sortable=True, default=0),
    )
    for stream in recipe.STREAMS:
        schema.add(stream, Weights())
    for name in ("kind", *filtering.FILTERED):
        schema.add(name, Weights())
    return schema


def postings_of(
    document: SearchDocument, counts: recipe.TermCounts, averages: recipe.Averages
) -> dict[str, Any]:
    """Return the fields to add for a document."""
    values: dict[str, Any] = {
        "id": document.id,
        "revision": document.revision,
        "data": pack(document),
        "sequence": tuple(text for _, text in document.sections),
        "title_sequence": (document.title,),
        "updated": microseconds(document.updated_at) if document.updated_at else 0,
        "solved": document.solved_count,
    }
    for stream in recipe.STREAMS:
        values[stream] = counts.weigh(stream, averages)
    for name in ("kind", *filtering.FILTERED):
        values[name] = dict.fromkeys(filtering.values_of(document, name), 1.0)
    return values


def microseconds(moment: datetime) -> int:
    """Return a moment as whole microseconds since 1970, exact unlike a float."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def pack(document: SearchDocument) -> bytes:
    """Return a document as JSON."""
    return orjson.dumps({name: getattr(document, name) for name in SearchDocument.__slots__})


def unpack(data: bytes) -> SearchDocument:
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
