"""A repeated POST is answered again, not done again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from kbservice.bootstrap import Application
from tests.api.calling import Caller

KEY = {"Idempotency-Key": "form-4711"}
TICKET = {"title": "打印机脱机", "body": "错误代码 0x80070005"}
ARTICLE = {"title": "打印机脱机怎么办", "sections": {"solution": "重启打印服务"}}


def test_a_repeated_ticket_is_the_same_ticket(intake: Caller, agent: Caller):
    first = intake.post("tickets", TICKET, headers=KEY)
    second = intake.post("tickets", TICKET, headers=KEY)

    assert (201, 201) == (first.status_code, second.status_code)
    assert first.get_json() == second.get_json()
    assert first.headers["Location"] == second.headers["Location"]
    assert "Idempotent-Replay" not in first.headers
    assert "true" == second.headers["Idempotent-Replay"]
    assert 1 == len(agent.get("tickets").get_json()["items"])


@pytest.mark.every_database
def test_the_same_ticket_sent_at_once_is_stored_once(app: Flask, intake: Caller, agent: Caller):
    def send(_: int) -> str:
        own = Caller(app.test_client(), intake.key)
        return str(own.post("tickets", TICKET, headers=KEY).get_json()["number"])

    with ThreadPoolExecutor(6) as pool:
        numbers = set(pool.map(send, range(6)))

    assert 1 == len(numbers)
    assert 1 == len(agent.get("tickets").get_json()["items"])


def test_a_key_names_one_request(agent: Caller):
    for path, body in (("tickets", TICKET), ("articles", ARTICLE), ("suggest", TICKET)):
        key = {"Idempotency-Key": path}
        agent.post(path, body, headers=key)
        refused = agent.post(path, body | {"title": "另一个"}, headers=key)

        assert (409, "application/problem+json") == (refused.status_code, refused.mimetype)


def test_a_key_belongs_to_its_caller(intake: Caller, agent: Caller):
    first = intake.post("tickets", TICKET, headers=KEY).get_json()
    second = agent.post("tickets", TICKET, headers=KEY).get_json()

    assert first["number"] != second["number"]


def test_other_answers_are_repeated_too(agent: Caller):
    first = agent.post("articles", ARTICLE, headers=KEY)
    second = agent.post("articles", ARTICLE, headers=KEY)
    asked = agent.post("suggest", TICKET, headers={"Idempotency-Key": "k2"}).get_json()
    again = agent.post("suggest", TICKET, headers={"Idempotency-Key": "k2"}).get_json()

    assert (201, 201) == (first.status_code, second.status_code)
    assert first.get_json() == second.get_json()
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["ETag"] == second.headers["ETag"]
    assert "true" == second.headers["Idempotent-Replay"]
    assert asked["suggestion_id"] == again["suggestion_id"]
    assert 1 == len(agent.get("articles").get_json()["items"])


def test_a_refused_request_may_be_corrected_under_its_key(agent: Caller):
    assert 422 == agent.post("articles", {"title": "x"}, headers=KEY).status_code
    assert 201 == agent.post("articles", ARTICLE, headers=KEY).status_code


def test_a_secret_is_not_kept_for_a_repeat(admin: Caller, application: Application):
    path, body = "accounts/admin-caller/keys", {"role": "agent"}
    first = admin.post(path, body, headers=KEY)
    second = admin.post(path, body, headers=KEY)

    assert (201, 409) == (first.status_code, second.status_code)
    assert 2 == len(application.accounts.keys())


def test_a_key_must_be_one_word_of_visible_characters(agent: Caller):
    for key in ("", " ", "a b", "x" * 256):
        refused = agent.post("articles", ARTICLE, headers={"Idempotency-Key": key})
        assert (key, 422) == (key, refused.status_code)
