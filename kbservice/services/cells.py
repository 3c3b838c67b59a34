"""Reads single values of import rows: text, moments, lists; keeps what it cannot read."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl.utils.datetime import from_excel

from kbservice.errors import InvalidInput

# 2023-10-25 09:15:30, 2023/10/25 9:15, 2023年10月25日, and 2023-10-2509:15:30, which
# captures of the S2 register hold.
_MOMENT = re.compile(
    r"^(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{2}|\d)日?"
    r"(?:[T ]*(?P<hour>\d{1,2})[:时](?P<minute>\d{1,2})(?:[:分](?P<second>\d{1,2}))?[分秒]?)?$"
)
# Days since 1900 as spreadsheets count them: 1927 to 2119.
_SERIAL_DAYS = (10_000, 80_000)
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
    if isinstance(value, int | float):
        return _serial(value)
    if not isinstance(value, str):
        return None
    text = unicodedata.normalize("NFKC", value).strip()
    return _written(text) or _iso(text) or _serial_text(text)


def _written(text: str) -> datetime | None:
    match = _MOMENT.match(text)
    if not match:
        return None
    parts = {name: int(part) for name, part in match.groupdict().items() if part}
    try:
        return datetime(**parts)  # type: ignore[arg-type]  # noqa: DTZ001  # as above
    except ValueError:
        return None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _serial_text(text: str) -> datetime | None:
    try:
        return _serial(float(text))
    except ValueError:
        return None


def _serial(days: float) -> datetime | None:
    if not _SERIAL_DAYS[0] <= days <= _SERIAL_DAYS[1]:
        return None
    found = from_excel(days)
    return found if isinstance(found, datetime) else None
