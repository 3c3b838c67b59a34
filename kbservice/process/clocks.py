"""When the clocks of a ticket run out, as its profile has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kbservice.errors import CalendarUnknown
from kbservice.profiles.clocks import NO_TARGET, Event, StageClock, Target

if TYPE_CHECKING:
    from kbservice.calendars import WorkCalendar
    from kbservice.profiles.schema import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """When one clock runs out.

    Attributes:
        clock: Stage that it times, such as ``response`` or ``resolution``.
        due_at: UTC; None where there is nothing to meet, as ``reason`` tells.
        stop: Event that meets it.
        source: Requirement that sets it.
        reason: Empty where ``due_at`` is set.
    """

    clock: str
    due_at: datetime | None
    stop: str
    source: str
    reason: str = ""


def due_times(
    profile: Profile, priority: str | None, opened_at: datetime, calendar: WorkCalendar
) -> tuple[DueTime, ...]:
    """Return every clock of the profile as it stands when a ticket is opened.

    Never fails for want of a calendar: such a clock has no due time, and says why.
    """
    times: dict[str | None, DueTime] = {
        clock.value: (
            due_time(clock, priority, opened_at, calendar)
            if clock.start == "open"
            else _without(clock, f"starts with {clock.start}")
        )
        for clock in profile.clocks
    }
    return tuple(
        _capped(times[clock.value], times.get(clock.not_later_than)) for clock in profile.clocks
    )


def due_times_after(
    profile: Profile,
    event: Event,
    *,
    priority: str | None,
    at: datetime,
    calendar: WorkCalendar,
) -> tuple[DueTime, ...]:
    """Return the clocks that ``event`` starts, such as the archive clock on closing."""
    return tuple(
        due_time(clock, priority, at, calendar) for clock in profile.clocks if clock.start == event
    )


def due_time(
    clock: StageClock, priority: str | None, started_at: datetime, calendar: WorkCalendar
) -> DueTime:
    """Return when one clock runs out that started at ``started_at``."""
    target = clock.target(priority)
    if target is None:
        return _without(clock, "priority not assessed")
    if target == NO_TARGET:
        return _without(clock, "no target")
    stop = target.stop or clock.stop
    try:
        due_at = _later(target, started_at, calendar)
    except CalendarUnknown as error:
        reason = f"calendar unknown for {error.facts['year']}"
        return DueTime(
            clock=clock.value, due_at=None, stop=stop, source=target.source, reason=reason
        )
    return DueTime(clock=clock.value, due_at=due_at, stop=stop, source=target.source)


def _later(target: Target, start: datetime, calendar: WorkCalendar) -> datetime:
    match target.unit:
        case "minute":
            return start.astimezone(UTC) + timedelta(minutes=target.amount)
        case "hour":
            return start.astimezone(UTC) + timedelta(hours=target.amount)
        case "working_hour":
            return calendar.add_working_minutes(start, target.amount * 60)
        case "working_day":
            return calendar.add_working_days(start, target.amount)


def _capped(own: DueTime, cap: DueTime | None) -> DueTime:
    """Take over an earlier due time: whoever must be answered in 4 h is acknowledged by then."""
    if cap is None or cap.due_at is None:
        return own
    if own.due_at is not None and own.due_at <= cap.due_at:
        return own
    return replace(own, due_at=cap.due_at, source=f"{own.source}, {cap.source}", reason="")


def _without(clock: StageClock, reason: str) -> DueTime:
    return DueTime(
        clock=clock.value, due_at=None, stop=clock.stop, source=clock.source, reason=reason
    )
