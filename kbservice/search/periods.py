"""Dates as people write them in a query: days, months, years, moments, and so long ago."""

from __future__ import annotations

import calendar
import re
from datetime import MINYEAR, UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from kbservice.errors import InvalidInput

_DATE = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?:[-/年](?P<month>\d{1,2})(?:[-/月](?P<day>\d{1,2})日?)?月?)?年?"
)
_AGO = re.compile(r"(?P<count>\d{1,4})(?P<unit>h|小时|d|天|w|周|m|个月|y|年)", re.IGNORECASE)
_RANGE = re.compile(r"\.{2,}|~")
_DAYS_AGO = {"today": 0, "今天": 0, "yesterday": 1, "昨天": 1}
_DAYS = {"d": 1, "天": 1, "w": 7, "周": 7}
_MONTHS = {"m": 1, "个月": 1, "y": 12, "年": 12}
_DAY = timedelta(days=1)


class Period(NamedTuple):
    """From ``begin`` to just before ``end``; None is open."""

    begin: datetime | None
    end: datetime | None


def read_date(text: str, now: datetime | None) -> Period | None:
    """Read how long a named date lasts; None if it is none.

    Args:
        text: Such as ``2026``, ``2026-02``, ``2026-02-03``, ``2026-02-03T08:30``, ``7d``.
        now: What "so long ago" counts from; its zone is the zone of dates. Without it that
            cannot be read, and the zone is UTC. A moment with another zone is told in that one.
    """
    try:
        return _date(text, now) or _ago(text, now) or _moment(text, now)
    except (ValueError, OverflowError):
        # The 31st of February, or ten thousand years ago.
        return None


def read_parameter(name: str, text: str | None, now: datetime | None) -> Period:
    """Read a date that stands beside a query, as one inside it; without one the period is open.

    Raises:
        InvalidInput: It is no date.
    """
    if text is None:
        return Period(None, None)
    period = read_date(text.strip(), now)
    if period is None:
        raise InvalidInput.of(
            name,
            "a date such as 2026-01-31, 2026-01, 2026 or 7d, or a time as RFC 3339 has it",
            text,
        )
    return period


def read_range(text: str, now: datetime | None) -> Period | None:
    """Read a date, or two joined by dots of which one may be open; None if it is neither."""
    parts = _RANGE.split(text)
    if len(parts) == 1:
        return read_date(text, now)
    if len(parts) > 2 or not any(parts):  # noqa: PLR2004  # from, to
        return None
    first, last = (read_date(part, now) if part else Period(None, None) for part in parts)
    return Period(first.begin, last.end) if first and last else None


def since_text(moment: datetime) -> str:
    """Return what ``read_date`` reads as a period that begins at the moment."""
    return moment.date().isoformat() if _is_midnight(moment) else _exact(moment)


def until_text(moment: datetime) -> str:
    """Return what ``read_date`` reads as a period that ends at the moment."""
    if _is_midnight(moment) and moment.year > MINYEAR:
        return (moment - _DAY).date().isoformat()
    return _exact(moment)


def _date(text: str, now: datetime | None) -> Period | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(match[name] or 0) for name in ("year", "month", "day"))
    begin = datetime(year, month or 1, day or 1, tzinfo=now.tzinfo if now else UTC)
    if day:
        return Period(begin, begin + _DAY)
    return Period(begin, _months_later(begin, 1 if month else 12))


def _ago(text: str, now: datetime | None) -> Period | None:
    if now is None:
        return None
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if text.lower() in _DAYS_AGO:
        return _day(today - _DAYS_AGO[text.lower()] * _DAY)
    match = _AGO.fullmatch(text)
    if match is None:
        return None
    count, unit = int(match["count"]), match["unit"].lower()
    if unit in _DAYS:
        return _day(today - count * _DAYS[unit] * _DAY)
    if unit in _MONTHS:
        return _day(_months_later(today, -count * _MONTHS[unit]))
    # A whole minute, so that the same query asked again is the same query for a while.
    moment = now.replace(second=0, microsecond=0) - timedelta(hours=count)
    return Period(moment, moment)


def _moment(text: str, now: datetime | None) -> Period | None:
    if "T" not in text.upper():
        return None
    zone = now.tzinfo if now else UTC
    moment = datetime.fromisoformat(text.upper())
    moment = _in_zone(moment, zone) if moment.tzinfo else moment.replace(tzinfo=zone)
    return Period(moment, moment)


def _in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return the moment as it is written there, so that it is read back as the same one."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        # The first or last day of the calendar has no neighbour to fall on.
        return moment


def _day(begin: datetime) -> Period:
    return Period(begin, begin + _DAY)


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _is_midnight(moment: datetime) -> bool:
    return not (moment.hour or moment.minute or moment.second or moment.microsecond)


def _exact(moment: datetime) -> str:
    is_whole = not (moment.second or moment.microsecond)
    return moment.isoformat(timespec="minutes" if is_whole else "auto")
