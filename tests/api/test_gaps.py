"""Gaps in the knowledge over HTTP, as a program and as a page."""

from __future__ import annotations

import pytest
from flask import Flask

from kbservice.bootstrap import Application
from kbservice.domain.account import Role
from tests.api.calling import Caller, key_for

BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
WORDS = "考勤补录"


@pytest.fixture
def asked(agent: Caller, lead: Caller, application: Application) -> str:
    """Search in vain from two accounts."""
    for caller in (agent, lead):
        assert 0 == caller.get("search", query_string={"q": WORDS}).get_json()["total"]
    application.gap_watch.look()
    (gap,) = lead.get("admin/knowledge-gaps").get_json()["items"]
    assert (WORDS, "search", 2) == (gap["title"], gap["source"], gap["count"])
    gap_id: str = gap["id"]
    return gap_id


def test_what_filters_exclude_is_no_gap(agent: Caller, lead: Caller):
    for caller in (agent, lead):
        caller.get("search", query_string={"q": WORDS, "category": "x"})
        caller.get("search", query_string={"q": f"tag:x {WORDS}"})
        caller.get("search", query_string={"q": "("})

    assert [] == lead.get("admin/knowledge-gaps").get_json()["items"]


def test_a_lead_dismisses_a_gap(lead: Caller, asked: str):
    verdict = {"verdict": "dismissed"}
    assert 204 == lead.post(f"admin/knowledge-gaps/{asked}", verdict).status_code

    assert [] == lead.get("admin/knowledge-gaps").get_json()["items"]
    assert 404 == lead.post("admin/knowledge-gaps/999", verdict).status_code
    assert 404 == lead.post("admin/knowledge-gaps/q-none", verdict).status_code
    written = {"verdict": "written", "article_id": "none"}
    assert 404 == lead.post(f"admin/knowledge-gaps/{asked}", written).status_code


def test_an_article_is_begun_with_the_words_of_the_gap_and_closes_it(
    app: Flask, application: Application, asked: str
):
    page = Caller(app.test_client(), key_for(application, Role.ADMIN))
    shown = page.get("/gaps?locale=en", headers=BROWSER).text
    assert WORDS in shown
    assert "Write article" in shown
    assert f'value="{WORDS}"' in page.get(f"/articles/new?gap={asked}", headers=BROWSER).text

    form = {"gap": asked, "title": WORDS, "solution": "在考勤页面提交补录"}
    assert 303 == page.post("/articles", data=form, headers=BROWSER).status_code
    assert WORDS not in page.get("/gaps", headers=BROWSER).text


def test_a_lead_dismisses_a_gap_on_the_page(app: Flask, application: Application, asked: str):
    page = Caller(app.test_client(), key_for(application, Role.ADMIN))
    sent = page.post(f"/gaps/{asked}/dismiss", headers=BROWSER)

    assert "/gaps" == sent.headers["Location"]
    assert WORDS not in page.get("/gaps", headers=BROWSER).text
    assert 404 == page.get(f"/articles/new?gap={asked}", headers=BROWSER).status_code
