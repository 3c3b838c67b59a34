"""Exports: an import takes them back byte for byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from kbservice.domain.account import Principal, Role
from kbservice.domain.article import ArticleState
from kbservice.errors import NotPermitted
from kbservice.services.exporting import Exporting
from kbservice.store import articles, audit, tickets
from kbservice.store.database import Database
from tests.builders import NOW, a_resolution, a_ticket, an_article
from tests.databases import copy_sqlite
from tests.unit.services.importing_instance import Instance

ARTICLES = [
    {"id": "faq-1", "title": "连接池", "text": "优化连接池配置 ", "owner": "李工", "tags": ["a,b"]},
    {"id": "目录/问题", "title": "空格  标题", "sections": {"problem": "蓝屏", "faq": "问\n答"}},
]
TICKETS = [
    {
        "id": "OLD-1",
        "title": "报表无法导出",
        "body": "请回电13812345678",
        "category": "软件异常",
        "requester": {"name": "张三丰", "contact": "13812345678"},
        "created_at": "2023-10-01",
        "resolution": "优化连接池",
        "resolved_at": "2023-10-02",
        "article_id": "faq-1",
    },
    {"id": "OLD-2", "title": "登录失败", "priority": "紧急", "mood": "angry"},
]


@pytest.fixture
def filled(instance: Instance) -> Instance:
    instance.articles(ARTICLES, publish=True)
    instance.tickets(TICKETS)
    with instance.database.transaction() as session:
        articles.add(
            session,
            an_article(articles.next_id(session), title=" 保留 空格 ", state=ArticleState.DRAFT),
        )
        ticket = a_ticket(
            "TS20261123007",
            clocks=[{"clock": "response", "due_at": None}],
            category="how_to",
            category_by="person",
        )
        tickets.add(session, ticket)
        ticket.resolve(a_resolution(steps="1. 重启\n"), state="resolved", now=NOW)
    return instance


@pytest.fixture
def other(sqlite_template: Path, tmp_path: Path) -> Instance:
    folder = tmp_path / "other"
    folder.mkdir()
    return Instance.make(Database(copy_sqlite(sqlite_template, folder / "kbservice.db")), folder)


def moved(filled: Instance, other: Instance, folder: Path, **options: bool) -> tuple[Path, Path]:
    first, second = folder / "first", folder / "second"
    filled.export(first, **options)
    other.articles(first / "articles.jsonl")
    other.tickets(first / "tickets.jsonl")
    other.export(second, **options)
    return first, second


@pytest.mark.parametrize("with_contacts", [False, True])
def test_an_export_comes_back_byte_for_byte(
    filled: Instance, other: Instance, tmp_path: Path, *, with_contacts: bool
):
    first, second = moved(filled, other, tmp_path, with_contacts=with_contacts)

    for name in ("articles.jsonl", "tickets.jsonl", "MANIFEST.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    other.database.dispose()


def test_an_export_changes_nothing_where_it_came_from(filled: Instance, tmp_path: Path):
    filled.export(tmp_path / "out")

    again = (
        filled.articles(tmp_path / "out" / "articles.jsonl"),
        filled.tickets(tmp_path / "out" / "tickets.jsonl"),
    )

    assert [(3, 0), (3, 0)] == [(report.unchanged, report.updated) for report in again]


def test_imported_serials_are_not_given_out_again(
    filled: Instance, other: Instance, tmp_path: Path
):
    moved(filled, other, tmp_path)

    other.tickets([{"id": "new", "title": "新工单", "created_at": "2026-11-23"}])
    other.articles([{"id": "a b", "title": "新文章", "text": "内容"}])

    assert "TS20261123008" == other.ticket("new").number
    assert "新文章" == other.article("KB-000003").title
    other.database.dispose()


def test_the_manifest_holds_count_and_checksum(filled: Instance, tmp_path: Path):
    filled.export(tmp_path / "out")

    manifest = json.loads((tmp_path / "out" / "MANIFEST.json").read_bytes())
    data = (tmp_path / "out" / "tickets.jsonl").read_bytes()
    entry = manifest["files"][1]
    assert ("tickets.jsonl", 3, hashlib.sha256(data).hexdigest()) == (
        entry["name"],
        entry["records"],
        entry["sha256"],
    )


def test_contacts_are_masked_unless_asked_for(filled: Instance, tmp_path: Path):
    filled.export(tmp_path / "masked")
    filled.export(tmp_path / "plain", with_contacts=True)

    assert "13812345678" not in (tmp_path / "masked" / "tickets.jsonl").read_text()
    row = json.loads((tmp_path / "plain" / "tickets.jsonl").read_text().split("\n")[0])
    assert ("13812345678", "请回电13812345678") == (row["requester"]["contact"], row["body"])
    with filled.database.reading() as session:
        actions = sorted(entry.action for entry in audit.of_subject(session, "export:all"))
    assert ["contacts_exported", "exported"] == actions


def test_only_an_admin_exports_contacts(instance: Instance, tmp_path: Path):
    service = Exporting(database=instance.database, vault=instance.vault, clock=instance.clock)
    lead = Principal(name="wang", role=Role.LEAD)

    with pytest.raises(NotPermitted):
        service.write(tmp_path, with_contacts=True, principal=lead)
