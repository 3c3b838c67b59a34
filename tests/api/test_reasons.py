"""Reasons that are names are told in the reader's language, whatever the ticket's is."""

from __future__ import annotations

import copy

import pytest
from werkzeug.test import TestResponse

from kbservice.bootstrap import Application
from kbservice.store import suggestions
from tests.api.calling import Caller

NAMES = {"zh": "大量用户", "en": "Many users"}


def rules(answer: TestResponse) -> list[str]:
    reasons = answer.get_json()["priority"]["why"]
    return [reason["text"] for reason in reasons if reason["source"] == "rule"]


@pytest.mark.parametrize("title", ["所有用户都无法登录", "all users cannot log in"])
def test_a_rule_is_named_in_the_readers_language(intake: Caller, agent: Caller, title: str):
    created = intake.post("tickets", {"title": title}).get_json()
    path = f"suggestions/{created['suggestion']['suggestion_id']}"

    for language, name in NAMES.items():
        fresh = intake.post("suggest", {"title": title, "locale": language})
        stored = agent.get(f"{path}?locale={language}")
        accepted = agent.get(path, headers={"Accept-Language": language})
        page = agent.get(
            f"/tickets/{created['number']}?locale={language}", headers={"Accept": "text/html"}
        ).get_data(as_text=True)

        assert [[name]] * 3 == [rules(answer) for answer in (fresh, stored, accepted)]
        assert f"<mark>{name}</mark>" in page


def test_a_reason_that_was_stored_as_a_name_stays_as_it_was(
    application: Application, intake: Caller, agent: Caller
):
    created = intake.post("tickets", {"title": "所有用户都无法登录"}).get_json()
    stored = created["suggestion"]["suggestion_id"]
    with application.database.transaction() as session:
        kept = suggestions.get(session, stored)
        answer = copy.deepcopy(kept.answer)
        for reason in answer["assessment"]["priority"]["evidence"]:
            del reason["value"]
        kept.answer = answer

    assert ["大量用户"] == rules(agent.get(f"suggestions/{stored}?locale=en"))


def test_the_category_that_tells_the_kind_is_named_in_the_readers_language(intake: Caller):
    names = {}
    for language in NAMES:
        answer = intake.post("suggest", {"title": "卡纸", "locale": language}).get_json()
        (reason,) = answer["kind_details"]["why"]
        assert ("category", None) == (reason["source"], reason["start"])
        names[language] = (reason["text"], answer["category"]["label"])

    assert names["zh"][0] != names["en"][0]
    assert all(told == label for told, label in names.values())
