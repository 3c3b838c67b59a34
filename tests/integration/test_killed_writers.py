"""A killed process loses nothing it acknowledged and leaves nothing half-done."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest
from sqlalchemy import text

from kbservice.store import outbox, tickets
from kbservice.store.database import Database

ROUNDS = 6
SUBMIT = """
import sys
from kbservice.store import outbox, tickets
from kbservice.store.database import Database
from tests.builders import NOW, a_ticket

database = Database(sys.argv[1])
while True:
    with database.transaction() as session:
        number = f"TS{tickets.next_serial(session, 'TS', 'd')}"
        tickets.add(session, a_ticket(number))
        outbox.append(session, "ticket", number, 1, NOW)
    print(number, flush=True)
"""


@pytest.mark.crash
@pytest.mark.every_database
def test_a_killed_writer_leaves_each_ticket_with_its_outbox_row(
    database: Database, database_url: str
):
    moments = random.Random(1)  # moments of a test, repeatable
    acknowledged: list[str] = []
    for _ in range(ROUNDS):
        writers = [start(database_url), start(database_url)]
        for writer in writers:
            assert writer.stdout is not None
            acknowledged.append(writer.stdout.readline().strip())
        time.sleep(moments.uniform(0, 0.1))
        for writer in writers:
            writer.kill()
        for writer in writers:
            output, _ = writer.communicate()
            # A line that was cut short is not an acknowledgement.
            acknowledged += [
                line.strip() for line in output.splitlines(keepends=True) if "\n" in line
            ]

    with database.transaction() as session:
        stored = [row.number for row in tickets.page(session, limit=99_999).items]
        waiting = [event.key for event in outbox.batch(session, 99_999)]
        if database.is_sqlite:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    assert set(acknowledged) <= set(stored)
    assert sorted(waiting) == sorted(stored)


def start(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SUBMIT, url], stdout=subprocess.PIPE, text=True)
