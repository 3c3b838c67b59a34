"""Business time against a second, naive implementation that walks minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbservice.calendars import WorkCalendar
from kbservice.errors import CalendarUnknown, InvalidInput

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(zone=SHANGHAI)

moments = st.datetimes(datetime(2024, 1, 1), datetime(2026, 10, 31)).map(  # noqa: DTZ001 - zone follows
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


is_workday = cache(chinese_calendar.is_workday)


def naive_is_working(moment: datetime) -> bool:
    if not is_workday(moment.date()):
        return False
    return time(9) <= moment.time() < time(12) or time(13, 30) <= moment.time() < time(18)


def naive_minutes(moment: datetime, minutes: int) -> datetime:
    while minutes:
        minutes -= naive_is_working(moment)
        moment += timedelta(minutes=1)
    return moment


def naive_days(moment: datetime, days: int) -> datetime:
    while not naive_is_working(moment):
        moment += timedelta(minutes=1)
    while days:
        moment += timedelta(days=1)
        days -= is_workday(moment.date())
    return moment


# The walk is slow by design, so there is no deadline.
@settings(deadline=None, max_examples=60)
@given(moments, st.integers(1, 3000))
def test_working_minutes_agree_with_a_walk_minute_by_minute(moment: datetime, minutes: int):
    assert naive_minutes(moment, minutes) == CALENDAR.add_working_minutes(moment, minutes)


@settings(deadline=None, max_examples=60)
@given(moments, st.integers(0, 15))
def test_working_days_agree_with_a_walk_day_by_day(moment: datetime, days: int):
    assert naive_days(moment, days) == CALENDAR.add_working_days(moment, days)


@given(moments, st.integers(0, 600), st.integers(0, 600))
def test_working_minutes_add_up(moment: datetime, first: int, second: int):
    at_once = CALENDAR.add_working_minutes(moment, first + second)

    in_turn = CALENDAR.add_working_minutes(CALENDAR.add_working_minutes(moment, first), second)

    assert CALENDAR.next_opening(at_once) == CALENDAR.next_opening(in_turn)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-11-23T10:15:30", 1, "2026-11-24T10:15:30"),
        ("2026-11-27T16:00", 3, "2026-12-02T16:00"),  # over a weekend
        ("2026-11-28T10:00", 1, "2026-12-01T09:00"),  # a Saturday counts from Monday's opening
        ("2026-11-23T12:30", 1, "2026-11-24T13:30"),  # lunch break
        ("2026-11-23T18:00", 1, "2026-11-25T09:00"),  # after closing
        ("2026-09-30T10:00", 1, "2026-10-08T10:00"),  # National Day holidays
        ("2026-10-09T10:00", 1, "2026-10-10T10:00"),  # a Saturday made up for
    ],
)
def test_a_due_day_has_the_same_local_time(start: str, days: int, expected: str):
    assert shanghai(expected) == CALENDAR.add_working_days(shanghai(start), days)


def test_results_are_in_utc():
    assert UTC == CALENDAR.add_working_days(shanghai("2026-11-23T10:00"), 1).tzinfo
    assert UTC == CALENDAR.add_working_minutes(shanghai("2026-11-23T10:00"), 30).tzinfo


@pytest.mark.parametrize("year", [2003, 2028])
def test_unknown_years_are_refused_and_named(year: int):
    with pytest.raises(CalendarUnknown) as refused:
        CALENDAR.add_working_days(shanghai(f"{year}-03-01T10:00"), 1)

    assert {"year": year} == refused.value.facts
    assert isinstance(refused.value, InvalidInput)


def test_the_last_days_of_the_last_known_year_are_refused_where_the_way_leads_out_of_it():
    last = max(chinese_calendar.constants.workdays).year

    with pytest.raises(CalendarUnknown):
        CALENDAR.add_working_days(shanghai(f"{last}-12-31T10:00"), 3)


def test_covers_tells_known_years_from_unknown_ones():
    assert CALENDAR.covers(date(2026, 12, 31))
    assert not CALENDAR.covers(date(2028, 1, 1))


def test_days_set_by_the_administrator_win():
    closed = WorkCalendar(zone=SHANGHAI, exceptions={date(2026, 11, 24): False})

    assert shanghai("2026-11-25T10:00") == closed.add_working_days(shanghai("2026-11-23T10:00"), 1)


def test_an_every_day_calendar_needs_no_holidays():
    always = WorkCalendar(zone=SHANGHAI, days="every_day", openings=((0, 24 * 60),))

    assert always.covers(date(2050, 1, 1))
    assert shanghai("2050-01-03T00:00") == always.add_working_minutes(
        shanghai("2050-01-01T00:00"), 2 * 24 * 60
    )


def test_a_weekday_calendar_keeps_local_time_over_a_clock_change():
    berlin = ZoneInfo("Europe/Berlin")
    weekdays = WorkCalendar(zone=berlin, days="monday_to_friday")

    friday = datetime(2026, 3, 27, 10, tzinfo=berlin)

    assert datetime(2026, 3, 30, 10, tzinfo=berlin) == weekdays.add_working_days(friday, 1)


def test_a_calendar_without_any_working_day_is_refused():
    start = shanghai("2026-01-01T10:00")
    never = {start.date() + timedelta(days=offset): False for offset in range(500)}

    with pytest.raises(InvalidInput):
        WorkCalendar(zone=SHANGHAI, exceptions=never).next_opening(start)
