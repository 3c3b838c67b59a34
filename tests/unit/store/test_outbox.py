from __future__ import annotations

from datetime import timedelta

import pytest

from kbservice.store import outbox
from kbservice.store.database import Database
from tests.builders import NOW
from tests.databases import fail_after

pytestmark = pytest.mark.every_database

SECOND = timedelta(seconds=1)


def fill(database: Database, count: int) -> list[int]:
    with database.transaction() as session:
        return [
            outbox.append(session, "article", f"KB-{n}", 1, NOW + n * SECOND) for n in range(count)
        ]


def fail(database: Database, sequence: int, times: int) -> None:
    for _ in range(times):
        with database.transaction() as session:
            outbox.record_failure(session, sequence, "tokenizer raised", NOW)


def waiting(database: Database, **options: object) -> list[int]:
    with database.reading() as session:
        return [row.sequence for row in outbox.batch(session, 99, **options)]


def test_changes_wait_in_the_order_they_were_made(database: Database):
    sequences = fill(database, 3)

    with database.reading() as session:
        first = outbox.batch(session, 2)
        pending = outbox.pending(session)
    assert sequences == sorted(sequences)
    assert [row.sequence for row in first] == sequences[:2]
    assert (first[0].kind, first[0].key, first[0].version) == ("article", "KB-0", 1)
    assert (pending.count, pending.oldest_at) == (3, NOW)
    assert pending.lag_s(NOW + 5 * SECOND) == 5.0
    assert pending.lag_s(NOW - 5 * SECOND) == 0.0


def test_an_empty_outbox_has_no_lag(database: Database):
    with database.reading() as session:
        pending = outbox.pending(session)
        last = outbox.last_sequence(session)
    assert (pending.count, pending.oldest_at, pending.lag_s(NOW)) == (0, None, 0.0)
    assert last == 0


def test_a_rolled_back_change_leaves_nothing(database: Database):
    with pytest.raises(RuntimeError):
        fail_after(database, lambda session: outbox.append(session, "ticket", "TS1", 1, NOW))

    assert waiting(database) == []


def test_a_change_is_visible_once_it_left_the_outbox(database: Database):
    first, second = fill(database, 2)
    with database.transaction() as session:
        outbox.delete(session, [first, 404])

    with database.reading() as session:
        assert outbox.is_visible(session, first)
        assert not outbox.is_visible(session, second)


def test_a_sequence_is_never_used_again(database: Database):
    sequences = fill(database, 2)
    with database.transaction() as session:
        outbox.delete(session, sequences)
    with database.reading() as session:
        assert outbox.last_sequence(session) == sequences[-1]

    assert fill(database, 1)[0] > sequences[-1]


def test_many_changes_are_forgotten_at_once(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outbox, "_BATCH", 2)
    sequences = fill(database, 5)

    with database.transaction() as session:
        outbox.delete(session, sequences[:3])

    assert waiting(database) == sequences[3:]


def test_a_failed_change_is_tried_again_later_and_later(database: Database):
    bad, good = fill(database, 2)

    fail(database, bad, times=1)
    assert waiting(database, now=NOW) == [good]
    assert waiting(database, now=NOW + SECOND) == [bad, good]

    fail(database, bad, times=2)
    assert waiting(database, now=NOW + 3 * SECOND) == [good]
    assert waiting(database, now=NOW + 4 * SECOND) == [bad, good]
    assert waiting(database) == [bad, good]


def test_the_fifth_failure_parks_a_change_and_the_ones_behind_go_on(database: Database):
    bad, good = fill(database, 2)

    fail(database, bad, times=5)

    with database.reading() as session:
        parked = outbox.parked(session)
        counts = outbox.parked_count(session), outbox.pending(session).count
        assert not outbox.is_visible(session, bad)
    assert waiting(database) == [good]
    assert [(row.sequence, row.attempts, row.error) for row in parked] == [
        (bad, 5, "tokenizer raised")
    ]
    assert parked[0].parked_at == NOW
    assert counts == (1, 1)


def test_parked_changes_can_be_tried_anew(database: Database):
    bad, good = fill(database, 2)
    fail(database, bad, times=5)

    with database.transaction() as session:
        freed = outbox.retry_parked(session)

    assert freed == 1
    assert waiting(database, now=NOW) == [bad, good]


def test_a_long_error_is_cut(database: Database):
    (bad,) = fill(database, 1)
    with database.transaction() as session:
        outbox.record_failure(session, bad, "x" * 5000, NOW)

    with database.reading() as session:
        assert len(outbox.batch(session, 1)[0].error or "") == 2000
    assert waiting(database) == [bad]
