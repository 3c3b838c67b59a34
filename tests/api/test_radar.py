"""Repeats and incidents over HTTP, for programs and on pages, and who is told of them."""

from __future__ import annotations

import pytest
from flask import Flask

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Role
from tests.api.calling import Caller, key_for

FIRST = {"title": "三楼打印机卡纸", "body": "打印合同时卡纸,面板提示 E-052,重启后还是一样。"}
AGAIN = {"title": "您好,三楼打印机卡纸", "body": FIRST["body"] + "请尽快处理,谢谢!"}
VPN = (
    "VPN 连接失败,提示证书已过期",
    "早上开始 VPN 连接失败,说证书过期",
    "连接 VPN 失败,弹出证书过期的提示",
    "VPN 证书过期,连接失败",
)
BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
INCIDENT = {"id", "parent", "tickets", "count", "window_minutes", "why", "verdict"}


@pytest.fixture
def other_form(app: Flask, application: Application) -> Caller:
    application.accounts.create("other-form", Role.INTAKE, actor=SYSTEM)
    issued = application.accounts.issue_key("other-form", Role.INTAKE, actor=SYSTEM)
    return Caller(app.test_client(), issued.key)


def handed_in(caller: Caller, words: dict[str, str]) -> dict[str, object]:
    answer = caller.post("tickets", words)
    assert 201 == answer.status_code
    created: dict[str, object] = answer.get_json()
    return created


def outbreak(caller: Caller) -> list[object]:
    return [
        handed_in(caller, {"title": title, "requester": {"contact": f"1380000000{person}"}})[
            "number"
        ]
        for person, title in enumerate(VPN)
    ]


def test_a_repeat_is_told_before_and_after_it_is_handed_in(agent: Caller):
    number = handed_in(agent, FIRST)["number"]
    assert number == agent.post("suggest", AGAIN).get_json()["duplicate_of"]

    created = handed_in(agent, AGAIN)
    assert number == created["suggestion"]["duplicate_of"]
    (repeat,) = agent.get("repeats").get_json()["items"]
    assert (created["number"], number) == (repeat["ticket"], repeat["duplicate_of"])
    kept = agent.get(f"suggestions/{created['suggestion']['suggestion_id']}").get_json()
    assert number == kept["duplicate_of"]


def test_an_intake_key_is_told_of_its_own_tickets_only(
    intake: Caller, other_form: Caller, agent: Caller
):
    number = handed_in(intake, FIRST)["number"]

    told = handed_in(other_form, AGAIN)
    assert told["suggestion"]["duplicate_of"] is None
    assert number not in other_form.post("suggest", AGAIN).text
    assert number == handed_in(intake, AGAIN)["suggestion"]["duplicate_of"]
    for path in (f"tickets/{number}/links", "repeats", "incidents"):
        assert 403 == intake.get(path).status_code
    # Staff see the repeat although two accounts handed it in.
    assert number == agent.get(f"tickets/{told['number']}/links").get_json()["duplicate_of"]


def test_an_intake_key_is_not_told_of_an_incident(intake: Caller, agent: Caller):
    numbers = outbreak(agent)
    asked = {"title": "VPN 连接不上,证书过期"}

    incident = agent.post("suggest", asked).get_json()["incident"]
    assert INCIDENT == set(incident)
    assert (numbers[0], 4) == (incident["parent"], len(incident["tickets"]))
    told = handed_in(intake, asked)
    assert told["suggestion"]["incident"] is None
    assert not [number for number in numbers if str(number) in str(told)]
    # It counts as a report all the same.
    assert told["number"] in agent.get("incidents").get_json()["items"][0]["tickets"]


def test_staff_settle_repeats_and_incidents(agent: Caller):
    numbers = outbreak(agent)
    first, second = (handed_in(agent, words)["number"] for words in (FIRST, AGAIN))

    linked = agent.post(f"tickets/{second}/links", {"verdict": "accepted"}).get_json()
    assert (first, "accepted") == (linked["duplicate_of"], linked["verdict"])
    assert [] == agent.get("repeats").get_json()["items"]
    assert [second] == agent.get(f"tickets/{first}/links").get_json()["repeats"]
    assert 422 == agent.post(f"tickets/{first}/links", {"verdict": "accepted"}).status_code
    assert 404 == agent.post("tickets/none/links", {"verdict": "accepted"}).status_code

    (incident,) = agent.get("incidents").get_json()["items"]
    address = f"incidents/{incident['id']}"
    said = agent.post(address, {"verdict": "accepted", "parent": numbers[2]}).get_json()
    assert (numbers[2], "accepted") == (said["parent"], said["verdict"])
    assert 422 == agent.post(address, {"verdict": "accepted", "parent": "x"}).status_code
    agent.post(address, {"verdict": "dismissed"})
    assert [] == agent.get("incidents").get_json()["items"]
    assert 1 == len(agent.get("incidents?open=false").get_json()["items"])
    assert 404 == agent.post("incidents/999", {"verdict": "accepted"}).status_code


def test_the_pages_show_what_waits_and_take_a_verdict(
    app: Flask, application: Application, agent: Caller
):
    numbers = outbreak(agent)
    first, second = (handed_in(agent, words)["number"] for words in (FIRST, AGAIN))
    page = Caller(app.test_client(), key_for(application, Role.ADMIN))

    shown = page.get("/radar?locale=en", headers=BROWSER).text
    assert all(str(number) in shown for number in (*numbers, first, second))
    assert "Link them" in page.get(f"/tickets/{second}?locale=en", headers=BROWSER).text
    shown = page.get(f"/tickets/{numbers[1]}?locale=en", headers=BROWSER).text
    assert "Confirm incident" in shown
    assert "people reported the same within 60 minutes; usually hardly anybody does." in shown
    assert "确认为突发事件" in page.get(f"/tickets/{numbers[1]}?locale=zh_CN", headers=BROWSER).text
    typed = page.post("/tickets/_suggest", data=AGAIN, headers=BROWSER).text
    assert str(first) in typed

    sent = page.post(
        f"/tickets/{second}/repeat", data={"verdict": "dismissed", "back": "radar"}, headers=BROWSER
    )
    assert "/radar" == sent.headers["Location"]
    (incident,) = agent.get("incidents").get_json()["items"]
    address = f"/radar/incidents/{incident['id']}"
    page.post(address, data={"verdict": "accepted", "parent": numbers[1]}, headers=BROWSER)
    shown = page.get("/radar?locale=en", headers=BROWSER).text
    assert "confirmed" in shown
    assert str(second) not in shown
    page.post(address, data={"verdict": "perhaps"}, headers=BROWSER)
    assert "accepted" == agent.get("incidents").get_json()["items"][0]["verdict"]
