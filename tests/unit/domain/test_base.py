from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from kbservice.domain.article import ArticleState
from kbservice.store import articles, tickets
from kbservice.store.database import Database
from tests.builders import a_ticket, an_article

pytestmark = pytest.mark.every_database

BEIJING = timezone(timedelta(hours=8))


def test_a_moment_comes_back_aware_and_in_utc(database: Database):
    opened_at = datetime(2026, 11, 23, 17, 30, 0, 123456, tzinfo=BEIJING)
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1", opened_at=opened_at))

    with database.reading() as session:
        found = tickets.get(session, "TS1").opened_at
    assert found == opened_at
    assert found.tzinfo == UTC


def test_a_naive_moment_is_refused(database: Database):
    naive = datetime(2026, 11, 23, 17, 30)  # noqa: DTZ001  # the case under test

    with pytest.raises(StatementError, match="a zone is needed"), database.transaction() as session:
        tickets.add(session, a_ticket("TS1", opened_at=naive))


def test_states_are_stored_as_their_values_and_read_as_members(database: Database):
    with database.transaction() as session:
        articles.add(session, an_article("KB-1", state=ArticleState.RETIRED))

    with database.reading() as session:
        assert session.scalar(text("SELECT state FROM articles")) == "retired"
        assert articles.get(session, "KB-1").state is ArticleState.RETIRED
