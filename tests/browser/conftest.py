"""A real server on this machine and a real Chromium that is signed in or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from waitress.server import create_server

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Role
from kbservice.services.knowledge import NewArticle
from kbservice.web.app import create_app
from tests import optional_parts

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
PASSWORD = "correct horse battery"
WAIT_MS = 15_000

expect.set_options(timeout=WAIT_MS)


@dataclass(frozen=True)
class Site:
    """A running service: its address and what is behind it."""

    address: str
    application: Application

    def publish(self, title: str, solution: str) -> str:
        """Store, publish and index an article; return its id."""
        new = NewArticle(title=title, sections={"problem": title, "solution": solution})
        article = self.application.knowledge.create(new, SYSTEM)
        self.application.knowledge.publish(article.id, SYSTEM)
        self.application.indexing.drain()
        return article.id


@pytest.fixture
def site(application: Application) -> Iterator[Site]:
    for role in (Role.INTAKE, Role.LEAD, Role.ADMIN):
        application.accounts.create(f"the-{role}", role, password=PASSWORD, actor=SYSTEM)
    server = create_server(create_app(application), host="127.0.0.1", port=0, threads=4)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.effective_port}", application)
    # What the browser still asked for is answered first; then the loop closes its own sockets.
    server.task_dispatcher.shutdown()
    server.trigger.pull_trigger(server.close)
    thread.join(timeout=5)
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        optional_parts.missing("Chromium", f"{CHROMIUM} does not exist")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(ARGUMENTS), headless=True
        )
        yield browser
        browser.close()


@pytest.fixture
def page(site: Site, chromium: Browser) -> Iterator[Page]:
    """Return a page of a Chinese reader; what the browser complains about fails the test."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=site.address, locale="zh-CN")
    context.set_default_timeout(WAIT_MS)
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield opened
    context.close()
    assert [] == complaints


def sign_in(page: Page, role: Role) -> None:
    """Sign in through the form."""
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(f"the-{role}")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.get_by_role("button", name="退出登录").wait_for()
    # The button may stand there before the scripts have run.
    page.wait_for_load_state()
