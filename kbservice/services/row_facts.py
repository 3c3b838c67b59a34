"""What every import row yields beside its record: left-over values, titles, fingerprints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kbservice.services.cells import plain, read_moment
from kbservice.text.sentences import sentences

# Where a record keeps the fingerprint of the row it came from; never exported.
SOURCE_KEY = "source_sha256"
_TITLE_LENGTH = 120
_HEADING_MARKS = "#*=_ \t"


class LeftOver:
    """Collects what a row says that no column takes; nothing is lost silently."""

    def __init__(self, unknown: Mapping[str, Any]) -> None:
        self.extra: dict[str, Any] = {name: plain(value) for name, value in unknown.items()}
        self.warnings: list[str] = []

    def keep(self, field: str, value: Any, expected: str) -> None:
        """Keep a value that its column cannot hold, and warn."""
        self.extra[field] = plain(value)
        self.warnings.append(f"{field}: expected {expected}, got {str(value)[:80]}")

    def take(self, given: Any) -> None:
        """Add metadata that the row brings as such."""
        if isinstance(given, dict):
            self.extra |= plain(given)
        elif given:
            self.extra["extra"] = plain(given)

    def moment(self, field: str, fields: Mapping[str, Any], zone: ZoneInfo) -> datetime | None:
        """Return a moment; one that cannot be read is kept as it stands."""
        value = fields.get(field)
        found = read_moment(value, zone)
        if found is None and value not in (None, ""):
            self.keep(field, value, "a date and time")
        return found


def changed_attributes(
    record: object, attributes: Mapping[str, Any], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the attributes in which a stored record differs; ``extra`` is merged."""
    changed = {
        name: value
        for name, value in attributes.items()
        if name != "extra" and getattr(record, name) != value
    }
    news = attributes["extra"]
    if any(extra.get(name) != value for name, value in news.items() if name != SOURCE_KEY):
        changed["extra"] = {**extra, **news}
    elif changed:
        changed["extra"] = {**extra, SOURCE_KEY: news[SOURCE_KEY]}
    return changed


def fingerprint(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row as the source states it."""
    text = json.dumps(plain(dict(values)), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def short_title(text: str) -> str:
    """Return the first heading, line or sentence of a text, at most 120 characters."""
    lines = (line.strip(_HEADING_MARKS) for line in text.split("\n"))
    line = next((line for line in lines if line), "")
    if len(line) <= _TITLE_LENGTH:
        return line
    first = next((line[start:end].strip() for start, end in sentences(line)), line)
    return first if len(first) <= _TITLE_LENGTH else first[: _TITLE_LENGTH - 1] + "…"
