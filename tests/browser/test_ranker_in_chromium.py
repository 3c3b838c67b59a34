"""The ranker's releases in a browser: readable on a phone, switched by a click."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kbservice.domain.account import Role
from tests.browser.conftest import Site, sign_in
from tests.judgements import judged

pytestmark = pytest.mark.browser


@pytest.fixture
def taught(site: Site) -> Site:
    for numbers in (range(60), range(60, 130)):
        judged(site.application, numbers)
        site.application.ranking.train()
    return site


@pytest.mark.parametrize("width", [390, 1200])
def test_the_releases_are_shown_and_fit_the_screen(
    page: Page, taught: Site, width: int, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, Role.ADMIN)

    page.goto("/admin/ranker")

    assert taught.application.ranking.release()["id"] == "000002"
    expect(page.get_by_role("heading", name="版本 000002 学到的内容")).to_be_visible()
    page.screenshot(path=tmp_path / f"ranker-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="启用此版本").click()
    expect(page.get_by_role("status")).to_contain_text("000001")
