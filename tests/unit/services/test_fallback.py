"""Search while the index is down: no hit breaks a filter."""

from __future__ import annotations

from datetime import datetime

import pytest

from kbservice.search.syntax import parse
from kbservice.services.fallback import from_store
from kbservice.store import articles
from kbservice.store.database import Database
from tests.builders import NOW, an_article


@pytest.fixture
def shelf(database: Database) -> Database:
    rows = (
        an_article("KB-1", title="域名 备案", category="icp", product="DNS", version="2"),
        an_article("KB-2", title="域名解析", category="ecs", tags=["Cache"], solution="刷新缓存"),
        an_article(
            "KB-3",
            title="云盘",
            solution="域名 不变",
            category="ecs",
            verification="verified",
            updated_at=datetime(2020, 5, 1, tzinfo=NOW.tzinfo),
        ),
    )
    with database.transaction() as session:
        for row in rows:
            articles.add(session, row)
    return database


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("域名", {"KB-1", "KB-2", "KB-3"}),
        ("域名 kind:article", {"KB-1", "KB-2", "KB-3"}),
        ("域名 kind:ticket", set()),
        ("域名 category:ECS", {"KB-2", "KB-3"}),
        ("域名 -category:ecs", {"KB-1"}),
        ("域名 product:dns version:2", {"KB-1"}),
        ("域名 tag:cache", {"KB-2"}),
        ("域名 state:verified", {"KB-3"}),
        ("域名 until:2020", {"KB-3"}),
        ("域名 since:2021", {"KB-1", "KB-2"}),
        ("域名 -备案", {"KB-2", "KB-3"}),
        ("域名 -備案", {"KB-2", "KB-3"}),
        ("域名 -cache", {"KB-1", "KB-3"}),
        ("title:域名", {"KB-1", "KB-2"}),
        ("text:域名", {"KB-3"}),
        ("备案 OR 云盘", {"KB-1", "KB-3"}),
        ("category:ecs", {"KB-2", "KB-3"}),
        ("kb-3", {"KB-3"}),
        ("ＫＢ－3 云盘", {"KB-3"}),
    ],
)
def test_no_hit_breaks_a_filter(shelf: Database, query: str, found: set[str]):
    page = from_store(shelf, parse(query))

    assert found == {hit.id for hit in page.hits}
    assert len(found) == page.total
