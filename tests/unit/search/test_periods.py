"""Dates in queries: what they name, in which zone, and how they are written back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbservice.search.periods import read_date, read_range, since_text, until_text

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2024, 3, 31, 9, 30, 15, tzinfo=SHANGHAI)


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2024", day(2024, 1, 1), day(2025, 1, 1)),
        ("2024年", day(2024, 1, 1), day(2025, 1, 1)),
        ("2023-12", day(2023, 12, 1), day(2024, 1, 1)),
        ("2023年12月", day(2023, 12, 1), day(2024, 1, 1)),
        ("2024-02-29", day(2024, 2, 29), day(2024, 3, 1)),
        ("2024/2/9", day(2024, 2, 9), day(2024, 2, 10)),
        ("2024年2月9日", day(2024, 2, 9), day(2024, 2, 10)),
        ("today", day(2024, 3, 31), day(2024, 4, 1)),
        ("昨天", day(2024, 3, 30), day(2024, 3, 31)),
        ("7d", day(2024, 3, 24), day(2024, 3, 25)),
        ("2周", day(2024, 3, 17), day(2024, 3, 18)),
        ("1m", day(2024, 2, 29), day(2024, 3, 1)),
        ("13个月", day(2023, 2, 28), day(2023, 3, 1)),
        ("1Y", day(2023, 3, 31), day(2023, 4, 1)),
    ],
)
def test_a_date_lasts_as_long_as_it_names(text: str, begin: datetime, end: datetime) -> None:
    assert (begin, end) == read_date(text, NOW)


def test_hours_count_from_the_minute() -> None:
    moment = datetime(2024, 3, 30, 9, 30, tzinfo=SHANGHAI)

    assert (moment, moment) == read_date("24h", NOW)


def test_a_moment_of_another_zone_is_told_in_the_asker_s() -> None:
    midnight = read_date("2024-03-01T00:00Z", NOW)

    assert midnight is not None
    assert midnight.begin is not None
    assert "2024-03-01T08:00+08:00" == since_text(midnight.begin)


def test_a_moment_without_a_zone_is_of_the_asker_s() -> None:
    moment = datetime(2024, 3, 1, 0, 30, tzinfo=UTC)

    assert (moment, moment) == read_date("2024-03-01T08:30", NOW)
    assert (moment, moment) == read_date("2024-03-01T00:30", None)
    assert (moment, moment) == read_date("2024-03-01T02:30+02:00", NOW)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2024-13", "2024-02-30", "1899", "24", "9999y", "10000d", "7x", "2024..2025", "T"],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text, NOW) is None


@pytest.mark.parametrize("text", ["..", "2024..soon", "soon..2024", "2024..2025..2026", "~"])
def test_what_is_no_range_is_none(text: str) -> None:
    assert read_range(text, NOW) is None


def test_a_range_may_be_open() -> None:
    assert (day(2024, 1, 1), None) == read_range("2024..", NOW)
    assert (None, day(2025, 1, 1)) == read_range("..2024", NOW)
    assert (day(2024, 1, 1), day(2024, 4, 1)) == read_range("2024-01~2024-03", NOW)


@given(
    st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2098, 1, 1)),  # noqa: DTZ001
    st.integers(-23, 23),
    st.sampled_from(["midnight", ""]),
)
def test_what_is_written_is_read_as_the_same_moment(
    naive: datetime, hours: int, midnight: str
) -> None:
    zone = timezone(timedelta(hours=hours))
    moment = naive.replace(tzinfo=zone)
    if midnight:
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    now = NOW.astimezone(zone)
    since, until = read_date(since_text(moment), now), read_date(until_text(moment), now)

    assert since is not None
    assert until is not None
    assert (moment, moment) == (since.begin, until.end)
