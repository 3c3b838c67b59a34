"""The due times that a ticket's profile sets for it."""

from __future__ import annotations

from kbservice.calendars import WorkCalendar
from kbservice.domain.ticket import Ticket
from kbservice.process.clocks import due_times
from kbservice.profiles.schema import Profile


def set_due_times(ticket: Ticket, profile: Profile) -> None:
    """Compute every clock from the opening; re-prioritising never gives time back."""
    clocks = due_times(
        profile, ticket.priority, ticket.opened_at, WorkCalendar.of(profile.working_hours)
    )
    due = {clock.clock: clock.due_at for clock in clocks}
    ticket.response_due_at = due.get("response")
    ticket.resolution_due_at = due.get("resolution")
    ticket.clocks = [
        {
            "clock": clock.clock,
            "due_at": clock.due_at.isoformat() if clock.due_at else None,
            "source": clock.source,
            "reason": clock.reason,
        }
        for clock in clocks
    ]
