from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kbservice.domain.audit import FIRST_HASH, AuditEntry
from tests.builders import NOW


def an_entry(**changes: Any) -> AuditEntry:
    given: dict[str, Any] = {
        "at": NOW,
        "actor": "li",
        "action": "ticket_changed",
        "subject": "ticket:TS1",
        "facts": {"a": 1, "b": "邮箱"},
        "previous_hash": FIRST_HASH,
    }
    return AuditEntry(**(given | changes))


def test_the_hash_does_not_depend_on_the_order_of_facts():
    assert an_entry().compute_hash() == an_entry(facts={"b": "邮箱", "a": 1}).compute_hash()


@pytest.mark.parametrize(
    "change",
    [
        {"at": NOW + timedelta(microseconds=1)},
        {"actor": "wang"},
        {"action": "ticket_resolved"},
        {"subject": "ticket:TS2"},
        {"facts": {"a": 2, "b": "邮箱"}},
        {"previous_hash": "1" * 64},
    ],
)
def test_the_hash_depends_on_every_part(change: dict[str, Any]):
    assert an_entry().compute_hash() != an_entry(**change).compute_hash()
