"""Business time: working hours, public holidays and make-up working days.

Knows nothing of tickets or profiles. Moments are aware; results are in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, Protocol
from zoneinfo import ZoneInfo

import chinese_calendar

from kbservice.errors import CalendarUnknown, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Days = Literal["china", "monday_to_friday", "every_day"]

_SATURDAY = 5
_DAY_MINUTES = 24 * 60
# Longer than any holiday, so that a calendar of admin-set days off cannot loop for ever.
_LONGEST_CLOSURE_DAYS = 400


class OpeningLike(Protocol):
    """A stretch of working time as ``HH:MM`` to ``HH:MM``."""

    @property
    def start(self) -> str:
        """When it begins."""

    @property
    def end(self) -> str:
        """When it ends; ``24:00`` is midnight."""


class WorkingHoursLike(Protocol):
    """Working hours as a profile states them."""

    @property
    def zone(self) -> str:
        """IANA name of the time zone."""

    @property
    def days(self) -> Days:
        """Which days are worked."""

    @property
    def openings(self) -> Sequence[OpeningLike]:
        """The working stretches of a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """Counts working days and working minutes.

    Attributes:
        zone: Where the working hours are.
        openings: Minutes of the day (start, end), in order, not overlapping.
        days: ``china`` follows the State Council's yearly holiday notice.
        exceptions: Days set by the administrator: True is worked, False is off.
    """

    zone: ZoneInfo
    openings: tuple[tuple[int, int], ...] = ((9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60))
    days: Days = "china"
    exceptions: Mapping[date, bool] = field(default_factory=dict)

    @classmethod
    def of(
        cls, hours: WorkingHoursLike, exceptions: Mapping[date, bool] | None = None
    ) -> WorkCalendar:
        """Build the calendar of a profile's working hours."""
        return cls(
            zone=ZoneInfo(hours.zone),
            openings=tuple((_minutes(part.start), _minutes(part.end)) for part in hours.openings),
            days=hours.days,
            exceptions=exceptions or {},
        )

    def covers(self, day: date) -> bool:
        """Return whether it is known which days of this year are worked."""
        try:
            self.is_working_day(day)
        except CalendarUnknown:
            return False
        return True

    def is_working_day(self, day: date) -> bool:
        """Return whether the team works on this day.

        Raises:
            CalendarUnknown: The holidays of that year are not known.
        """
        if day in self.exceptions:
            return self.exceptions[day]
        if self.days == "every_day":
            return True
        if self.days == "monday_to_friday":
            return day.weekday() < _SATURDAY
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError as error:
            raise CalendarUnknown("The holidays of {year} are not known", year=day.year) from error

    def next_opening(self, moment: datetime) -> datetime:
        """Return ``moment`` if it is working time, else when work begins next.

        Raises:
            CalendarUnknown: The way there leads into a year that is not known.
        """
        start, _end = next(self._stretches(moment))
        return start

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Return the same local time ``days`` working days later.

        A start outside working time counts from the next opening.

        Raises:
            CalendarUnknown: The way there leads into a year that is not known.
        """
        local = self.next_opening(start).astimezone(self.zone)
        day = local.date()
        for _ in range(days):
            day = self._next_working_day(day)
        return self._at(day, local.hour * 60 + local.minute) + timedelta(
            seconds=local.second, microseconds=local.microsecond
        )

    def add_working_minutes(self, start: datetime, minutes: int) -> datetime:
        """Return the moment at which ``minutes`` of working time have gone by.

        Raises:
            CalendarUnknown: The way there leads into a year that is not known.
        """
        left = timedelta(minutes=minutes)
        for opens, closes in self._stretches(start):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise AssertionError("working stretches never end")

    def _stretches(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the working stretches after ``moment``, the first one cut to begin there."""
        day = moment.astimezone(self.zone).date()
        if not self.is_working_day(day):
            day = self._next_working_day(day)
        while True:
            for first, last in self.openings:
                opens, closes = self._at(day, first), self._at(day, last)
                if closes > moment:
                    yield max(opens, moment.astimezone(UTC)), closes
            day = self._next_working_day(day)

    def _next_working_day(self, day: date) -> date:
        for _ in range(_LONGEST_CLOSURE_DAYS):
            day += timedelta(days=1)
            if self.is_working_day(day):
                return day
        raise InvalidInput.of("calendar", "a working day within a year", day)

    def _at(self, day: date, minute: int) -> datetime:
        carry, minute = divmod(minute, _DAY_MINUTES)
        clock_time = time(minute // 60, minute % 60, tzinfo=self.zone)
        return datetime.combine(day + timedelta(days=carry), clock_time).astimezone(UTC)


def _minutes(clock_time: str) -> int:
    hour, minute = clock_time.split(":")
    return int(hour) * 60 + int(minute)
