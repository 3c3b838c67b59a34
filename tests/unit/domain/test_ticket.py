from __future__ import annotations

from datetime import timedelta

import pytest

from kbservice.errors import AlreadyResolved
from tests.builders import NOW, a_resolution, a_ticket

LATER = NOW + timedelta(hours=1)


def test_resolving_moves_the_ticket_and_starts_a_version():
    ticket, resolution = a_ticket(version=1), a_resolution()

    ticket.resolve(resolution, state="resolved", now=LATER)

    assert ticket.resolution is resolution
    assert (ticket.state, ticket.resolved_at) == ("resolved", LATER)
    assert (ticket.version, ticket.updated_at) == (2, LATER)


def test_a_ticket_is_resolved_once():
    ticket = a_ticket("TS7", version=1)
    ticket.resolve(a_resolution(), state="resolved", now=LATER)

    with pytest.raises(AlreadyResolved, match="TS7"):
        ticket.resolve(a_resolution(), state="closed", now=LATER)
    assert ticket.state == "resolved"
