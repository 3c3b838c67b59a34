"""Replaying an answer over HTTP and on the ticket's page."""

from __future__ import annotations

from tests.api.calling import Caller

TICKET = {"title": "打印机脱机", "body": "重启后仍然脱机", "urgency": "high"}


def test_an_answer_is_compared_with_its_replay(intake: Caller, agent: Caller):
    asked = intake.post("tickets", TICKET).get_json()["suggestion"]["suggestion_id"]

    found = agent.get(f"suggestions/{asked}/replay").get_json()

    assert (found["exact"], found["same"], found["obstacles"]) == (True, True, [])
    assert [label["axis"] for label in found["labels"]] == ["category", "priority", "kind"]
    assert 404 == agent.get("suggestions/unknown/replay").status_code


def test_why_it_is_not_exact_is_told_in_the_readers_language(intake: Caller, agent: Caller):
    ticket = TICKET | {"body": "请回电 13812345678"}
    asked = intake.post("tickets", ticket).get_json()["suggestion"]["suggestion_id"]

    told = {
        language: agent.get(f"suggestions/{asked}/replay?locale={language}").get_json()
        for language in ("zh", "en")
    }

    assert "个人信息" in told["zh"]["obstacles"][0]["message"]
    assert "Personal data" in told["en"]["obstacles"][0]["message"]
