"""Every error of every route is a problem document of one shape, and tells no secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.test import TestResponse

from kbservice.web.limits import MAX_BODY_BYTES
from kbservice.web.security import open_access
from tests.api.calling import Caller
from tests.api.test_policy import TABLE

MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}
TAKES_BODY = {
    "POST /api/v1/suggest",
    "POST /api/v1/suggestions/{suggestion_id}/feedback",
    "POST /api/v1/tickets",
    "PATCH /api/v1/tickets/{number}",
    "POST /api/v1/tickets/{number}/resolution",
    "POST /api/v1/tickets/{number}/reveal",
    "POST /api/v1/articles",
    "PATCH /api/v1/articles/{article_id}",
    "POST /api/v1/jobs",
    "POST /api/v1/accounts",
    "POST /api/v1/accounts/{name}/keys",
}
JSON = {"Content-Type": "application/json"}


def check(response: TestResponse, status: int) -> dict[str, object]:
    """Demand a problem of this status; return it."""
    assert (status, "application/problem+json") == (response.status_code, response.mimetype)
    problem: dict[str, object] = response.get_json()
    assert MEMBERS <= problem.keys()
    assert status == problem["status"]
    assert re.fullmatch(r"/problems/[a-z-]+", str(problem["type"]))
    assert response.headers["X-Request-ID"] == problem["request_id"]
    assert problem["title"]
    assert problem["detail"]
    assert "{" not in f"{problem['title']}{problem['detail']}"
    assert "Traceback" not in response.get_data(as_text=True)
    return problem


def addresses(names: set[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(names):
        method, path = name.split()
        yield method, re.sub(r"\{\w+\}", "1", path)


def test_strangers_are_told_how_to_sign_in(stranger: Caller):
    closed = {name for name, role in TABLE.items() if role and name != "GET /metrics"}
    for method, path in addresses(closed):
        response = stranger(method, path)
        check(response, 401)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_role_that_is_too_small_is_named(intake: Caller):
    closed = {name for name, role in TABLE.items() if role in {"agent", "lead", "admin"}}
    for method, path in addresses(closed - {"GET /metrics"}):
        problem = check(intake(method, path), 403)
        assert "intake" == problem["role"]


BAD_BODIES: list[tuple[bytes, dict[str, str], int]] = [
    (b"{", JSON, 400),
    (b"", JSON, 400),
    (b"[]", JSON, 400),
    (b'"text"', JSON, 400),
    (b"null", JSON, 400),
    (b'{"title": NaN}', JSON, 400),
    (b'{"title": 1e999}', JSON, 400),
    (b'{"title": "a", "title": "b"}', JSON, 400),
    (b'{"title": "\\ud800"}', JSON, 400),
    (b'{"title": "\\u0000"}', JSON, 400),
    (b'{"title": "\xff"}', JSON, 400),
    (b'{"title": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", JSON, 400),
    (b'{"title": ' + b"[" * 60 + b"]" * 60 + b"}", JSON, 400),
    (b'{"title": ' + b"1" * 10_000 + b"}", JSON, 400),
    (b'{"title": "a"}', {"Content-Type": "text/plain"}, 415),
    (b"title=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    (b'{"title": "a"}', {}, 415),
    (b'{"title": "a"}', JSON | {"Content-Encoding": "gzip"}, 415),
    (b'{"unknown": 1}', JSON, 422),
    (b'{"body": 1, "title": 2, "name": 3, "role": []}', JSON, 422),
]


def test_a_bad_body_is_refused_by_every_route_that_takes_one(admin: Caller):
    for method, path in addresses(TAKES_BODY):
        for content, headers, status in BAD_BODIES:
            check(admin(method, path, data=content, headers=headers), status)


def test_a_body_beyond_one_megabyte_is_refused(admin: Caller):
    content = b'{"title": "' + b"a" * MAX_BODY_BYTES + b'"}'
    for method, path in addresses(TAKES_BODY):
        check(admin(method, path, data=content, headers=JSON), 413)


def test_what_does_not_exist_is_not_found(admin: Caller):
    named = {name for name in TABLE if name.startswith("GET") and "{" in name}
    for method, path in addresses(named):
        check(admin(method, path), 404)
    check(admin.get("/nowhere"), 404)
    check(admin.get("nowhere"), 404)
    check(admin.get("jobs/one"), 404)


def test_a_wrong_method_is_told_the_right_ones(admin: Caller):
    for path in {path for _, path in addresses(set(TABLE))}:
        response = admin("PUT", path)
        check(response, 405)
        assert response.headers["Allow"]


BAD_PARAMETERS = [
    "search?size=0",
    "search?size=101",
    "search?size=-1",
    "search?size=1.5",
    "search?size=1e9",
    "search?page=1000000000",
    "search?page=100&size=50",
    "search?sort=id;drop",
    "search?kind=everything",
    "search?since=soon",
    "search?since=",
    "search?since=1767225600",
    "search?until=20261128",
    "tickets?until=1767225600",
    "search?unknown=1",
    "search?locale=fr",
    "tickets?limit=1000000",
    "tickets?limit=99999999999999999999999999",
    "tickets?after=abc",
    "tickets?after=' OR 1=1",
    "tickets?since=2026-13-01",
    "articles?state=gone",
    "articles?limit=x",
    "profiles/product-support?version=0",
    "jobs?limit=0",
]


def test_a_bad_parameter_is_named(admin: Caller):
    for path in BAD_PARAMETERS:
        problem = check(admin.get(path), 422)
        assert problem["field"]
        assert problem["expected"]


def test_choices_are_listed_without_a_word_of_another_language(admin: Caller):
    problem = check(admin.get("/api/v1/search?sort=nothing&locale=zh"), 422)
    assert "'relevance', 'newest', 'solved'" in problem["expected"]
    assert " or " not in problem["detail"]


def test_a_nul_character_in_an_address_is_refused(admin: Caller):
    for path in ("search?q=a%00b", "tickets/%00", "tickets?state=%00"):
        check(admin.get(path), 400)


def test_each_wrong_place_of_a_body_is_pointed_at(agent: Caller):
    body = {"sections": {"solution": 1, "intro": "x"}, "tags": ["ok", ""], "id": "KB-9"}
    problem = check(agent.post("articles", body), 422)

    assert [
        {"pointer": "/title", "expected": "a value", "got": None},
        {"pointer": "/sections/solution", "expected": "text", "got": "1"},
        {"pointer": "/sections/intro", "expected": "no such field", "got": "x"},
        {"pointer": "/tags/1", "expected": "at least 1 characters", "got": ""},
        {"pointer": "/id", "expected": "no such field", "got": "KB-9"},
    ] == agent.post("articles?locale=en", body).get_json()["errors"]
    assert "title" == problem["field"]


def test_what_the_service_decides_cannot_be_sent(agent: Caller):
    for member in ("number", "state", "id", "priority_by", "opened_at", "response_due_at", "role"):
        check(agent.post("tickets", {"title": "打印机脱机", member: "1"}), 422)
    assert [] == agent.get("tickets").get_json()["items"]


def test_a_query_that_cannot_be_read_names_the_column(agent: Caller):
    problem = check(agent.get('search?q="打印机'), 422)
    assert "/problems/query-syntax" == problem["type"]
    assert isinstance(problem["column"], int)


def test_a_crash_tells_nothing_but_the_request_id(app: Flask, stranger: Caller):
    def crash() -> str:
        raise RuntimeError("SELECT secret FROM /var/lib/kbservice")

    app.add_url_rule("/crash", view_func=open_access(crash), endpoint="crash")
    response = stranger.get("/crash")

    problem = check(response, 500)
    assert "/problems/internal-error" == problem["type"]
    assert "secret" not in response.get_data(as_text=True)


def test_a_given_request_id_is_kept_unless_it_could_forge_a_log_line(stranger: Caller):
    kept = stranger.get("/healthz", headers={"X-Request-ID": "trace-7"})
    made = stranger.get("/healthz", headers={"X-Request-ID": "a b"})

    assert "trace-7" == kept.headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", made.headers["X-Request-ID"])


def test_problems_speak_the_readers_language(stranger: Caller):
    chinese = stranger.get("tickets", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    english = stranger.get("tickets", headers={"Accept-Language": "en-GB,en;q=0.8,zh;q=0.1"})
    asked = stranger.get("tickets?locale=en", headers={"Accept-Language": "zh"})
    default = stranger.get("tickets")

    assert "Sign in or send an API key" == english.get_json()["title"]
    assert english.get_json()["title"] == asked.get_json()["title"]
    assert chinese.get_json()["title"] == default.get_json()["title"]
    assert english.get_json()["title"] != chinese.get_json()["title"]


def test_the_api_answers_browsers_in_json_too(stranger: Caller):
    check(stranger.get("tickets", headers={"Accept": "text/html"}), 401)
