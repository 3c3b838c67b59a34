"""Importing articles: what goes in, what a second import does, what is reported."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kbservice.domain.account import Principal, Role
from kbservice.domain.article import ArticleState, Visibility
from kbservice.errors import NotFound, NotPermitted
from kbservice.store import articles, audit, outbox
from tests.builders import an_article
from tests.unit.services.importing_instance import Instance

ROW: dict[str, Any] = {
    "id": "faq-1",
    "title": "数据库连接超时",
    "text": "优化数据库连接池配置，清理缓存后恢复正常。",
    "tags": ["数据库", "超时"],
    "category": "software_fault",
    "created_at": "2023-10-01T08:00:00Z",
    "updated_at": "2023-10-02T08:00:00Z",
}


def pending(instance: Instance) -> list[tuple[str, str]]:
    with instance.database.reading() as session:
        return [(event.kind, event.key) for event in outbox.batch(session, 100)]


def test_a_published_article_keeps_the_times_of_its_source(instance: Instance):
    report = instance.articles([ROW], publish=True)

    article = instance.article("faq-1")
    assert (1, 1, []) == (report.read, report.created, report.rejected)
    assert datetime(2023, 10, 1, 8, tzinfo=UTC) == article.created_at
    assert datetime(2023, 10, 2, 8, tzinfo=UTC) == article.updated_at
    assert instance.clock.moment == article.published_at
    assert ArticleState.PUBLISHED == article.state
    assert Visibility.PUBLIC == article.visibility
    assert {"solution": ROW["text"]} == article.sections
    assert "zh" == article.language
    assert [("article", "faq-1")] == pending(instance)


def test_without_publish_an_import_makes_drafts_that_no_search_sees(instance: Instance):
    instance.articles([ROW])

    assert ArticleState.DRAFT == instance.article("faq-1").state
    assert [] == pending(instance)


def test_a_second_import_of_the_same_row_changes_nothing(instance: Instance):
    instance.articles([ROW], publish=True)

    report = instance.articles([ROW], publish=True)

    assert (0, 0, 1) == (report.created, report.updated, report.unchanged)
    assert 1 == instance.article("faq-1").revision
    assert [("article", "faq-1")] == pending(instance)


def test_a_changed_row_updates_the_article_and_keeps_the_old_revision(instance: Instance):
    instance.articles([ROW], publish=True)

    report = instance.articles([ROW | {"text": "升级驱动"}], publish=True)

    assert (0, 1, 0) == (report.created, report.updated, report.unchanged)
    assert "升级驱动" == instance.article("faq-1").solution
    with instance.database.reading() as session:
        kept = articles.revisions(session, "faq-1")
    assert ["升级驱动", ROW["text"]] == [revision.content["solution"] for revision in kept]


def test_an_import_of_an_unchanged_source_leaves_local_edits_alone(instance: Instance):
    instance.articles([ROW])
    with instance.database.transaction() as session:
        article = articles.get(session, "faq-1")
        article.title = "我们改过的标题"
        article.touch(instance.clock.now())

    report = instance.articles([ROW])

    assert 1 == report.unchanged
    assert "我们改过的标题" == instance.article("faq-1").title


def test_a_column_that_is_missing_blanks_nothing(instance: Instance):
    instance.articles([ROW])

    instance.articles([{"id": "faq-1", "title": "新标题", "text": "新内容"}])

    article = instance.article("faq-1")
    assert ("新标题", ["数据库", "超时"], "software_fault") == (
        article.title,
        article.tags,
        article.category,
    )


def test_publish_makes_earlier_imported_drafts_searchable(instance: Instance):
    instance.articles([ROW])

    report = instance.articles([ROW], publish=True)

    assert 1 == report.updated
    assert ArticleState.PUBLISHED == instance.article("faq-1").state


def test_a_dry_run_reports_the_same_and_changes_nothing(instance: Instance):
    rows = [ROW, ROW | {"id": "faq-2"}, {"id": "faq-3"}]

    rehearsed = instance.articles(rows, publish=True, dry_run=True)
    with pytest.raises(NotFound):
        instance.article("faq-1")
    done = instance.articles(rows, publish=True)

    assert rehearsed.to_json() | {"dry_run": False} == done.to_json()


def test_a_bad_row_is_reported_and_the_rest_goes_in(instance: Instance):
    rows = [
        {"id": "a", "title": "没有内容"},
        ROW,
        ROW | {"id": "b", "category": "x" * 101},
        ROW | {"id": "c", "sections": "no object"},
        ROW | {"id": "d", "title": ["no text"]},
    ]

    report = instance.articles(rows)

    assert 1 == report.created
    assert [1, 3, 4, 5] == [item.line for item in report.rejected]
    assert report.rejected[0].reason.startswith("Field text: expected a text")


def test_unknown_columns_are_kept_and_counted(instance: Instance):
    report = instance.articles(
        [ROW | {"owner": "李工", "extra": {"team": "db"}}, ROW | {"id": "2"}]
    )

    kept = instance.article("faq-1").extra
    assert {"owner": 1} == dict(report.unknown_columns)
    assert ("李工", "db") == (kept["owner"], kept["team"])


def test_a_value_that_cannot_be_read_is_kept_and_warned_of(instance: Instance):
    report = instance.articles([ROW | {"created_at": "去年", "visibility": "secret"}])

    article = instance.article("faq-1")
    assert ("去年", "secret") == (article.extra["created_at"], article.extra["visibility"])
    assert datetime(2023, 10, 2, 8, tzinfo=UTC) == article.created_at
    assert 2 == report.warning_count


def test_an_id_that_does_not_fit_an_address_gets_one_that_does(instance: Instance):
    instance.articles([ROW | {"id": "目录/问题 1?"}])

    article = instance.article("KB-000001")
    assert "目录/问题 1?" == article.source_id


def test_an_article_never_sits_on_a_ticket_number(instance: Instance):
    instance.articles([ROW | {"id": "TS20231001001"}, ROW | {"id": "202310-001"}])

    assert "TS20231001001" == instance.article("KB-000001").source_id
    assert "202310-001" == instance.article("KB-000002").source_id


def test_a_foreign_id_does_not_overwrite_an_article_written_here(instance: Instance):
    with instance.database.transaction() as session:
        own = an_article(articles.next_id(session), title="自己写的")
        articles.add(session, own)

    instance.articles([ROW | {"id": "KB-000001"}])

    assert "自己写的" == instance.article("KB-000001").title
    assert "KB-000001" == instance.article("KB-000002").source_id


def test_rows_without_an_id_are_recognised_by_their_content(instance: Instance):
    faq = {"问题": "如何重置密码？", "答案": "在登录页点击忘记密码。", "关键词": "密码、登录"}

    instance.articles([faq], publish=True)
    report = instance.articles([faq], publish=True)

    article = instance.article("KB-000001")
    assert 1 == report.unchanged
    assert ("如何重置密码？", "在登录页点击忘记密码。", ["密码", "登录"]) == (
        article.title,
        article.solution,
        article.tags,
    )


def test_personal_data_in_an_article_is_warned_of_and_kept(instance: Instance):
    report = instance.articles([ROW | {"text": "致电张工 13812345678"}])

    assert "13812345678" in instance.article("faq-1").solution
    assert ["personal data in the text: 1"] == [item["warning"] for item in report.warnings]


def test_more_rows_than_a_batch_go_in(instance: Instance):
    report = instance.articles([ROW | {"id": f"faq-{number}"} for number in range(501)])

    assert 501 == report.created


def test_the_import_is_in_the_audit_log(instance: Instance):
    instance.articles(instance.file([ROW], "faq.jsonl"))

    with instance.database.reading() as session:
        entry = audit.of_subject(session, "import:faq.jsonl")[0]
    assert ("articles_imported", 1) == (entry.action, entry.facts["created"])


def test_an_engineer_may_not_import(instance: Instance, tmp_path: Path):
    agent = Principal(name="li", role=Role.AGENT)

    with pytest.raises(NotPermitted):
        instance.importing.articles(tmp_path / "a.jsonl", principal=agent)
