"""The pages without a browser: every one renders, in both languages, for the right people."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Role
from kbservice.services.intake import NewTicket
from kbservice.services.knowledge import NewArticle
from kbservice.web.security import policy_of

PAGES = {
    "sign_in": None,
    "sign_in_submit": None,
    "sign_out": None,
    "language": None,
    "problem_type": None,
    "search": Role.INTAKE,
    "ticket": Role.INTAKE,
    "ticket_new": Role.INTAKE,
    "ticket_create": Role.INTAKE,
    "ticket_suggest": Role.INTAKE,
    "article": Role.INTAKE,
    "ticket_list": Role.AGENT,
    "ticket_solve": Role.AGENT,
    "ticket_resolve": Role.AGENT,
    "ticket_change": Role.AGENT,
    "ticket_reveal": Role.AGENT,
    "suggestion_reject": Role.AGENT,
    "article_list": Role.AGENT,
    "article_new": Role.AGENT,
    "article_create": Role.AGENT,
    "article_publish": Role.LEAD,
    "article_retire": Role.LEAD,
    "admin": Role.ADMIN,
    "admin_health": Role.ADMIN,
    "index_retry": Role.ADMIN,
    "index_rollback": Role.ADMIN,
    "job_start": Role.ADMIN,
    "job_progress": Role.ADMIN,
    "search_complete": Role.INTAKE,
    "radar": Role.AGENT,
    "repeat_settle": Role.AGENT,
    "incident_settle": Role.AGENT,
    "gap_list": Role.LEAD,
    "gap_dismiss": Role.LEAD,
    "label_list": Role.LEAD,
    "label_settle": Role.LEAD,
    "drift": Role.LEAD,
    "classifier": Role.LEAD,
    "classifier_promote": Role.ADMIN,
    "classifier_rollback": Role.ADMIN,
    "ranker": Role.LEAD,
    "ranker_promote": Role.ADMIN,
    "ranker_rollback": Role.ADMIN,
    "suggestion_replay": Role.AGENT,
    "synonym_list": Role.ADMIN,
    "synonym_save": Role.ADMIN,
    "synonym_remove": Role.ADMIN,
    "synonym_import": Role.ADMIN,
    "synonym_preview": Role.ADMIN,
    "static": None,
}
BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
PASSWORD = "correct horse battery"
TITLE = "邮箱无法登录 0x800CCC0E"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def article_id(application: Application) -> str:
    new = NewArticle(
        title=TITLE,
        sections={"problem": TITLE, "solution": "1. 启用账户\n2. 重新登录<script>x()</script>"},
        tags=("邮箱",),
        url="https://example.com/kb/1",
    )
    article = application.knowledge.create(new, SYSTEM)
    application.knowledge.publish(article.id, SYSTEM)
    application.indexing.drain()
    return article.id


@pytest.fixture
def number(application: Application, article_id: str) -> str:
    new = NewTicket(
        title="登录邮箱失败",
        body="提示 0x800CCC0E,昨天开始",
        requester={"name": "张三", "contact": "13812345678", "department": "财务部"},
    )
    return application.intake.submit(new, SYSTEM).ticket.number


def browser_of(app: Flask, application: Application, role: Role) -> FlaskClient:
    application.accounts.create(f"the-{role}", role, password=PASSWORD, actor=SYSTEM)
    client = app.test_client()
    form = {"name": f"the-{role}", "password": PASSWORD}
    assert 303 == client.post("/sign-in", data=form, headers=BROWSER).status_code
    return client


@pytest.fixture
def staff(app: Flask, application: Application) -> FlaskClient:
    return browser_of(app, application, Role.LEAD)


@pytest.fixture
def form_user(app: Flask, application: Application) -> FlaskClient:
    return browser_of(app, application, Role.INTAKE)


def send(client: FlaskClient, path: str, **form: str) -> TestResponse:
    return client.post(path, data=form, headers=BROWSER)


def test_the_pages_have_exactly_these_policies(app: Flask) -> None:
    declared = {
        endpoint.removeprefix("pages."): policy.role
        for endpoint in app.view_functions
        if endpoint.startswith("pages.") and (policy := policy_of(app, endpoint))
    }

    assert PAGES == declared


def test_every_page_renders_for_an_administrator(
    app: Flask, application: Application, article_id: str, number: str
) -> None:
    admin = browser_of(app, application, Role.ADMIN)
    application.jobs.enqueue("rebuild_index", {}, SYSTEM)
    pages = (
        "/",
        "/?q=0x800CCC0E&tag=邮箱",
        "/?q=nothing+like+it",
        "/tickets",
        "/tickets?only=open",
        "/tickets/new?title=x",
        f"/tickets/{number}",
        "/articles",
        "/articles?state=draft",
        "/articles/new",
        f"/articles/{article_id}",
        "/admin",
        "/admin/_health",
        "/admin/jobs/1/_progress",
        "/problems/not-found",
        "/radar",
        "/gaps",
    )

    failed = [
        (page, locale, response.status_code)
        for page in pages
        for locale in ("zh_CN", "en")
        if (
            response := admin.get(page, query_string={"locale": locale}, headers=BROWSER)
            if "?" not in page
            else admin.get(f"{page}&locale={locale}", headers=BROWSER)
        ).status_code
        != 200
    ]

    assert [] == failed


def test_the_english_frame_of_a_page_holds_no_chinese(staff: FlaskClient) -> None:
    for page in (
        "/?locale=en",
        "/tickets?locale=en",
        "/articles/new?locale=en",
        "/radar?locale=en",
        "/gaps?locale=en",
    ):
        text = staff.get(page, headers=BROWSER).text.replace("中文", "")

        assert not CHINESE.search(text)


def test_markup_in_an_article_does_not_reach_the_page(staff: FlaskClient, article_id: str) -> None:
    text = staff.get(f"/articles/{article_id}", headers=BROWSER).text

    assert "<script>x()" not in text
    assert "<ol>" in text


def test_the_same_form_sent_twice_stores_one_ticket(
    form_user: FlaskClient, application: Application
) -> None:
    form = {"title": "打印机脱机", "body": "无法打印", "idempotency_key": "abc"}

    first, second = (send(form_user, "/tickets", **form) for _ in range(2))

    assert (303, 303) == (first.status_code, second.status_code)
    assert first.headers["Location"] == second.headers["Location"]
    assert 200 == form_user.get(first.headers["Location"], headers=BROWSER).status_code


def test_a_form_without_a_title_comes_back_with_what_was_typed(form_user: FlaskClient) -> None:
    answer = send(form_user, "/tickets", title=" ", body="屏幕是黑的")

    assert 422 == answer.status_code
    assert "屏幕是黑的" in answer.text
    assert "字段 title" in answer.text


def test_an_intake_account_sees_its_own_tickets_only(form_user: FlaskClient, number: str) -> None:
    own = send(form_user, "/tickets", title="打印机脱机").headers["Location"]

    assert 200 == form_user.get(own, headers=BROWSER).status_code
    assert 404 == form_user.get(f"/tickets/{number}", headers=BROWSER).status_code
    assert 403 == form_user.get("/tickets", headers=BROWSER).status_code


def test_typing_shows_fixes_and_stores_nothing(
    staff: FlaskClient, application: Application, article_id: str
) -> None:
    answer = send(staff, "/tickets/_suggest", title="邮箱登录不了", body="0x800CCC0E")

    assert f"/articles/{article_id}" in answer.text
    assert "<html" not in answer.text
    assert [] == application.tickets.timeline(number_of(staff), SYSTEM)[1:]


def number_of(client: FlaskClient) -> str:
    """Hand in a ticket and return its number."""
    return send(client, "/tickets", title="打印机脱机").headers["Location"].rpartition("/")[2]


def test_correcting_one_label_leaves_the_other_as_triage_said(
    staff: FlaskClient, application: Application, number: str
) -> None:
    before = application.tickets.get(number, SYSTEM)

    answer = send(
        staff,
        f"/tickets/{number}/labels",
        version=str(before.version),
        category="software_fault" if before.category != "software_fault" else "how_to",
        priority=before.priority or "",
    )
    after = application.tickets.get(number, SYSTEM)

    assert 303 == answer.status_code
    assert "person" == after.category_by
    assert (before.priority, before.priority_by) == (after.priority, after.priority_by)


def test_a_stale_form_is_refused_in_words(
    staff: FlaskClient, application: Application, number: str
) -> None:
    application.tickets.change(number, {"product": "邮箱"}, principal=SYSTEM)

    send(staff, f"/tickets/{number}/labels", version="1", category="how_to")
    shown = staff.get(f"/tickets/{number}", headers=BROWSER)

    assert f"工单 {number} 当前的版本是 2" in shown.text
    assert "how_to" != application.tickets.get(number, SYSTEM).category


def test_an_answer_to_the_question_is_added_to_the_ticket(form_user: FlaskClient) -> None:
    told = {"title": "昨天起系统报错", "body": "全公司都进不去"}
    page = send(form_user, "/tickets/_suggest", **told).get_data(as_text=True)
    (label,) = re.findall(r'name="asked" value="([^"]+)"', page)

    added = send(
        form_user, "/tickets/_suggest", **told, asked=label, answer="V3.2 <b>", add="1"
    ).get_data(as_text=True)

    assert f"全公司都进不去\n{label}: V3.2 &lt;b&gt;</textarea>" in added
    assert f'name="asked" value="{label}"' not in added


def test_a_skipped_question_stays_away_and_a_half_typed_answer_stays(
    form_user: FlaskClient,
) -> None:
    told = {"title": "系统报错"}
    page = send(form_user, "/tickets/_suggest", **told).get_data(as_text=True)
    (label,) = re.findall(r'name="asked" value="([^"]+)"', page)
    (field,) = re.findall(r'name="skipped"\s+value="([^"]+)"', page)

    typing = send(form_user, "/tickets/_suggest", **told, asked=label, answer="从昨")
    assert 'value="从昨"' in typing.get_data(as_text=True)
    after = send(form_user, "/tickets/_suggest", **told, skipped=field).get_data(as_text=True)
    assert f'name="asked" value="{label}"' not in after
    assert f'<input type="hidden" name="skipped" value="{field}" form="ticket-form">' in after


def test_an_answer_that_was_not_added_goes_along_with_the_ticket(
    form_user: FlaskClient, application: Application
) -> None:
    sent = send(form_user, "/tickets", title="系统报错", asked="发生时间", answer="昨天")
    shown = form_user.get(sent.headers["Location"], headers=BROWSER).get_data(as_text=True)

    assert "发生时间: 昨天" in shown


def test_a_person_corrects_the_kind(staff: FlaskClient, number: str) -> None:
    send(staff, f"/tickets/{number}/labels", version="1", kind="consultation")

    page = staff.get(f"/tickets/{number}", headers=BROWSER).get_data(as_text=True)
    assert re.search(
        r"<dt>类型</dt>\s*<dd>[^<]*咨询[^<]*<span class=\"muted small\">\(人工\)", page
    )


def test_rejecting_a_suggestion_counts_against_the_article(
    staff: FlaskClient, application: Application, article_id: str, number: str
) -> None:
    suggestion = application.suggesting.of_ticket(number)[0]

    answer = send(
        staff,
        f"/suggestions/{suggestion.id}/reject",
        article_id=article_id,
        number=number,
        reason="outdated",
    )

    assert 303 == answer.status_code
    assert 1 == application.knowledge.usage(article_id, SYSTEM).failed


def test_solving_twice_says_so_and_counts_once(
    staff: FlaskClient, application: Application, article_id: str, number: str
) -> None:
    for _ in range(2):
        send(staff, f"/tickets/{number}/solve", article_id=article_id)
    shown = staff.get(f"/tickets/{number}", headers=BROWSER)

    assert f"工单 {number} 已经解决" in shown.text
    assert 1 == application.knowledge.usage(article_id, SYSTEM).solved


def test_the_contact_needs_a_reason_and_is_then_in_the_audit_log(
    staff: FlaskClient, application: Application, number: str
) -> None:
    refused = send(staff, f"/tickets/{number}/reveal", reason="x")
    shown = send(staff, f"/tickets/{number}/reveal", reason="回电核实")
    actions = [entry.action for entry in application.tickets.timeline(number, SYSTEM)]

    assert 303 == refused.status_code
    assert "13812345678" in shown.text
    assert 1 == actions.count("requester_revealed")


def test_a_stranger_is_sent_to_the_sign_in_form(app: Flask) -> None:
    client = app.test_client()

    whole = client.get("/tickets?only=open", headers=BROWSER)
    fragment = client.post("/tickets/_suggest", headers={**BROWSER, "HX-Request": "true"})

    assert (303, "/sign-in?next=/tickets?only%3Dopen") == (
        whole.status_code,
        whole.headers["Location"],
    )
    assert (204, "/sign-in") == (fragment.status_code, fragment.headers["HX-Redirect"])


def test_signing_in_never_leads_to_another_site(app: Flask, application: Application) -> None:
    application.accounts.create("li", Role.AGENT, password=PASSWORD, actor=SYSTEM)
    client = app.test_client()

    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        form = {"name": "li", "password": PASSWORD, "next": target}
        answer = client.post("/sign-in", data=form, headers=BROWSER)

        assert "/" == answer.headers["Location"]


def test_signing_out_ends_the_session(staff: FlaskClient) -> None:
    send(staff, "/sign-out")

    assert 303 == staff.get("/tickets", headers=BROWSER).status_code


def test_the_chosen_language_is_remembered(staff: FlaskClient) -> None:
    staff.get("/language/en?next=/tickets", headers=BROWSER)

    assert "New ticket" in staff.get("/tickets", headers=BROWSER).text
