"""Reads the date forms that Chinese registers, spreadsheets and damaged captures contain."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final

from kbservice.text.normalise import fold_text

_EXCEL_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 (a spreadsheet knows no zone)
_EXCEL_SERIALS: Final = range(18_264, 73_051)  # 1950 to 2100; other numbers are no dates
_NUMERALS: Final = {char: str(value) for value, char in enumerate("〇一二三四五六七八九")} | {
    "零": "0"
}
_NUMERAL_RUN: Final = re.compile("[〇零一二三四五六七八九十]+(?=[年月日号时点分秒])")
_DATE: Final = r"(?P<year>(?:19|20)\d\d)"
# Days and hours are spelt out, so that 2023-10-2509:15:30 and 2023-10-512:00 can be cut apart.
_MONTH: Final = r"(?P<month>1[0-2]|0?[1-9])"
_DAY: Final = r"(?P<day>3[01]|[12]\d|0?[1-9])"
_TIME: Final = (
    r"(?:[T,\s]*(?:星期|周|礼拜)[一二三四五六日天])?[T,\s]*"
    r"(?P<half>上午|下午|早上|晚上|中午|凌晨|傍晚|[AP]M)?\s*"
    r"(?P<hour>2[0-4]|1\d|0?\d)\s*[:时点]\s*"
    r"(?:(?P<minute>[0-5]?\d|半)\s*[:分]?\s*(?:(?P<second>[0-5]?\d)(?:[.,](?P<fraction>\d{1,9}))?\s*秒?)?)?"
    r"\s*(?P<late>[AP]M)?\s*(?P<zone>Z|UTC|GMT|[+\-]\d\d:?\d\d)?"
)
_COMPACT: Final = (
    rf"{_DATE}(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T\s]?(?P<hour>[01]\d|2[0-3]):?(?P<minute>[0-5]\d):?(?P<second>[0-5]\d)?)?"
)
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_DATE}\s*[-/.年]\s*{_MONTH}\s*[-/.月]\s*{_DAY}\s*[日号]?(?:{_TIME})?",
        _COMPACT,
    )
)
_NOON: Final = 12
_AFTERNOON: Final = frozenset({"下午", "晚上", "傍晚", "PM"})


def repair_datetime(value: str | float) -> datetime | None:
    """Read a moment in any of the known forms; None if it is none of them.

    The result is naive unless the text names a zone. Numbers are spreadsheet serials.
    """
    if isinstance(value, int | float):
        return _from_serial(float(value))
    text = _NUMERAL_RUN.sub(_to_digits, fold_text(value).strip())
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _from_match(match.groupdict())
    if re.fullmatch(r"\d{5}(?:\.\d{1,12})?", text):
        return _from_serial(float(text))
    return _from_mail_date(text)


def _from_match(part: dict[str, str | None]) -> datetime | None:
    hour, minute, second = (_number(part.get(name)) for name in ("hour", "minute", "second"))
    midnight = hour == 24 and not minute and not second  # noqa: PLR2004
    hour = 0 if midnight else _in_half(hour, (part.get("half") or part.get("late") or "").upper())
    fraction = int(((part.get("fraction") or "") + "000000")[:6])
    try:
        moment = datetime(  # noqa: DTZ001 (the text decides about the zone)
            _number(part["year"]),
            _number(part["month"]),
            _number(part["day"]),
            hour,
            minute,
            second,
            fraction,
        )
    except ValueError:
        return None
    return moment.replace(tzinfo=_zone(part.get("zone"))) + timedelta(days=1 if midnight else 0)


def _in_half(hour: int, half: str) -> int:
    if half in _AFTERNOON and hour < _NOON:
        return hour + _NOON
    if half == "中午" and hour <= 2:  # noqa: PLR2004
        return hour + _NOON
    return 0 if half in {"AM", "凌晨"} and hour == _NOON else hour


def _number(text: str | None) -> int:
    return 30 if text == "半" else int(text or 0)


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return timezone.utc  # noqa: UP017
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _from_serial(serial: float) -> datetime | None:
    if not _EXCEL_SERIALS.start <= serial < _EXCEL_SERIALS.stop:
        return None
    return _EXCEL_EPOCH + timedelta(seconds=round(serial * 86_400))


def _from_mail_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None


def _to_digits(match: re.Match[str]) -> str:
    """Write 二〇二三 as 2023 and 二十五 as 25."""
    text = match.group()
    tens, ten, ones = text.partition("十")
    if not ten:
        return "".join(_NUMERALS[char] for char in text)
    digits = (_NUMERALS.get(tens, "1"), _NUMERALS.get(ones, "0"))
    return "".join(digits)
