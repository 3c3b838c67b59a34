"""The loop that the product is for, over HTTP, in the words of the public contract."""

from __future__ import annotations

import re

import pytest

from kbservice.bootstrap import Application
from tests.api.calling import Caller

pytestmark = pytest.mark.every_database

TICKET = {
    "title": "打印机脱机,无法打印报表",
    "body": "重启后仍然脱机,错误代码 0x80070005,请回电 13812345678",
    "requester": {"name": "张三", "contact": "13812345678", "department": "财务部"},
    "urgency": "high",
}
SUGGESTION = {
    "suggestion_id",
    "fixes",
    "similar_tickets",
    "category",
    "priority",
    "kind",
    "kind_details",
    "missing",
    "duplicate_of",
    "incident",
    "decision",
    "classifier",
    "index",
    "degraded",
    "took_ms",
}


def test_a_solved_ticket_becomes_the_fix_of_the_next_one(
    application: Application, intake: Caller, agent: Caller, lead: Caller
):
    created = intake.post("tickets", TICKET)
    ticket = created.get_json()
    assert (201, f"/api/v1/tickets/{ticket['number']}") == (
        created.status_code,
        created.headers["Location"],
    )
    assert SUGGESTION <= ticket["suggestion"].keys()
    assert "138****5678" == ticket["requester"]["contact"]
    assert "13812345678" not in created.get_data(as_text=True)
    assert ticket["response_due_at"] < ticket["resolution_due_at"]

    solved = agent.post(
        f"tickets/{ticket['number']}/resolution",
        {"summary": "重装驱动", "steps": "1. 卸载驱动\n2. 重装驱动", "cause": "驱动损坏"},
    )
    draft = solved.get_json()["article"]
    assert (201, "draft") == (solved.status_code, draft["state"])
    assert f"/api/v1/articles/{draft['id']}" == solved.headers["Location"]
    again = agent.post(f"tickets/{ticket['number']}/resolution", {"summary": "x"})
    assert (409, "/problems/already-resolved") == (again.status_code, again.get_json()["type"])

    assert 200 == lead.post(f"articles/{draft['id']}/publish").status_code
    application.indexing.drain()

    found = agent.get("search?q=印表機 離線 OR 打印机").get_json()
    assert draft["id"] in [hit["id"] for hit in found["hits"]]
    assert {"number", "why", "snippet", "tags", "solved_count"} <= found["hits"][0].keys()
    assert {"raw", "terms", "read_as", "expansions"} == found["query"].keys()
    assert {"generation", "lag_s", "complete"} == found["index"].keys()
    assert found["degraded"] is False

    asked = intake.post("suggest", {"title": "打印机脱机无法打印", "limit": 3}).get_json()
    fix = asked["fixes"][0]
    assert draft["id"] == fix["article_id"]
    assert {
        "solved",
        "failed",
        "lower_bound",
        "last_success_at",
        "verification",
        "environment_diff",
    } == fix["evidence"].keys()
    told = intake.post(
        f"suggestions/{asked['suggestion_id']}/feedback",
        {"action": "solved", "item": fix["article_id"]},
    )
    assert 201 == told.status_code
    application.indexing.drain()
    assert 2 == agent.get(f"articles/{draft['id']}/usage").get_json()["solved"]
    stored = intake.get(f"suggestions/{asked['suggestion_id']}").get_json()
    for member in ("fixes", "category", "priority", "missing", "decision", "classifier"):
        assert asked[member] == stored[member]


def test_contact_details_are_shown_for_a_reason_that_is_kept(intake: Caller, agent: Caller):
    number = intake.post("tickets", TICKET).get_json()["number"]

    shown = agent.post(f"tickets/{number}/reveal", {"reason": "电话回访"}).get_json()
    assert ("张三", "13812345678") == (shown["name"], shown["contact"])
    history = agent.get(f"tickets/{number}/timeline").get_json()["items"]
    assert "requester_revealed" in [entry["action"] for entry in history]
    assert 403 == intake.post(f"tickets/{number}/reveal", {"reason": "电话回访"}).status_code


def test_what_an_agent_corrects_is_marked_as_a_persons_word(intake: Caller, agent: Caller):
    number = intake.post("tickets", TICKET).get_json()["number"]

    changed = agent.patch(f"tickets/{number}", {"category": "hardware_fault"}).get_json()
    assert ("hardware_fault", "person") == (changed["category"], changed["category_by"])
    clocks = agent.get(f"tickets/{number}/clocks").get_json()["items"]
    assert "resolution" in [clock["clock"] for clock in clocks]
    assert 1 == len(agent.get(f"tickets/{number}/suggestions").get_json()["items"])
    assert 422 == agent.patch(f"tickets/{number}", {"category": "no_such"}).status_code


def test_an_articles_past_can_be_read(agent: Caller, lead: Caller):
    body = {"title": "打印机脱机", "sections": {"problem": "脱机", "solution": "重启"}}
    article_id = agent.post("articles", body).get_json()["id"]
    changed = agent.patch(
        f"articles/{article_id}", {"sections": {"solution": "重启打印服务", "problem": None}}
    ).get_json()
    assert {"solution": "重启打印服务"} == changed["sections"]

    revisions = agent.get(f"articles/{article_id}/revisions").get_json()["items"]
    assert [2, 1] == [revision["revision"] for revision in revisions]
    assert 403 == agent.post(f"articles/{article_id}/publish").status_code
    assert 200 == lead.post(f"articles/{article_id}/publish").status_code
    assert 409 == lead.post(f"articles/{article_id}/publish").status_code


def test_jobs_are_queued_watched_and_stopped(application: Application, admin: Caller):
    queued = admin.post("jobs", {"kind": "rebuild_index"})
    job = queued.get_json()
    assert (202, f"/api/v1/jobs/{job['id']}") == (queued.status_code, queued.headers["Location"])
    twice = admin.post("jobs", {"kind": "rebuild_index"})
    assert (409, "/problems/job-running") == (twice.status_code, twice.get_json()["type"])

    application.jobs.run_next("test")
    done = admin.get(f"jobs/{job['id']}").get_json()
    assert ("done", 2) == (done["state"], done["result"]["generation"])
    state = admin.get("admin/index").get_json()["state"]
    assert 2 == state["generation"]
    assert state["built_at"] <= state["changed_at"]
    assert 1 == admin.post("admin/index/rollback").get_json()["generation"]

    waiting = admin.post("jobs", {"kind": "rebuild_index"}).get_json()
    assert "cancelled" == admin.delete(f"jobs/{waiting['id']}").get_json()["state"]
    assert 422 == admin.post("jobs", {"kind": "no_such"}).status_code
    assert [waiting["id"], job["id"]] == [
        item["id"] for item in admin.get("jobs").get_json()["items"]
    ]


def test_accounts_and_keys_are_managed(admin: Caller):
    created = admin.post("accounts", {"name": "li", "role": "agent", "password": "long enough!"})
    assert 201 == created.status_code
    assert "password" not in created.get_data(as_text=True)
    assert 409 == admin.post("accounts", {"name": "li", "role": "agent"}).status_code
    assert 422 == admin.post("accounts/li/keys", {"role": "admin"}).status_code
    key = admin.post("accounts/li/keys", {"role": "agent", "label": "cron"}).get_json()

    listed = {item["name"]: item for item in admin.get("accounts").get_json()["items"]}
    assert [(key["id"], "cron")] == [(k["id"], k["label"]) for k in listed["li"]["keys"]]
    assert key["key"] not in admin.get("accounts").get_data(as_text=True)


def test_forms_learn_the_profiles(intake: Caller):
    listed = intake.get("profiles?locale=en").get_json()["items"]
    assert ("product-support", True) == (listed[0]["key"], listed[0]["is_default"])
    profile = intake.get("profiles/product-support").get_json()
    assert {"categories", "urgencies", "priorities", "kinds"} <= profile.keys()


def test_the_kind_comes_with_its_reasons(intake: Caller):
    answer = intake.post("suggest", {"title": "昨天起无法登录", "locale": "en"}).get_json()
    details = answer["kind_details"]

    assert ("fault", "fault", "Fault") == (answer["kind"], details["value"], details["label"])
    assert ("review", ["无法"]) == (details["decision"], [why["text"] for why in details["why"]])
    assert 0.4 < details["confidence"] < 0.9
    assert "fault" == details["set"][0]


def test_missing_details_are_asked_for_in_the_readers_language(intake: Caller):
    question = {"title": "系统打不开"}
    chinese = intake.post("suggest", question | {"locale": "zh_CN"}).get_json()
    english = intake.post("suggest", question | {"locale": "en"}).get_json()

    assert [item["field"] for item in chinese["missing"]] == [
        item["field"] for item in english["missing"]
    ]
    if chinese["missing"]:
        assert chinese["missing"][0]["question"] != english["missing"][0]["question"]


def test_one_question_is_asked_at_a_time_in_the_language_of_the_text(intake: Caller):
    told = {"title": "昨天起系统打不开", "kind": "fault", "locale": "en"}
    first = intake.post("suggest", told).get_json()
    asked = first["next_question"]

    assert asked["field"] == first["missing"][0]["field"]
    assert re.search(r"[\u4e00-\u9fff]", asked["question"])
    assert asked["example"]

    skipped = intake.post("suggest", told | {"skipped": [asked["field"]]}).get_json()
    assert skipped["next_question"]["field"] == first["missing"][1]["field"]

    body = f"{asked['label']}: {asked['example']}"
    answered = intake.post("suggest", told | {"body": body}).get_json()
    assert asked["field"] not in {item["field"] for item in answered["missing"]}


def test_a_stored_ticket_still_says_what_to_ask_next(intake: Caller):
    told = {"title": "The report page fails since yesterday", "kind": "fault", "locale": "zh_CN"}
    number = intake.post("tickets", told).get_json()["number"]

    asked = intake.get(f"tickets/{number}").get_json()["next_question"]

    assert asked["question"].isascii()
