"""What people do in a browser: sign in, search, type a ticket, solve it, rebuild the index."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kbservice.domain.account import SYSTEM, Role
from kbservice.domain.ticket import Ticket
from kbservice.services.intake import NewTicket
from tests.browser.conftest import Site, sign_in

pytestmark = pytest.mark.browser

TITLE = "打印机脱机无法打印 0x80070005"
SOLUTION = "1. 重启打印服务\n2. 重新安装驱动"


def submitted(site: Site) -> Ticket:
    new = NewTicket(title="打印机脱机", body="无法打印,错误代码 0x80070005,重启无效")
    return site.application.intake.submit(new, SYSTEM).ticket


def suggest_requests(page: Page) -> list[str]:
    seen: list[str] = []
    page.on("request", lambda sent: seen.append(sent.url) if "_suggest" in sent.url else None)
    return seen


def test_a_stranger_is_led_to_the_form_and_back_to_where_they_wanted(page: Page) -> None:
    page.goto("/tickets?only=open")

    expect(page).to_have_url("/sign-in?next=/tickets?only%3Dopen")
    page.get_by_label("用户名").fill("the-lead")
    page.get_by_label("密码").fill("correct horse battery")
    page.get_by_role("main").get_by_role("button", name="登录").click()

    expect(page).to_have_url("/tickets?only=open")
    expect(page.get_by_role("heading", name="工单")).to_be_visible()


def test_search_marks_what_matched(page: Page, site: Site, tmp_path: Path) -> None:
    site.publish(TITLE, SOLUTION)
    sign_in(page, Role.LEAD)

    page.keyboard.press("/")
    page.keyboard.type("印表機離線 0x80070005 打印机")
    page.keyboard.press("Enter")

    expect(page.locator(".hits > li")).to_have_count(1)
    expect(page.locator(".hits mark").first).to_be_visible()
    page.screenshot(path=tmp_path / "search.png")


def test_a_query_that_cannot_be_read_names_the_column(page: Page) -> None:
    sign_in(page, Role.LEAD)

    page.goto('/?q=打印机 "脱机')

    expect(page.get_by_role("alert")).to_have_text('第 5 个字符：引号没有成对。请补上右引号 "。')


def test_the_language_can_be_changed(page: Page) -> None:
    sign_in(page, Role.LEAD)

    page.get_by_role("link", name="English").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_known_fixes_appear_while_a_ticket_is_typed(page: Page, site: Site) -> None:
    site.publish(TITLE, SOLUTION)
    sign_in(page, Role.INTAKE)

    page.goto("/tickets/new")
    page.get_by_label("摘要").press_sequentially("打印机脱机 0x80070005")

    fix = page.locator("#suggestions .fix")
    expect(fix.get_by_role("link", name=TITLE)).to_be_visible()
    expect(fix.get_by_role("listitem").first).to_have_text("重启打印服务")
    # Numbered: steps are done one after the other.
    expect(fix.get_by_role("listitem").first).to_have_css("display", "list-item")


def test_half_typed_pinyin_asks_for_nothing(page: Page, site: Site) -> None:
    site.publish(TITLE, SOLUTION)
    sign_in(page, Role.INTAKE)
    page.goto("/tickets/new")
    sent = suggest_requests(page)
    input_method = page.context.new_cdp_session(page)
    page.get_by_label("摘要").focus()

    for typed in ("d", "da", "da'yin", "da'yin'ji"):
        input_method.send(
            "Input.imeSetComposition",
            {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)},
        )
    page.wait_for_timeout(900)
    while_composing = list(sent)
    with page.expect_response(lambda response: "_suggest" in response.url):
        input_method.send("Input.insertText", {"text": "打印机脱机"})

    assert [] == while_composing
    assert 1 == len(sent)
    expect(page.get_by_label("摘要")).to_have_value("打印机脱机")


def test_one_click_solves_a_ticket_and_counts_for_the_article(page: Page, site: Site) -> None:
    article_id = site.publish(TITLE, SOLUTION)
    number = submitted(site).number
    sign_in(page, Role.LEAD)

    page.goto(f"/tickets/{number}")
    page.get_by_role("button", name="用它解决了").click()

    expect(page.get_by_role("status")).to_have_text("已解决。")
    expect(page.get_by_role("heading", name="解决方案", exact=True)).to_be_visible()
    page.goto(f"/articles/{article_id}")
    expect(page.get_by_text("已解决 1 次")).to_be_visible()
    expect(page.get_by_role("link", name=number)).to_be_visible()


def test_new_words_become_a_draft_that_is_found_once_published(page: Page, site: Site) -> None:
    number = submitted(site).number
    sign_in(page, Role.LEAD)

    page.goto(f"/tickets/{number}")
    page.get_by_text("填写新的解决方案").click()
    page.get_by_label("如何解决的").fill("更换网线后恢复")
    page.get_by_role("button", name="解决并生成文章草稿").click()
    page.get_by_role("link", name="文章草稿").click()
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_role("status")).to_be_visible()
    site.application.indexing.drain()
    page.goto("/?q=更换网线&kind=article")

    expect(page.locator(".hits > li")).to_have_count(1)


def test_the_contact_is_masked_until_a_reason_is_given(page: Page, site: Site) -> None:
    requester = {"name": "张三", "contact": "13812345678"}
    new = NewTicket(title="无法登录", body="密码错误", requester=requester)
    number = site.application.intake.submit(new, SYSTEM).ticket.number
    sign_in(page, Role.LEAD)

    page.goto(f"/tickets/{number}")
    expect(page.get_by_text("138****5678")).to_be_visible()
    page.get_by_text("查看联系方式").click()
    page.get_by_label("查看原因").fill("回电核实")
    page.get_by_role("button", name="查看", exact=True).click()

    expect(page.get_by_text("13812345678")).to_be_visible()


def test_a_rebuild_shows_its_progress_until_it_is_done(
    page: Page, site: Site, tmp_path: Path
) -> None:
    site.publish(TITLE, SOLUTION)
    sign_in(page, Role.ADMIN)

    page.goto("/admin")
    page.get_by_role("button", name="重建索引").click()
    job = page.locator(".job").first
    expect(job.locator(".tag")).to_have_text("等待中")
    assert site.application.jobs.run_next("test-worker")

    expect(job.locator(".tag")).to_have_text("已完成")
    page.screenshot(path=tmp_path / "admin.png")


def test_an_intake_account_sees_the_form_and_nothing_of_the_staff(page: Page) -> None:
    sign_in(page, Role.INTAKE)

    expect(page).to_have_url("/tickets/new")
    expect(page.get_by_role("link", name="文章")).to_have_count(0)
    answer = page.request.get("/tickets", headers={"Accept": "text/html"})

    assert 403 == answer.status


def test_one_question_at_a_time_is_answered_or_skipped(
    page: Page, site: Site, tmp_path: Path
) -> None:
    sign_in(page, Role.INTAKE)
    page.goto("/tickets/new")
    with page.expect_response(lambda response: "_suggest" in response.url):
        page.get_by_label("摘要").fill("系统报错进不去")
    question = page.locator("form.question")
    first = question.locator("label").inner_text()
    page.screenshot(path=tmp_path / "question.png", full_page=True, caret="initial")

    question.get_by_role("textbox").fill("今天上午九点开始")
    question.get_by_role("textbox").press("Enter")

    expect(page.locator("#ticket-body")).to_have_value("发生时间: 今天上午九点开始")
    expect(question.locator("label")).not_to_contain_text(first)
    second = question.locator("label").inner_text()
    question.get_by_role("button", name="跳过").click()
    expect(question.locator("label")).not_to_contain_text(second)
    question.get_by_role("textbox").fill("Windows 11")
    page.get_by_role("button", name="提交工单").click()
    expect(page.get_by_text("今天上午九点开始")).to_be_visible()
    expect(page.get_by_text("Windows 11")).to_be_visible()
