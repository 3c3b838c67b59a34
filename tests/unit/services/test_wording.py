from __future__ import annotations

from datetime import timedelta

import pytest

from kbservice.clock import FrozenClock
from kbservice.services import wording
from kbservice.services.wording import WordingReader, Wordings
from kbservice.store import articles
from kbservice.store.database import Database
from tests.builders import NOW, an_article

pytestmark = pytest.mark.every_database
LONG_AGO = NOW - timedelta(days=1)


@pytest.fixture
def reader(database: Database) -> WordingReader:
    with database.transaction() as session:
        for number in range(4):
            title = f"打印机脱机 {number}"
            articles.add(session, an_article(f"KB-{number}", title=title, updated_at=LONG_AGO))
    return WordingReader(database, FrozenClock(NOW))


def retire(database: Database, *numbers: int) -> None:
    for number in numbers:
        with database.transaction() as session:
            articles.get(session, f"KB-{number}").retire(NOW)


def offered(wordings: Wordings) -> list[str]:
    return [entry.id for entry in wordings.complete("打印机", 9, is_staff=True)]


def test_only_what_changed_is_read_again(database: Database, reader: WordingReader):
    first = reader.read(None, 1)
    retire(database, 2)

    second = reader.read(first, 1)

    assert first.bulk is second.bulk
    assert {"KB-2"} == second.changed
    assert ["KB-0", "KB-1", "KB-3"] == offered(second)


def test_a_new_generation_is_read_whole(database: Database, reader: WordingReader):
    first = reader.read(None, 1)
    retire(database, 2)

    second = reader.read(first, 2)

    assert frozenset() == second.changed
    assert ["KB-0", "KB-1", "KB-3"] == offered(second)


def test_many_changes_are_read_whole(
    database: Database, reader: WordingReader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wording, "_FEW", 2)
    first = reader.read(None, 1)
    retire(database, 1, 2, 3)

    second = reader.read(first, 1)

    assert first.bulk is not second.bulk
    assert ["KB-0"] == offered(second)


def test_codes_and_words_are_taken_from_all_that_is_said(database: Database):
    with database.transaction() as session:
        article = an_article(
            title="监听失败",
            problem="TNS: ORA-12541 connection refused, connections lost, see http://x.y/z?a=1",
            symptoms=["连接报 0x800CCC0E"],
        )
        articles.add(session, article)

    wordings = WordingReader(database, FrozenClock(NOW)).read(None, 1)

    codes = [entry.text for entry in wordings.complete("o", 9, is_staff=True)]
    assert ["ORA-12541"] == codes
    assert "0x800CCC0E" in [e.text for e in wordings.complete("0x8", 9, is_staff=True)]
    assert "connections" == wordings.surfaces["connect"]


def test_forms_are_not_offered_what_the_tickets_of_others_said(database: Database):
    with database.transaction() as session:
        article = an_article(
            title="监听失败 ORA-12541",
            symptoms=["王小明的投影仪报 0xC000007B"],
            visibility="public",
        )
        articles.add(session, article)

    wordings = WordingReader(database, FrozenClock(NOW)).read(None, 1)

    for typed, is_public in (("监听", True), ("ora", True), ("投影仪", False), ("0xc", False)):
        assert wordings.complete(typed, 9, is_staff=True)
        assert is_public == bool(wordings.complete(typed, 9, is_staff=False))
