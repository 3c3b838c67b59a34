"""Reads single values of import rows: text, moments, lists; keeps what it cannot read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from kbservice.errors import InvalidInput
from kbservice.text.dates import repair_datetime

_LIST_MARK = re.compile(r"[,，;；、|\n\t]+")


def read_text(field: str, value: Any, *, limit: int | None = None) -> str:
    """Return a value as text.

    Raises:
        InvalidInput: It is a list or object, or longer than ``limit`` characters.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, datetime | date | time):
        value = value.isoformat()
    if not isinstance(value, str | int | float):
        raise InvalidInput.of(field, "text", type(value).__name__)
    text = _storable(str(value)).strip()
    if limit is not None and len(text) > limit:
        raise InvalidInput.of(field, f"at most {limit} characters", f"{len(text)}")
    return text


def read_moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """Return a moment in UTC, or None where the value is not one; naive ones are local."""
    found = _moment(value)
    if found is None:
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None


def read_list(field: str, value: Any) -> list[str]:
    """Return the items of a list, or of a text that separates them by commas or the like.

    Raises:
        InvalidInput: It is neither.
    """
    if isinstance(value, list):
        parts = [read_text(field, item) for item in value]
    else:
        parts = [part.strip() for part in _LIST_MARK.split(read_text(field, value))]
    return list(dict.fromkeys(part for part in parts if part))


def plain(value: Any) -> Any:
    """Return a value in the shape that JSON can keep."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, dict):
        return {_storable(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _storable(text: str) -> str:
    """Drop what no database keeps: NUL characters and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())  # the caller adds the zone
    if isinstance(value, bool) or value is None:
        return None
    return repair_datetime(value) if isinstance(value, str | int | float) else None
