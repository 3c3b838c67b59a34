"""What the search field offers while somebody types."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from kbservice.domain.account import Role
from tests.browser.conftest import Site, sign_in

pytestmark = pytest.mark.browser

TITLES = ("打印机脱机无法打印", "打印机卡纸", "邮箱无法登录")


@pytest.fixture
def field(page: Page, site: Site) -> Page:
    for title in TITLES:
        site.publish(title, "1. 重启")
    sign_in(page, Role.LEAD)
    page.goto("/")
    return page


def test_completions_are_chosen_with_the_keyboard(field: Page) -> None:
    box = field.get_by_role("combobox")
    box.press_sequentially("打印机")

    expect(field.get_by_role("option")).to_have_count(2)
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    chosen = field.get_by_role("option", selected=True)
    expect(chosen).to_contain_text("打印机卡纸")
    expect(box).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    box.press("Enter")

    expect(field.locator(".hits > li").first).to_contain_text("打印机卡纸")
    expect(field.get_by_role("combobox")).to_have_value("打印机卡纸")


def test_completions_are_chosen_with_the_mouse(field: Page) -> None:
    field.get_by_role("combobox").press_sequentially("dyjkz")

    field.get_by_role("option", name="打印机卡纸").click()

    expect(field.locator(".hits > li").first).to_contain_text("打印机卡纸")


def test_escape_closes_the_list_and_enter_searches_what_was_typed(field: Page) -> None:
    box = field.get_by_role("combobox")
    box.press_sequentially("邮箱")
    expect(field.get_by_role("option")).to_have_count(1)

    box.press("Escape")
    expect(field.get_by_role("listbox", include_hidden=True)).to_be_hidden()
    box.press("Enter")

    expect(field.get_by_role("combobox")).to_have_value("邮箱")
    expect(field.locator(".hits > li")).to_have_count(1)


def test_an_input_method_asks_once_the_text_is_finished(field: Page) -> None:
    asked: list[str] = []
    field.on("request", lambda sent: asked.append(sent.url) if "_complete" in sent.url else None)
    field.get_by_role("combobox").focus()
    session = field.context.new_cdp_session(field)
    for text in ("y", "you", "youxiang"):
        session.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
        )
    field.wait_for_timeout(300)
    assert [] == asked

    session.send("Input.insertText", {"text": "邮箱"})

    expect(field.get_by_role("option")).to_have_count(1)
    assert 1 == len(asked)
