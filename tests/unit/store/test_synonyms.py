from __future__ import annotations

import pytest

from kbservice.domain.synonym import SynonymRule
from kbservice.errors import Conflict, NotFound
from kbservice.store import synonyms
from kbservice.store.database import Database
from tests.builders import NOW

pytestmark = pytest.mark.every_database


def a_rule(text: str = "蓝屏, 死机") -> SynonymRule:
    return SynonymRule(rule=text, author="root", version=1, created_at=NOW, updated_at=NOW)


def test_rules_come_back_in_the_order_they_were_added(database: Database):
    with database.transaction() as session:
        for text in ("b, c", "a, b"):
            synonyms.add(session, a_rule(text))

    with database.reading() as session:
        assert ["b, c", "a, b"] == [rule.rule for rule in synonyms.all_rules(session)]


def test_the_same_rule_is_refused(database: Database):
    with database.transaction() as session:
        synonyms.add(session, a_rule())
    with pytest.raises(Conflict), database.transaction() as session:
        synonyms.add(session, a_rule())


def test_every_change_gives_the_book_another_version(database: Database):
    seen = []
    rule = a_rule()
    for change in (
        lambda session: None,
        lambda session: synonyms.add(session, rule),
        lambda session: synonyms.remove(session, synonyms.get(session, rule.id, for_update=True)),
    ):
        with database.transaction() as session:
            change(session)
        with database.reading() as session:
            seen.append(synonyms.version(session))

    assert [0, 1, 2] == seen


def test_a_rule_that_is_not_there_is_told(database: Database):
    with pytest.raises(NotFound), database.reading() as session:
        synonyms.get(session, 7)


def test_the_longest_rule_fits(database: Database):
    longest = ("长" * 60 + ", ") * 8
    with database.transaction() as session:
        synonyms.add(session, a_rule(longest[:500]))
        assert synonyms.by_text(session, longest[:500]) is not None
