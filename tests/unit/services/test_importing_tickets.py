"""Importing tickets: registers, numbers, requesters, resolutions, evidence."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from kbservice.store import outbox, tickets
from tests.unit.services.importing_instance import Instance

ROW: dict[str, Any] = {
    "id": "OLD-1",
    "title": "报表无法导出",
    "body": "登录后导出报表，报错“数据库连接超时”",
    "category": "software_fault",
    "priority": "important",
    "requester": {"name": "张三丰", "contact": "13812345678", "department": "财务部"},
    "created_at": "2023-10-01T01:00:00Z",
}
SOLVED = ROW | {"resolution": "优化连接池", "resolved_at": "2023-10-02T01:00:00Z"}
ARTICLE = {"id": "faq-1", "title": "连接池", "text": "优化连接池配置"}

S0_REGISTER = {
    "请求编号": "TS20231001001",
    "提交时间": "2023-10-0109:15:30",
    "客户名称/联系人": "某科技有限公司/张经理",
    "联系方式（电话/邮箱）": "138****5678/zhang***",
    "问题描述": "系统登录后无法导出报表。报错'数据库连接超时'",
    "问题分类": "软件异常",
    "紧急程度": "高",
    "初步处理人": "技术专员A",
    "升级处理人": "技术经理B",
    "解决方案": "优化数据库连接池配置,清理缓存后恢复正常",
    "处理结果": "已解决",
    "客户反馈": "满意,处理及时",
    "归档时间": "2023-10-02",
}


def pending(instance: Instance) -> list[tuple[str, str]]:
    with instance.database.reading() as session:
        return [(event.kind, event.key) for event in outbox.batch(session, 1000)]


def test_a_solved_ticket_is_stored_resolved_with_the_times_of_its_source(instance: Instance):
    report = instance.tickets([SOLVED])

    ticket = instance.ticket("OLD-1")
    assert 1 == report.created
    assert "TS20231001001" == ticket.number
    assert "resolved" == ticket.state
    assert datetime(2023, 10, 1, 1, tzinfo=UTC) == ticket.opened_at
    assert datetime(2023, 10, 2, 1, tzinfo=UTC) == ticket.resolved_at
    assert ticket.resolution is not None
    assert ("solved", "优化连接池") == (ticket.resolution.outcome, ticket.resolution.summary)
    assert ("import", "import") == (ticket.category_by, ticket.priority_by)
    assert [("ticket", "TS20231001001")] == pending(instance)


def test_an_unsolved_ticket_is_open_and_starts_no_clock(instance: Instance):
    instance.tickets([ROW])

    ticket = instance.ticket("OLD-1")
    assert ("registered", None, []) == (ticket.state, ticket.response_due_at, ticket.clocks)
    assert ticket.resolution is None
    assert [] == pending(instance)


def test_the_requester_is_sealed_and_masked(instance: Instance):
    instance.tickets([ROW])

    ticket = instance.ticket("OLD-1")
    sealed = instance.vault.open(
        ticket.requester_sealed or "", f"tickets.requester_sealed:{ticket.number}"
    )
    assert "13812345678" == json.loads(sealed)["contact"]
    assert "13812345678" not in json.dumps(ticket.requester_masked)
    assert "张三丰" not in json.dumps(ticket.requester_masked, ensure_ascii=False)


def test_personal_data_in_the_wording_is_sealed_not_shown(instance: Instance):
    instance.tickets([ROW | {"body": "请回电13812345678"}])

    ticket = instance.ticket("OLD-1")
    sealed = instance.vault.open(
        ticket.requester_sealed or "", f"tickets.requester_sealed:{ticket.number}"
    )
    assert "13812345678" not in ticket.body
    assert "请回电13812345678" == json.loads(sealed)["body"]


def test_the_s0_register_goes_in_column_by_column(instance: Instance, tmp_path: Path):
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(S0_REGISTER))
    writer.writeheader()
    writer.writerow(S0_REGISTER)
    path = tmp_path / "登记表.csv"
    path.write_bytes(text.getvalue().encode("gb18030"))

    report = instance.tickets(path)

    ticket = instance.ticket("TS20231001001")
    assert ({}, []) == (dict(report.unknown_columns), report.rejected)
    assert ("software_fault", "high") == (ticket.category, ticket.urgency)
    assert "系统登录后无法导出报表。报错'数据库连接超时'" == ticket.body
    assert datetime(2023, 10, 1, 1, 15, 30, tzinfo=UTC) == ticket.opened_at
    assert datetime(2023, 10, 1, 16, tzinfo=UTC) == ticket.resolved_at
    assert "某科技有限公司" == ticket.requester_masked["department"]
    assert "138****5678/zhang***" == ticket.requester_masked["contact"]
    assert "satisfied" == ticket.satisfaction
    assert ("技术专员A", "技术经理B", "满意,处理及时") == tuple(
        ticket.extra[name] for name in ("first_handler", "escalated_to", "feedback")
    )
    assert ticket.resolution is not None
    assert S0_REGISTER["解决方案"] == ticket.resolution.summary


@pytest.mark.parametrize("told", [{"处理结果": "待跟进"}, {"处理结果": "", "状态": "处理中"}])
def test_a_register_row_that_is_still_open_stays_open(instance: Instance, told: dict[str, str]):
    instance.tickets([S0_REGISTER | told])

    ticket = instance.ticket("TS20231001001")
    assert ticket.resolution is None
    assert S0_REGISTER["解决方案"] == ticket.extra["summary_so_far"]


def test_the_s2_register_as_a_workbook(instance: Instance, tmp_path: Path):
    book = Workbook()
    book.active.append(["工单编号", "提交时间", "需求方信息", "问题描述", "问题级别", "响应时间"])
    book.active.append(
        [
            "TS20231025001",
            datetime(2023, 10, 25, 9, 15, 30),  # noqa: DTZ001
            "李四/财务部 分机8123",
            "OA无法提交审批",
            "紧急",
            45224.4,
        ]
    )
    book.save(tmp_path / "工单.xlsx")

    instance.tickets(tmp_path / "工单.xlsx")

    ticket = instance.ticket("TS20231025001")
    sealed = json.loads(
        instance.vault.open(
            ticket.requester_sealed or "", f"tickets.requester_sealed:{ticket.number}"
        )
    )
    assert ("urgent", "财务部") == (ticket.priority, ticket.requester_masked["department"])
    assert ("李四", "分机8123") == (sealed["name"], sealed["contact"])
    assert datetime(2023, 10, 25, 1, 36, tzinfo=UTC) == ticket.first_response_at


def test_labels_of_the_profile_become_its_values_and_others_stay(instance: Instance):
    instance.tickets([ROW | {"category": "操作咨询"}, ROW | {"id": "2", "category": "网络组"}])

    assert "how_to" == instance.ticket("OLD-1").category
    assert "网络组" == instance.ticket("2").category


def test_an_unknown_priority_is_kept_never_mapped_to_a_default(instance: Instance):
    instance.tickets([ROW | {"priority": "S1"}, {"id": "2", "title": "蓝屏"}])

    assert "S1" == instance.ticket("OLD-1").priority
    assert (None, None) == (instance.ticket("2").priority, instance.ticket("2").priority_by)


def test_numbers_count_by_the_day_the_ticket_was_opened(instance: Instance):
    rows = [ROW | {"id": str(n), "created_at": f"2023-10-0{1 + n // 2}"} for n in range(4)]

    instance.tickets(rows)

    assert ["TS20231001001", "TS20231001002", "TS20231002001", "TS20231002002"] == [
        instance.ticket(str(n)).number for n in range(4)
    ]


def test_a_second_import_changes_nothing(instance: Instance):
    instance.tickets([SOLVED])

    report = instance.tickets([SOLVED])

    assert (0, 0, 1) == (report.created, report.updated, report.unchanged)
    assert [("ticket", "TS20231001001")] == pending(instance)


def test_a_ticket_solved_since_is_resolved_by_the_next_import(instance: Instance):
    instance.tickets([ROW])

    report = instance.tickets([SOLVED])

    ticket = instance.ticket("OLD-1")
    assert 1 == report.updated
    assert "resolved" == ticket.state
    assert ticket.resolution is not None


def test_what_a_person_decided_is_not_overwritten(instance: Instance):
    instance.tickets([ROW])
    with instance.database.transaction() as session:
        ticket = tickets.get(session, "TS20231001001")
        ticket.category, ticket.category_by = "how_to", "person"
        ticket.touch(instance.clock.now())

    instance.tickets([ROW | {"title": "报表导出失败", "category": "hardware_fault"}])

    ticket = instance.ticket("OLD-1")
    assert ("how_to", "报表导出失败") == (ticket.category, ticket.title)


def test_a_resolution_counts_for_its_article_once(instance: Instance):
    instance.articles([ARTICLE], publish=True)
    row = SOLVED | {"article_id": "faq-1"}

    instance.tickets([row])
    instance.tickets([row | {"title": "报表导出失败"}])

    article = instance.article("faq-1")
    assert (1, ["报表无法导出"]) == (article.solved_count, article.symptoms)
    assert datetime(2023, 10, 2, 1, tzinfo=UTC) == article.last_success_at


def test_an_article_that_is_not_here_is_warned_of(instance: Instance):
    report = instance.tickets([SOLVED | {"article_id": "faq-9"}])

    assert ["article_id: faq-9 is not an article here"] == [
        item["warning"] for item in report.warnings
    ]
    assert "faq-9" == instance.ticket("OLD-1").extra["article_id"]


def test_a_ticket_without_a_title_gets_its_first_sentence(instance: Instance):
    instance.tickets([{"id": "1", "body": "打印机无法打印。" + "已重启多次，仍然报错。" * 20}])

    assert "打印机无法打印。" == instance.ticket("1").title


def test_a_bad_row_is_reported_and_the_rest_goes_in(instance: Instance):
    report = instance.tickets(
        [{"id": "1"}, ROW, ROW | {"id": "2", "requester": 3.5}, ROW | {"id": "3", "kind": "x" * 51}]
    )

    assert (1, [1, 3, 4]) == (report.created, [item.line for item in report.rejected])


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ("Ticket Number;Subject;Priority;Date Created;Closed Date", "osTicket"),
        ("Issue key;Summary;Priority;Created;Resolved", "Jira"),
    ],
)
def test_headings_of_other_systems_are_understood(
    instance: Instance, tmp_path: Path, headings: str, expected: str
):
    path = tmp_path / f"{expected}.csv"
    path.write_text(f"{headings}\nX-1;Printer;High;2023-10-01 08:00;2023-10-01 09:00\n")

    report = instance.tickets(path)

    ticket = instance.ticket("X-1")
    assert {} == dict(report.unknown_columns)
    assert ("Printer", "High", "resolved") == (ticket.title, ticket.priority, ticket.state)


def test_a_dry_run_uses_up_no_number(instance: Instance):
    instance.tickets([ROW], dry_run=True)
    instance.tickets([ROW])

    assert "TS20231001001" == instance.ticket("OLD-1").number
