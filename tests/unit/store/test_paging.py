from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest

from kbservice.errors import InvalidInput
from kbservice.store import articles, tickets
from kbservice.store.database import Database
from tests.builders import NOW, a_ticket

pytestmark = pytest.mark.every_database


def cursor(*place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def test_following_the_cursors_gives_each_record_once_in_order(database: Database):
    moments = {"TS1": 0, "TS2": 5, "TS3": 5, "TS4": 5, "TS5": 2}
    with database.transaction() as session:
        for number, minutes in moments.items():
            tickets.add(session, a_ticket(number, opened_at=NOW + timedelta(minutes=minutes)))

    seen: list[list[str]] = []
    after: str | None = ""
    while after is not None:
        with database.reading() as session:
            found = tickets.page(session, after=after, limit=2)
        seen.append([ticket.number for ticket in found.items])
        after = found.next

    assert seen == [["TS4", "TS3"], ["TS2", "TS5"], ["TS1"]]


def test_a_record_added_meanwhile_does_not_shift_the_next_page(database: Database):
    with database.transaction() as session:
        for hour in range(4):
            tickets.add(session, a_ticket(f"TS{hour}", opened_at=NOW + timedelta(hours=hour)))
    with database.reading() as session:
        first = tickets.page(session, limit=2)
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS9", opened_at=NOW + timedelta(hours=9)))

    with database.reading() as session:
        second = tickets.page(session, after=first.next, limit=2)

    assert [ticket.number for ticket in second.items] == ["TS1", "TS0"]
    assert second.next is None


@pytest.mark.parametrize(
    "bad",
    [
        "???",
        "é",
        "AAAA",
        cursor(),
        cursor("yesterday", 1),
        cursor("2026-11-23T09:30:00", 1),
        cursor(NOW.isoformat(), "KB-1"),
        cursor(NOW.isoformat(), True),
        cursor(NOW.isoformat(), 1, 2),
        cursor(5, 1),
        cursor("0001-01-01T00:00:00+14:00", 1),
        base64.urlsafe_b64encode(b"[" * 3000).decode(),
    ],
)
def test_a_made_up_cursor_is_invalid_input(database: Database, bad: str):
    with database.reading() as session, pytest.raises(InvalidInput) as caught:
        tickets.page(session, after=bad)

    assert caught.value.facts["field"] == "after"


def test_a_cursor_of_another_list_is_invalid_input(database: Database):
    with database.reading() as session, pytest.raises(InvalidInput):
        articles.page(session, after=cursor(NOW.isoformat(), 1))
