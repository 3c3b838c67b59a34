"""The synonym book over HTTP: the API, and the administrator's page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Role
from kbservice.store import articles, outbox
from tests.api.calling import Caller
from tests.builders import NOW, an_article

PATH = "admin/synonyms"
PASSWORD = "correct horse battery"
BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
TITLES = {"KB-1": "电脑蓝屏", "KB-2": "笔记本死机"}


@pytest.fixture(autouse=True)
def _filled(application: Application) -> None:
    with application.database.transaction() as session:
        for key, title in TITLES.items():
            articles.add(session, an_article(key, title=title, problem=title))
            outbox.append(session, "article", key, 1, NOW)
    application.indexing.drain()


@pytest.fixture
def browser(app: Flask, application: Application) -> FlaskClient:
    application.accounts.create("root", Role.ADMIN, password=PASSWORD, actor=SYSTEM)
    client = app.test_client()
    client.post("/sign-in", data={"name": "root", "password": PASSWORD}, headers=BROWSER)
    return client


def body(answer: Any) -> Any:
    return answer.get_json()


def test_a_rule_lives_from_post_to_delete(admin: Caller):
    made = admin.post(PATH, {"rule": "蓝屏,死机"})
    assert (201, '"1"') == (made.status_code, made.headers["ETag"])
    assert "蓝屏, 死机" == body(made)["rule"]
    address = made.headers["Location"]

    changed = admin.patch(address, {"rule": "蓝屏, 卡死"}, headers={"If-Match": '"1"'})
    assert (200, '"2"') == (changed.status_code, changed.headers["ETag"])
    stale = admin.patch(address, {"rule": "蓝屏, 卡住"}, headers={"If-Match": '"1"'})
    assert 412 == stale.status_code
    assert ["蓝屏, 卡死"] == [item["rule"] for item in body(admin.get(PATH))["items"]]
    assert body(changed) == body(admin.get(address))

    assert 204 == admin.delete(address).status_code
    assert 404 == admin.get(address).status_code


def test_a_search_tells_which_words_were_added(admin: Caller):
    admin.post(PATH, {"rule": "蓝屏, 死机"})

    found = body(admin.get("search?q=蓝屏"))

    assert {"KB-1", "KB-2"} == {hit["id"] for hit in found["hits"]}
    assert [{"text": "蓝屏", "added": ["死机"]}] == found["query"]["expansions"]


def test_a_change_of_the_book_gives_searches_another_etag(admin: Caller):
    before = admin.get("search?q=蓝屏").headers["ETag"]
    admin.post(PATH, {"rule": "蓝屏, 死机"})
    assert before != admin.get("search?q=蓝屏").headers["ETag"]


def test_bad_rules_are_explained_in_both_languages(admin: Caller):
    refused = admin.post(f"{PATH}?locale=en", {"rule": "蓝屏"})
    assert 422 == refused.status_code
    assert "two different words" in body(refused)["detail"]
    chinese = admin.post(f"{PATH}?locale=zh", {"rule": "蓝屏"})
    assert "两个不同的词" in body(chinese)["detail"]


def test_the_same_rule_twice_is_a_conflict(admin: Caller):
    admin.post(PATH, {"rule": "蓝屏, 死机"})
    assert 409 == admin.post(PATH, {"rule": "蓝屏，死机"}).status_code


def test_a_preview_stores_nothing(admin: Caller):
    shown = body(admin.post(f"{PATH}/preview", {"rule": "蓝屏, 死机", "queries": ["蓝屏"]}))

    assert [
        {
            "query": "蓝屏",
            "total_before": 1,
            "total_after": 2,
            "before": [{"id": "KB-1", "kind": "article", "title": "电脑蓝屏"}],
            "after": [
                {"id": "KB-1", "kind": "article", "title": "电脑蓝屏"},
                {"id": "KB-2", "kind": "article", "title": "笔记本死机"},
            ],
            "gained": ["KB-2"],
            "lost": [],
        }
    ] == [{**item, "after": sorted(item["after"], key=str)} for item in shown["items"]]
    assert [] == body(admin.get(PATH))["items"]


def test_a_preview_of_a_query_that_cannot_be_read_is_refused(admin: Caller):
    refused = admin.post(f"{PATH}/preview", {"rule": "a1, b1", "queries": ['"open']})
    assert (422, "/problems/query-syntax") == (refused.status_code, body(refused)["type"])


def test_an_import_tells_each_line_that_is_no_rule(admin: Caller):
    report = body(
        admin.post(f"{PATH}/import?locale=en", {"text": "蓝屏, 死机\nlonely\n蓝屏,死机\n"})
    )

    assert (1, 1) == (report["added"], report["known"])
    assert [(2, "lonely")] == [(item["line"], item["text"]) for item in report["refused"]]
    assert "two different words" in report["refused"][0]["reason"]


def test_only_administrators_may(lead: Caller):
    assert 403 == lead.get(PATH).status_code
    assert 403 == lead.post(PATH, {"rule": "a1, b1"}).status_code


def test_the_page_adds_edits_and_removes(browser: FlaskClient):
    page = browser.post(
        "/admin/synonyms", data={"rule": "蓝屏,死机"}, headers=BROWSER, follow_redirects=True
    ).get_data(as_text=True)
    assert "蓝屏, 死机" in page
    rule_id = re.findall(r"edit=(\d+)", page)[0]

    form = browser.get(f"/admin/synonyms?edit={rule_id}", headers=BROWSER).get_data(as_text=True)
    assert 'value="蓝屏, 死机"' in form
    data = {"id": rule_id, "version": "1", "rule": "蓝屏, 卡死"}
    page = browser.post("/admin/synonyms", data=data, headers=BROWSER, follow_redirects=True)
    assert "蓝屏, 卡死" in page.get_data(as_text=True)

    page = browser.post(
        f"/admin/synonyms/{rule_id}/remove",
        data={"version": "1"},
        headers=BROWSER,
        follow_redirects=True,
    )
    assert "蓝屏, 卡死" in page.get_data(as_text=True)
    page = browser.post(
        f"/admin/synonyms/{rule_id}/remove",
        data={"version": "2"},
        headers=BROWSER,
        follow_redirects=True,
    )
    assert "蓝屏, 卡死" not in page.get_data(as_text=True)


def test_the_page_says_what_is_wrong_with_a_rule(browser: FlaskClient):
    page = browser.post(
        "/admin/synonyms?locale=en",
        data={"rule": "蓝屏"},
        headers={**BROWSER, "Accept-Language": "en"},
        follow_redirects=True,
    )
    assert "two different words" in page.get_data(as_text=True)


def test_the_page_previews_and_imports(browser: FlaskClient):
    shown = browser.post(
        "/admin/synonyms/_preview",
        data={"rule": "蓝屏, 死机", "queries": "蓝屏\n"},
        headers=BROWSER,
    ).get_data(as_text=True)
    assert 'class="gained"' in shown
    assert "笔记本死机" in shown
    wrong = browser.post("/admin/synonyms/_preview", data={"rule": "x"}, headers=BROWSER)
    assert 'role="alert"' in wrong.get_data(as_text=True)

    page = browser.post(
        "/admin/synonyms/import",
        data={"text": "蓝屏, 死机\nlonely"},
        headers=BROWSER,
        follow_redirects=True,
    ).get_data(as_text=True)
    assert "蓝屏, 死机" in page


def test_the_search_page_tells_added_words_and_what_was_meant(browser: FlaskClient):
    browser.post("/admin/synonyms", data={"rule": "蓝屏,死机"}, headers=BROWSER)
    page = browser.get("/?q=蓝屏", headers=BROWSER).get_data(as_text=True)
    assert re.search(r"蓝屏.{1,20}死机", page)
    page = browser.get("/?q=lanping", headers=BROWSER).get_data(as_text=True)
    assert re.search(r'<a href="/\?q=[^"]+"><strong>蓝屏</strong></a>', page)


def test_the_search_field_offers_completions(browser: FlaskClient, intake: Caller, admin: Caller):
    page = browser.get("/", headers=BROWSER).get_data(as_text=True)
    assert 'role="combobox"' in page
    offered = browser.get("/search/_complete?q=dnlp", headers=BROWSER).get_data(as_text=True)
    assert 'data-text="电脑蓝屏"' in offered
    assert [{"text": "电脑蓝屏", "kind": "article", "id": "KB-1"}] == body(
        admin.get("search/complete?q=电脑")
    )["items"]
    assert [] == body(intake.get("search/complete?q=电脑"))["items"]
