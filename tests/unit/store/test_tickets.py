from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kbservice.errors import Conflict, NotFound
from kbservice.store import tickets
from kbservice.store.database import Database
from kbservice.store.tickets import TicketFilter
from tests.builders import NOW, a_resolution, a_ticket
from tests.databases import fail_after

pytestmark = pytest.mark.every_database


def numbers(database: Database, **wanted: Any) -> set[str]:
    with database.reading() as session:
        found = tickets.page(session, TicketFilter(**wanted))
    return {ticket.number for ticket in found.items}


def test_serials_count_from_one_in_each_period_and_scope(database: Database):
    with database.transaction() as session:
        given = [
            tickets.next_serial(session, scope, period)
            for scope, period in (("TS", "d1"), ("TS", "d1"), ("TS", "d2"), ("IT", "d1"))
        ]

    assert given == [1, 2, 1, 1]


def test_a_rolled_back_serial_is_given_out_again(database: Database):
    with pytest.raises(RuntimeError):
        fail_after(database, lambda session: tickets.next_serial(session, "TS", "d1"))

    with database.transaction() as session:
        assert tickets.next_serial(session, "TS", "d1") == 1


def test_a_taken_number_is_a_conflict_and_the_transaction_goes_on(database: Database):
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1"))
        with pytest.raises(Conflict, match="TS1 exists already"):
            tickets.add(session, a_ticket("TS1"))
        tickets.add(session, a_ticket("TS2"))

    assert numbers(database) == {"TS1", "TS2"}


def test_a_taken_source_id_is_a_conflict(database: Database):
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1", source_id="old-7"))
        with pytest.raises(Conflict):
            tickets.add(session, a_ticket("TS2", source_id="old-7"))


def test_a_ticket_is_found_by_number_and_by_source(database: Database):
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1", source_id="old-7", resolution=a_resolution()))

    with database.reading() as session:
        found = tickets.get(session, "TS1")
        by_source = tickets.find_by_source(session, "old-7")
        many = tickets.by_numbers(session, ["TS1", "TS404"])
        unknown = tickets.find(session, "TS404"), tickets.find_by_source(session, "TS1")
    assert found.resolution is not None
    assert by_source is found
    assert many == [found]
    assert unknown == (None, None)


def test_an_unknown_number_is_not_found(database: Database):
    with database.reading() as session, pytest.raises(NotFound, match="TS404"):
        tickets.get(session, "TS404")


def test_a_ticket_can_be_held_for_update(database: Database):
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1"))
    with database.transaction() as session:
        tickets.get(session, "TS1", for_update=True).touch(NOW)

    with database.reading() as session:
        assert tickets.get(session, "TS1").version == 2


def test_filters_combine_and_their_values_are_alternatives(database: Database):
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1", state="new", category="mail", priority="P1"))
        tickets.add(session, a_ticket("TS2", state="new", category="vpn", kind="fault"))
        tickets.add(session, a_ticket("TS3", state="closed", category="mail", product="A"))
        tickets.add(session, a_ticket("TS4", state="open", profile_key="it"))

    assert numbers(database, state=("new",)) == {"TS1", "TS2"}
    assert numbers(database, state=("new", "open")) == {"TS1", "TS2", "TS4"}
    assert numbers(database, state=("new",), category=("mail",)) == {"TS1"}
    assert numbers(database, priority=("P1",)) == {"TS1"}
    assert numbers(database, kind=("fault",)) == {"TS2"}
    assert numbers(database, product=("A",)) == {"TS3"}
    assert numbers(database, profile=("it",)) == {"TS4"}
    assert numbers(database, category=("none",)) == set()


def test_tickets_are_filtered_by_time(database: Database):
    day = timedelta(days=1)
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1", opened_at=NOW - day, resolution_due_at=NOW - day))
        tickets.add(session, a_ticket("TS2", opened_at=NOW, response_due_at=NOW - day))
        tickets.add(
            session,
            a_ticket(
                "TS3",
                opened_at=NOW + day,
                response_due_at=NOW - day,
                first_response_at=NOW,
                resolution_due_at=NOW - day,
                resolved_at=NOW,
            ),
        )
        tickets.add(session, a_ticket("TS4", opened_at=NOW + day, resolution_due_at=NOW + day))

    assert numbers(database, since=NOW) == {"TS2", "TS3", "TS4"}
    assert numbers(database, until=NOW) == {"TS1"}
    assert numbers(database, is_resolved=True) == {"TS3"}
    assert numbers(database, is_resolved=False) == {"TS1", "TS2", "TS4"}
    assert numbers(database, due_before=NOW) == {"TS1", "TS2"}


def test_resolved_tickets_come_by_id_from_any_point(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tickets, "_BATCH", 2)
    with database.transaction() as session:
        for serial in range(1, 6):
            tickets.add(session, a_ticket(f"TS{serial}", resolution=a_resolution()))
        tickets.add(session, a_ticket("TS6"))

    with database.reading() as session:
        everything = list(tickets.resolved(session))
        count = tickets.count_resolved(session)
        rest = [row.number for row in tickets.resolved(session, everything[1].id, 2)]
        most = [row.number for row in tickets.resolved(session, limit=3)]
        none = list(tickets.resolved(session, limit=0))
    assert [row.number for row in everything] == ["TS1", "TS2", "TS3", "TS4", "TS5"]
    assert all(row.resolution is not None for row in everything)
    assert (count, rest, most, none) == (5, ["TS3", "TS4"], ["TS1", "TS2", "TS3"], [])


def test_training_sees_only_labels_that_somebody_vouched_for(database: Database):
    by_person = {"category_by": "person", "priority_by": "classifier"}
    by_classifier = {"category_by": "classifier", "priority_by": "rule"}
    labels = {"category": "mail", "priority": "P1", "product_version": "3.2"}
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1", **labels, **by_person))
        tickets.add(session, a_ticket("TS2", **labels, **by_classifier))
        tickets.add(session, a_ticket("TS3", priority="P2", priority_by="import"))
        tickets.add(session, a_ticket("TS4", **labels, **by_person, profile_key="it"))

    with database.reading() as session:
        rows = list(tickets.labelled(session, "product-support"))
    assert [(row.number, row.category, row.priority) for row in rows] == [
        ("TS1", "mail", None),
        ("TS3", None, "P2"),
    ]
    assert (rows[0].title, rows[0].version, rows[0].opened_at) == ("无法登录邮箱", "3.2", NOW)


def test_a_profiles_categories_in_use_are_listed_once(database: Database):
    with database.transaction() as session:
        for serial, category in enumerate(("vpn", "mail", "vpn", None)):
            tickets.add(session, a_ticket(f"TS{serial}", category=category))
        tickets.add(session, a_ticket("IT1", category="desk", profile_key="it-response"))

    with database.reading() as session:
        assert tickets.categories(session, "product-support") == ("mail", "vpn")
