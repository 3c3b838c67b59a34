from __future__ import annotations

import pytest

from kbservice.domain.article import ArticleState
from kbservice.store import articles, streams, tickets
from kbservice.store.database import Database
from tests.builders import a_resolution, a_ticket, an_article

pytestmark = pytest.mark.every_database


def test_every_record_comes_once_in_a_fixed_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(streams, "_BATCH", 2)
    with database.transaction() as session:
        for serial in (3, 1, 2):
            articles.add(session, an_article(f"KB-{serial}", state=ArticleState.DRAFT))
            tickets.add(session, a_ticket(f"TS{serial}", resolution=a_resolution()))

    with database.reading() as session:
        counts = streams.count_articles(session), streams.count_tickets(session)
        every_article = list(streams.all_articles(session))
        every_ticket = list(streams.all_tickets(session))
    assert counts == (3, 3)
    assert [row.id for row in every_article] == ["KB-1", "KB-2", "KB-3"]
    assert [row.number for row in every_ticket] == ["TS1", "TS2", "TS3"]
    assert all(row.resolution is not None for row in every_ticket)
