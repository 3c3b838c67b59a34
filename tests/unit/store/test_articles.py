from __future__ import annotations

from datetime import timedelta

import pytest

from kbservice.domain.article import ArticleState, Visibility
from kbservice.errors import Conflict, NotFound
from kbservice.store import articles, tickets
from kbservice.store.articles import ArticleFilter
from kbservice.store.database import Database
from tests.builders import NOW, a_resolution, a_ticket, an_article

pytestmark = pytest.mark.every_database


def test_articles_are_numbered_in_turn(database: Database):
    with database.transaction() as session:
        given = [articles.next_id(session) for _ in range(2)]

    assert given == ["KB-000001", "KB-000002"]


def test_an_article_is_found_by_id_and_by_source(database: Database):
    with database.transaction() as session:
        articles.add(session, an_article("KB-1", source_id="wiki/7", tags=["邮箱"]))

    with database.reading() as session:
        found = articles.get(session, "KB-1")
        by_source = articles.find_by_source(session, "wiki/7")
        unknown = articles.find(session, "KB-2"), articles.find_by_source(session, "KB-1")
        many = articles.by_ids(session, ["KB-2", "KB-1"])
    assert (found.tags, found.state, found.visibility) == (
        ["邮箱"],
        ArticleState.PUBLISHED,
        Visibility.INTERNAL,
    )
    assert isinstance(found.state, ArticleState)
    assert by_source is found
    assert unknown == (None, None)
    assert many == [found]


def test_an_unknown_id_is_not_found(database: Database):
    with database.reading() as session, pytest.raises(NotFound, match="KB-404"):
        articles.get(session, "KB-404")


@pytest.mark.parametrize("taken", [("KB-1", None), ("KB-2", "wiki/7")])
def test_a_taken_id_or_source_is_a_conflict(database: Database, taken: tuple[str, str | None]):
    article_id, source_id = taken
    with database.transaction() as session:
        articles.add(session, an_article("KB-1", source_id="wiki/7"))
        with pytest.raises(Conflict):
            articles.add(session, an_article(article_id, source_id=source_id))


def test_two_writers_who_hold_an_article_both_count(database: Database):
    with database.transaction() as session:
        articles.add(session, an_article("KB-1"))
    for symptom in ("连不上", "打不开", "连不上"):
        with database.transaction() as session:
            article = articles.get(session, "KB-1", for_update=True)
            article.count_outcome(solved=True, symptom=symptom, now=NOW)

    with database.reading() as session:
        found = articles.get(session, "KB-1")
    assert (found.solved_count, found.symptoms, found.revision) == (3, ["连不上", "打不开"], 4)


def test_pages_are_filtered_and_the_latest_change_comes_first(database: Database):
    hour = timedelta(hours=1)
    with database.transaction() as session:
        articles.add(session, an_article("KB-1", updated_at=NOW))
        articles.add(session, an_article("KB-2", updated_at=NOW + hour, category="mail"))
        articles.add(session, an_article("KB-3", updated_at=NOW - hour, state="draft"))
        articles.add(session, an_article("KB-4", updated_at=NOW - 2 * hour, visibility="public"))

    def ids(wanted: ArticleFilter, limit: int = 50) -> list[str]:
        with database.reading() as session:
            return [row.id for row in articles.page(session, wanted, limit=limit).items]

    assert ids(ArticleFilter()) == ["KB-2", "KB-1", "KB-3", "KB-4"]
    assert ids(ArticleFilter(), limit=1) == ["KB-2"]
    assert ids(ArticleFilter(category=("mail",))) == ["KB-2"]
    assert ids(ArticleFilter(state=("draft",))) == ["KB-3"]
    assert ids(ArticleFilter(visibility=("public",))) == ["KB-4"]


def test_the_cursor_of_an_article_page_leads_on(database: Database):
    with database.transaction() as session:
        for serial in range(3):
            articles.add(session, an_article(f"KB-{serial}"))

    with database.reading() as session:
        first = articles.page(session, limit=2)
        second = articles.page(session, after=first.next, limit=2)
    assert [row.id for row in (*first.items, *second.items)] == ["KB-2", "KB-1", "KB-0"]


def test_published_articles_are_streamed_in_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(articles, "_BATCH", 2)
    with database.transaction() as session:
        for serial in range(5):
            articles.add(session, an_article(f"KB-{serial}"))
        articles.add(session, an_article("KB-5", state=ArticleState.DRAFT))

    with database.reading() as session:
        assert [row.id for row in articles.published(session)] == [f"KB-{n}" for n in range(5)]
        assert articles.count_published(session) == 5
        assert len(articles.by_ids(session, [f"KB-{n}" for n in range(6)])) == 6


def test_a_scan_finds_published_articles_that_contain_one_of_each_group_of_words(
    database: Database,
):
    with database.transaction() as session:
        articles.add(session, an_article("KB-1", title="VPN 连接失败", solution="100% 有效"))
        articles.add(session, an_article("KB-2", title="VPN 安装", visibility="public"))
        articles.add(session, an_article("KB-3", title="VPN 草稿", state=ArticleState.DRAFT))

    def ids(*words: str, public_only: bool = False) -> set[str]:
        groups = [word.split("|") for word in words]
        with database.reading() as session:
            found = articles.containing(session, groups, public_only=public_only, limit=50)
            return {row.id for row in found}

    assert ids("vpn") == {"KB-1", "KB-2"}
    assert ids("vpn", "登录", "失败") == {"KB-1"}
    assert ids("vpn", "连接失败") == {"KB-1"}
    assert ids("vpn", "失败|安装") == {"KB-1", "KB-2"}
    assert ids("100%") == {"KB-1"}
    assert ids("100_") == set()
    assert ids("vpn", public_only=True) == {"KB-2"}


def test_solved_tickets_are_listed_latest_first(database: Database):
    with database.transaction() as session:
        articles.add(session, an_article("KB-1"))
        for serial, outcome in enumerate(("solved", "unsolved", "workaround")):
            made_at = NOW + timedelta(minutes=serial)
            resolution = a_resolution(article_id="KB-1", outcome=outcome, created_at=made_at)
            tickets.add(session, a_ticket(f"TS{serial}", resolution=resolution))

    with database.reading() as session:
        assert articles.solved_tickets(session, "KB-1") == ["TS2", "TS0"]


def test_revisions_keep_what_the_article_said(database: Database):
    with database.transaction() as session:
        article = an_article("KB-1")
        articles.add(session, article)
        articles.record_revision(session, article, "li")
        article.solution = "重启服务"
        article.touch(NOW)
        articles.record_revision(session, article, "wang")

    with database.reading() as session:
        kept = articles.revisions(session, "KB-1")
    assert [(row.revision, row.author) for row in kept] == [(2, "wang"), (1, "li")]
    assert [row.content["solution"] for row in kept] == ["重启服务", "检查账户是否被禁用"]
