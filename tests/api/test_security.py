"""Headers, sessions, forged requests, rates, metrics."""

from __future__ import annotations

import pytest
from flask import Flask, Response

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Role
from kbservice.errors import RateLimited
from kbservice.web.limits import Buckets, Rate, limited
from kbservice.web.security import open_access, requires, start_session
from tests.api.calling import Caller

PASSWORD = "correct horse battery"


@pytest.fixture
def browser(app: Flask, application: Application) -> Caller:
    """Return a signed-in agent without a key, as a browser is."""
    application.accounts.create("wang", Role.AGENT, password=PASSWORD, actor=SYSTEM)

    def sign_in() -> Response:
        response = Response("")
        start_session(response, application.accounts.sign_in("wang", PASSWORD))
        return response

    app.add_url_rule("/test-sign-in", view_func=open_access(sign_in), endpoint="test_sign_in")
    caller = Caller(app.test_client())
    caller.get("/test-sign-in")
    return caller


def test_every_answer_is_protected(stranger: Caller):
    for path in ("/healthz", "/nowhere", "openapi.json", "search"):
        headers = stranger.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "nosniff" == headers["X-Content-Type-Options"]
        assert "no-referrer" == headers["Referrer-Policy"]
        is_tagged = "ETag" in headers
        assert ("private, no-cache" if is_tagged else "no-store") == headers["Cache-Control"]


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(
    app: Flask, browser: Caller
):
    cookie = browser.get("/test-sign-in").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert 200 == browser.get("tickets").status_code


SOURCES: list[tuple[dict[str, str], int]] = [
    ({"Sec-Fetch-Site": "same-origin"}, 201),
    ({"Sec-Fetch-Site": "none"}, 201),
    ({"Origin": "http://localhost"}, 201),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, 403),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({}, 403),
]


def test_another_sites_page_cannot_use_the_session(browser: Caller):
    for headers, status in SOURCES:
        sent = browser.post("tickets", {"title": "打印机脱机"}, headers=headers)
        assert (headers, status) == (headers, sent.status_code)


def test_a_key_works_from_anywhere(agent: Caller):
    sent = agent.post(
        "tickets", {"title": "打印机脱机"}, headers={"Origin": "http://other.example"}
    )
    assert 201 == sent.status_code


def test_a_bad_key_is_refused(stranger: Caller):
    for header in ("Bearer", "Bearer x", "Basic YTpi", "nonsense", "Bearer é"):
        refused = stranger.get("tickets", headers={"Authorization": header})
        assert (header, 401) == (header, refused.status_code)


def test_a_session_ends_when_the_account_is_disabled(browser: Caller, admin: Caller):
    admin.post("accounts/wang/disable")
    assert 401 == browser.get("tickets").status_code


def test_metrics_are_for_this_machine_and_administrators(
    stranger: Caller, agent: Caller, admin: Caller
):
    away = {"REMOTE_ADDR": "192.0.2.7"}
    assert 200 == stranger.get("/metrics").status_code
    assert 401 == stranger.get("/metrics", environ_overrides=away).status_code
    assert 403 == agent.get("/metrics", environ_overrides=away).status_code
    text = admin.get("/metrics", environ_overrides=away).get_data(as_text=True)
    assert "kbservice_index_lag_seconds 0.0" in text
    assert "kbservice_outbox_pending 0.0" in text
    assert 'kbservice_degraded{part="index"} 0.0' in text
    assert 'kbservice_http_requests_total{method="GET",route="/metrics",status="403"} 1.0' in text


def test_a_bucket_allows_bursts_and_refills():
    moments = iter([0.0, 0.0, 0.0, 0.5, 10.0, 10.0])
    buckets, rate = Buckets(lambda: next(moments)), Rate(name="search", per_s=1, burst=2)
    buckets.take("li", rate)
    buckets.take("li", rate)
    with pytest.raises(RateLimited) as refused:
        buckets.take("li", rate)
    assert 1 == refused.value.facts["retry_after_s"]
    buckets.take("wang", rate)
    buckets.take("li", rate)
    buckets.take("li", rate)


def test_a_flood_is_told_when_to_come_back_and_others_go_on(
    app: Flask, intake: Caller, agent: Caller
):
    slow = limited(Rate(name="slow", per_s=0.5, burst=1))
    view = requires(Role.INTAKE)(slow(lambda: "done"))
    app.add_url_rule("/api/v1/slow", view_func=view, endpoint="slow")

    assert 200 == intake.get("slow").status_code
    refused = intake.get("slow")
    assert (429, "2") == (refused.status_code, refused.headers["Retry-After"])
    assert 200 == agent.get("slow").status_code
