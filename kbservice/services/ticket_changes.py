"""Changes of a ticket's assessed and descriptive fields, whichever way they come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from kbservice.domain.ticket import Ticket
from kbservice.errors import InvalidInput
from kbservice.profiles.schema import Profile
from kbservice.services.targets import set_due_times
from kbservice.store import audit, outbox, tickets
from kbservice.text.redaction import redact

CHANGEABLE: Final = (
    "category",
    "priority",
    "urgency",
    "kind",
    "product",
    "version",
    "environment",
)
_ASSESSED: Final = ("category", "priority", "kind")


def apply_changes(
    session: Session,
    ticket: Ticket,
    profile: Profile,
    changes: Mapping[str, str | None],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Let a person's word replace what is stored; deadlines, index and timeline follow.

    Raises:
        InvalidInput: A field is unknown or its value not one the profile knows.
    """
    before = {name: _value(ticket, name) for name in changes if name in CHANGEABLE}
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise InvalidInput.of("field", " | ".join(CHANGEABLE), name)
        demand_known(session, profile, name, value)
        _set(ticket, name, value)
    if "priority" in changes:
        set_due_times(ticket, profile)
    ticket.touch(now)
    if ticket.resolution is not None:
        outbox.append(session, "ticket", ticket.number, ticket.version, now)
    audit.append(
        session,
        actor=actor,
        action="ticket_changed",
        subject=f"ticket:{ticket.number}",
        facts={"before": before, "after": dict(changes)},
        now=now,
    )


def demand_known(session: Session, profile: Profile, name: str, value: str | None) -> None:
    """Refuse what a field cannot hold; categories imported under the profile count as known.

    Raises:
        InvalidInput: The profile has no such value.
    """
    choices = profile.choices(name)
    if not value or choices is None:
        return
    known = [choice.value for choice in choices]
    if name == "category" and value not in known:
        # Asked only then: it looks through all tickets.
        extras = tickets.categories(session, profile.key)
        known += [extra for extra in extras if extra not in known]
    if value not in known:
        raise InvalidInput.of(name, " | ".join(known), value)


def _set(ticket: Ticket, name: str, value: str | None) -> None:
    if name == "version":
        ticket.product_version = value or None
    elif name == "environment":
        ticket.environment = redact(value).text if value else None
    else:
        setattr(ticket, name, value or None)
    if name in _ASSESSED:
        setattr(ticket, f"{name}_by", "person" if value else None)


def _value(ticket: Ticket, name: str) -> Any:
    return getattr(ticket, "product_version" if name == "version" else name)
