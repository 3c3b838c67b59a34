from __future__ import annotations

import pytest

from kbservice.store import counters, tickets
from kbservice.store.database import Database

pytestmark = pytest.mark.every_database


@pytest.mark.parametrize(("raised_to", "following"), [([7], 8), ([7, 3], 8), ([], 1)])
def test_the_next_serial_comes_after_the_highest_imported_one(
    database: Database, raised_to: list[int], following: int
):
    with database.transaction() as session:
        for value in raised_to:
            counters.raise_to(session, "TS", "20261123", value)
        serial = tickets.next_serial(session, "TS", "20261123")

    assert serial == following
