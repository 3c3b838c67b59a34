from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kbservice.domain.audit import FIRST_HASH
from kbservice.store import audit
from kbservice.store.database import Database
from tests.builders import NOW
from tests.databases import fail_after

pytestmark = pytest.mark.every_database


def note(session: Session, action: str) -> None:
    audit.append(session, actor="li", action=action, subject="s", facts={}, now=NOW)


@pytest.fixture
def log(database: Database) -> Database:
    """A log of five entries."""
    with database.transaction() as session:
        for serial in range(1, 6):
            audit.append(
                session,
                actor="li",
                action="ticket_changed",
                subject=f"ticket:TS{serial % 2}",
                facts={"serial": serial, "ratio": 0.1, "名称": "邮箱", "list": (1, None)},
                now=NOW.astimezone(timezone(timedelta(hours=8))),
            )
    return database


def broken(database: Database) -> int | None:
    with database.reading() as session:
        return audit.verify(session)


def run(database: Database, statement: str) -> None:
    with database.transaction() as session:
        session.execute(text(statement))


def test_an_untouched_log_holds(log: Database):
    assert broken(log) is None


def test_an_empty_log_holds(database: Database):
    assert broken(database) is None
    with database.reading() as session:
        assert audit.last_hash(session) == FIRST_HASH


@pytest.mark.parametrize(
    ("tampering", "first_broken"),
    [
        ("UPDATE audit SET actor = 'wang' WHERE id = 3", 3),
        ("UPDATE audit SET subject = 'ticket:TS9' WHERE id = 1", 1),
        ("UPDATE audit SET facts = '{}' WHERE id = 5", 5),
        ("DELETE FROM audit WHERE id = 3", 4),
        ("DELETE FROM audit WHERE id = 1", 2),
        ("UPDATE audit SET hash = 'forged' WHERE id = 2", 2),
    ],
)
def test_an_edited_or_removed_entry_is_found(log: Database, tampering: str, first_broken: int):
    run(log, tampering)

    assert broken(log) == first_broken


def test_reordered_entries_are_found(log: Database):
    for statement in (
        "UPDATE audit SET id = 99 WHERE id = 2",
        "UPDATE audit SET id = 2 WHERE id = 3",
        "UPDATE audit SET id = 3 WHERE id = 99",
    ):
        run(log, statement)

    assert broken(log) == 2


def test_a_log_cut_at_its_end_shows_in_the_last_hash(log: Database):
    with log.reading() as session:
        kept = audit.last_hash(session)
    run(log, "DELETE FROM audit WHERE id = 5")

    assert broken(log) is None
    with log.reading() as session:
        assert audit.last_hash(session) != kept


def test_a_long_log_is_checked_in_batches(log: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit, "_BATCH", 2)
    assert broken(log) is None

    run(log, "UPDATE audit SET action = 'none' WHERE id = 4")
    assert broken(log) == 4


def test_the_story_of_one_record_comes_latest_first(log: Database):
    with log.reading() as session:
        story = audit.of_subject(session, "ticket:TS1")

    assert [entry.facts["serial"] for entry in story] == [5, 3, 1]
    assert story[0].at == NOW
    assert story[0].facts == {"serial": 5, "ratio": 0.1, "名称": "邮箱", "list": [1, None]}


def test_a_rolled_back_entry_leaves_the_chain_whole(log: Database):
    with pytest.raises(RuntimeError):
        fail_after(log, lambda session: note(session, "a"))
    with log.transaction() as session:
        note(session, "b")

    assert broken(log) is None
