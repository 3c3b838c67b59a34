from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from kbservice.store import tickets
from kbservice.store.database import Database
from tests.builders import a_ticket

pytestmark = pytest.mark.every_database

WRITERS = 8
TICKETS = 25
EXPECTED = [f"TS20261123{serial:03}" for serial in range(1, WRITERS * TICKETS + 1)]
SUBMIT = """
import sys
from kbservice.store import tickets
from kbservice.store.database import Database
from tests.builders import a_ticket

database = Database(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with database.transaction() as session:
        serial = tickets.next_serial(session, "TS", "20261123")
        ticket = a_ticket(f"TS20261123{serial:03}")
        tickets.add(session, ticket)
    print(ticket.number, flush=True)
"""


def stored_numbers(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(row.number for row in tickets.page(session, limit=9999).items)


def test_eight_processes_never_number_two_tickets_alike(database: Database, database_url: str):
    arguments = [sys.executable, "-c", SUBMIT, database_url, str(TICKETS)]
    writers = [
        subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(WRITERS)
    ]
    outputs = [writer.communicate(timeout=240)[0] for writer in writers]

    acknowledged = sorted(number for output in outputs for number in output.split())
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    assert acknowledged == EXPECTED
    assert stored_numbers(database) == EXPECTED


def test_eight_threads_never_number_two_tickets_alike(database: Database):
    def submit(_: int) -> list[str]:
        numbers = []
        for _ in range(TICKETS):
            with database.transaction() as session:
                serial = tickets.next_serial(session, "TS", "20261123")
                ticket = a_ticket(f"TS20261123{serial:03}")
                tickets.add(session, ticket)
            numbers.append(ticket.number)
        return numbers

    with ThreadPoolExecutor(WRITERS) as threads:
        acknowledged = sorted(
            number for part in threads.map(submit, range(WRITERS)) for number in part
        )

    assert acknowledged == EXPECTED
    assert stored_numbers(database) == EXPECTED
