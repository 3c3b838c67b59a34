"""The classifier's card in a browser: readable on a phone, no complaint from the browser."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kbservice.domain.account import Role
from tests.browser.conftest import Site, sign_in
from tests.builders import NOW, a_ticket

TICKETS = Path(__file__).parents[1] / "data" / "zh_aliyun_faq_routing" / "tickets.jsonl.gz"

pytestmark = pytest.mark.browser


@pytest.fixture
def taught(site: Site) -> Site:
    with gzip.open(TICKETS, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows.sort(key=lambda row: hashlib.sha256(row["id"].encode()).digest())
    with site.application.database.transaction() as session:
        for number, row in enumerate(rows[::2]):
            session.add(
                a_ticket(
                    f"TS2026{number:07}",
                    title=row["title"],
                    body="",
                    category=row["category"],
                    category_by="import",
                    priority="high" if number % 3 else "low",
                    priority_by="import",
                    opened_at=NOW + timedelta(hours=number),
                )
            )
    for _ in range(2):
        site.application.training.train()
    return site


@pytest.mark.parametrize("width", [390, 1200])
def test_the_card_is_shown_and_fits_the_screen(
    page: Page, taught: Site, width: int, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, Role.ADMIN)

    page.goto("/admin/classifier")

    expect(page.get_by_role("img", name="把握与实际正确率")).to_be_visible()
    expect(page.get_by_role("heading", name="混淆矩阵")).to_be_visible()
    expect(page.get_by_text("暂时无法判断是否漂移。")).to_be_visible()
    page.screenshot(path=tmp_path / f"card-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="优先级").click()
    expect(page.get_by_role("heading", name="版本 000002：优先级")).to_be_visible()
    page.get_by_role("button", name="启用此版本").click()
    expect(page.get_by_role("status")).to_contain_text("000001")


def test_an_answer_is_given_once_more_on_the_tickets_page(page: Page, taught: Site) -> None:
    sign_in(page, Role.ADMIN)
    page.goto("/tickets/new")
    page.get_by_label("摘要").fill("云服务器 ECS 无法远程连接")
    page.get_by_role("button", name="提交工单").click()
    page.wait_for_url("**/tickets/TS*")

    page.get_by_role("button", name="重新作答并对比").click()

    expect(page.get_by_text("重新作答，结果与当时相同。")).to_be_visible()
