"""Searches asked again in the same words: answered alike, and refused alike."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM
from kbservice.services.knowledge import NewArticle
from kbservice.web.limits import SEARCH, Buckets, buckets_of
from tests.api.calling import Caller

QUERY = "search?q=打印机 脱机&size=1"


@pytest.fixture(autouse=True)
def _articles(application: Application) -> None:
    for number in range(3):
        new = NewArticle(title=f"打印机脱机 {number}", sections={"solution": "重启"})
        application.knowledge.publish(application.knowledge.create(new, SYSTEM).id, SYSTEM)
    application.indexing.drain()


def counted(admin: Caller) -> str:
    text = admin.get("/metrics").get_data(as_text=True)
    name = 'kbservice_http_requests_total{method="GET",route="/api/v1/search",status="200"}'
    return next(line for line in text.splitlines() if line.startswith(name)).split()[-1]


def headers_of(answered: TestResponse) -> list[tuple[str, str]]:
    """Return the headers, but for the length: `took_ms` is shorter the second time."""
    return sorted(pair for pair in answered.headers if pair[0] != "Content-Length")


def test_the_same_members_and_headers_come_again(agent: Caller, admin: Caller) -> None:
    first, again = (agent.get(QUERY, headers={"X-Request-ID": "my-own"}) for _ in range(2))

    told = [answered.get_json() | {"took_ms": 0} for answered in (first, again)]
    assert told[0] == told[1]
    assert headers_of(first) == headers_of(again)
    assert "my-own" == again.headers["X-Request-ID"]
    assert "2.0" == counted(admin)


def test_an_account_that_is_shut_out_is_answered_no_more(
    agent: Caller, application: Application
) -> None:
    assert [200, 200] == [agent.get(QUERY).status_code for _ in range(2)]
    application.accounts.disable("agent-caller", actor=SYSTEM)
    assert 401 == agent.get(QUERY).status_code


def test_a_flood_of_one_question_is_held_back(
    app: Flask, agent: Caller, lead: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "kbservice.buckets", Buckets(lambda: 0.0))
    assert [200, 200] == [agent.get(QUERY).status_code for _ in range(2)]
    for _ in range(SEARCH.burst):
        buckets_of(app).take("lead-caller", SEARCH)

    refused = lead.get(QUERY)
    assert (429, "1") == (refused.status_code, refused.headers["Retry-After"])
    assert "/problems/rate-limited" == refused.get_json()["type"]
    assert 200 == agent.get(QUERY).status_code


def test_what_the_client_has_is_not_sent_again(agent: Caller) -> None:
    agent.get(QUERY)
    known = agent.get(QUERY)
    unchanged = agent.get(QUERY, headers={"If-None-Match": known.headers["ETag"]})
    assert 304 == unchanged.status_code
    for answered in (known, unchanged):
        assert "private, no-cache" == answered.headers["Cache-Control"]
