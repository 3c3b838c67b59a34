"""The search page in a browser: by keyboard, on a narrow screen, in parts and as a whole."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from kbservice.domain.account import Role
from tests.browser.conftest import Site, sign_in

pytestmark = pytest.mark.browser


def test_a_filter_is_set_and_taken_away_by_keyboard(page: Page, site: Site) -> None:
    site.publish("打印机脱机", "重启打印服务")
    site.publish("打印机卡纸", "清理滚轮")
    sign_in(page, Role.LEAD)
    page.goto("/?q=打印机")
    page.evaluate("window.isSamePage = true")

    page.locator("#facet-kind-1").focus()
    page.keyboard.press("Enter")
    chosen = page.get_by_role("list", name="已选筛选").get_by_role("link")
    expect(chosen).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=[^&]+&kind=article$"))
    expect(page.get_by_role("link", name="English")).to_have_attribute(
        "href", re.compile("kind%3Darticle$")
    )
    expect(page.locator("#facet-kind-1")).to_be_focused()

    chosen.focus()
    page.keyboard.press("Enter")
    expect(chosen).to_be_hidden()
    expect(page.locator(".hits > li")).to_have_count(2)
    assert page.evaluate("window.isSamePage")


def test_going_back_shows_the_search_before(page: Page, site: Site) -> None:
    site.publish("打印机脱机", "重启打印服务")
    site.publish("显示器黑屏", "更换线缆")
    sign_in(page, Role.LEAD)
    page.goto("/?q=打印机")
    page.get_by_role("combobox").fill("显示器")
    page.keyboard.press("Enter")
    expect(page.locator(".hits h2")).to_have_text("显示器黑屏")

    page.go_back()

    expect(page.locator(".hits h2")).to_have_text("打印机脱机")
    expect(page.get_by_role("combobox")).to_have_value("打印机")


def test_the_reasons_of_a_hit_unfold(page: Page, site: Site) -> None:
    site.publish("打印机脱机", "重启打印服务")
    sign_in(page, Role.LEAD)
    page.goto("/?q=打印机")

    page.get_by_text("为什么找到它").press("Enter")

    expect(page.locator(".why .reasons li").first).to_contain_text("打印机 · 标题 · ")


def test_an_error_is_told_to_assistive_software(page: Page) -> None:
    sign_in(page, Role.LEAD)

    page.get_by_role("combobox").fill("打印机 OR")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("第 5 个字符")
    expect(page.get_by_role("combobox")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".spot mark")).to_have_text("OR")
    expect(page.get_by_role("combobox")).to_be_focused()


def test_a_page_that_opens_with_an_error_leads_to_the_field(page: Page) -> None:
    sign_in(page, Role.LEAD)

    page.goto("/?q=打印机 OR")

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("combobox")).to_be_focused()


def test_a_session_that_ended_leads_to_the_form(page: Page, site: Site) -> None:
    site.publish("打印机脱机", "重启打印服务")
    sign_in(page, Role.LEAD)
    page.goto("/?q=打印机")
    page.context.clear_cookies()

    page.locator("#facet-kind-1").click()

    expect(page.get_by_label("用户名")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/?q=打印机", "/?q=打印机 xyzzy&explain=1", "/?q=打印机 OR"])
def test_nothing_is_wider_than_a_narrow_screen(page: Page, site: Site, path: str) -> None:
    site.publish("打印机脱机 " + "0x80070005" * 6, "重启打印服务")
    sign_in(page, Role.LEAD)
    page.set_viewport_size({"width": 400, "height": 800})

    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_completion_is_chosen_by_keyboard(page: Page, site: Site) -> None:
    site.publish("打印机脱机", "重启打印服务")
    sign_in(page, Role.LEAD)

    page.get_by_role("combobox").press_sequentially("dayin")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator(".hits h2")).to_have_text("打印机脱机")
    expect(page.get_by_role("option")).to_have_count(0)
