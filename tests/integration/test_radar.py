"""Repeats and incidents among stored tickets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kbservice.bootstrap import Application, build
from kbservice.clock import FrozenClock
from kbservice.domain.account import Principal, Role
from kbservice.domain.radar import Verdict
from kbservice.errors import Conflict, InvalidInput, NotPermitted
from kbservice.services.intake import NewTicket
from kbservice.services.question import Question
from kbservice.services.resolution import NewResolution
from kbservice.services.suggesting import Answer
from kbservice.store import tickets
from tests.builders import a_ticket

AGENT = Principal(name="li", role=Role.AGENT)
FORM = Principal(name="form", role=Role.INTAKE)
OTHER_FORM = Principal(name="other", role=Role.INTAKE)
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PRINTER = ("三楼打印机卡纸", "打印合同时卡纸,面板提示 E-052,重启后还是一样。")
AGAIN = ("您好,三楼打印机卡纸", "打印合同时卡纸,面板提示 E-052,重启后还是一样。请尽快处理,谢谢!")
ENGLISH = ("Export of the sales report fails", "Since 9:30 the export stops at 40 percent.")
ENGLISH_AGAIN = (
    "Hello, export of the sales report fails",
    "Since 11:05 the export stops at 40 percent.",
)
MAILED = ("邮件发不出去", "提示连接超时,客户在等")
VPN = (
    "VPN 连接失败,提示证书已过期",
    "早上开始 VPN 连接失败,说证书过期",
    "连接 VPN 失败,弹出证书过期的提示",
    "VPN 证书过期,连接失败",
    "远程办公 VPN 连接失败,证书过期",
)
MAIL = (
    "邮件发不出去,提示连接超时",
    "outlook连接服务器超时,无法发邮件",
    "邮箱一直显示连接超时",
    "公司邮件收发不了,超时",
    "发送邮件报错:连接超时",
    "今天邮件系统连不上,总是超时",
    "邮件超时,客户的邮件发不了",
)
USUAL = (
    "打印机没有墨粉",
    "会议室投影仪无法开机",
    "申请新的办公软件许可",
    "邮箱容量已满,无法收信",
    "工资条页面打不开",
    "显示器花屏",
    "忘记了考勤系统的密码",
    "键盘部分按键失灵",
)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(START)


def submit(
    application: Application, words: tuple[str, str], by: Principal = AGENT, who: str = ""
) -> str:
    requester = {"contact": who} if who else {}
    new = NewTicket(title=words[0], body=words[1], requester=requester)
    return application.intake.submit(new, by).ticket.number


def ask(application: Application, words: tuple[str, str], by: Principal = AGENT) -> Answer:
    return application.suggesting.answer(Question(title=words[0], body=words[1]), by)


def found(answer: Answer) -> str | None:
    return answer.sighted.repeat.number if answer.sighted.repeat else None


def outbreak(application: Application, clock: FrozenClock, people: int) -> list[str]:
    """Let several people report the same trouble within minutes, each in other words."""
    numbers = []
    for person in range(people):
        clock.moment += timedelta(minutes=4)
        numbers.append(submit(application, (VPN[person], ""), who=f"1380000000{person}"))
    return numbers


@pytest.mark.every_database
@pytest.mark.parametrize(("first", "again"), [(PRINTER, AGAIN), (ENGLISH, ENGLISH_AGAIN)])
def test_a_ticket_handed_in_again_is_recognised_while_the_first_is_open(
    application: Application, clock: FrozenClock, first: tuple[str, str], again: tuple[str, str]
):
    number = submit(application, first)
    submit(application, ("会议室投影仪无法开机", "按电源键没有反应"))

    assert number == found(ask(application, again))
    repeat = submit(application, again)
    assert number == application.radar_desk.links(repeat, AGENT).duplicate_of
    assert (repeat,) == application.radar_desk.links(number, AGENT).repeats

    clock.moment += timedelta(days=30)
    assert found(ask(application, again)) is None


def test_another_error_code_is_another_matter(application: Application):
    submit(application, PRINTER)

    assert found(ask(application, (PRINTER[0], PRINTER[1].replace("E-052", "E-117")))) is None


def test_an_intake_form_learns_of_its_own_tickets_only(application: Application):
    number = submit(application, PRINTER, FORM)

    assert found(ask(application, AGAIN, OTHER_FORM)) is None
    assert number == found(ask(application, AGAIN, FORM))
    assert application.radar_desk.links(number, FORM).duplicate_of is None


def test_staff_accept_or_dismiss_a_repeat(application: Application):
    first = submit(application, PRINTER)
    second, third = submit(application, AGAIN), submit(application, AGAIN)

    accepted = application.radar_desk.settle_repeat(second, "accepted", AGENT)
    assert (first, Verdict.ACCEPTED) == (accepted.duplicate_of, accepted.verdict)
    # A repeat of a repeat belongs to the first.
    chained = application.radar_desk.settle_repeat(third, "accepted", AGENT, original=second)
    assert first == chained.duplicate_of
    assert application.radar_desk.settle_repeat(third, "dismissed", AGENT).duplicate_of is None
    assert (second,) == application.radar_desk.links(first, AGENT).repeats
    with pytest.raises(InvalidInput):
        application.radar_desk.settle_repeat(first, "accepted", AGENT, original=first)
    with pytest.raises(NotPermitted):
        application.radar_desk.settle_repeat(second, "accepted", FORM)


def test_two_tickets_do_not_repeat_each_other(application: Application):
    first, second = submit(application, PRINTER), submit(application, ENGLISH)
    desk = application.radar_desk
    desk.settle_repeat(second, "accepted", AGENT, original=first)

    with pytest.raises(Conflict, match=second):
        desk.settle_repeat(first, "accepted", AGENT, original=second)
    assert desk.links(first, AGENT).duplicate_of is None

    desk.settle_repeat(second, "dismissed", AGENT)
    assert second == desk.settle_repeat(first, "accepted", AGENT, original=second).duplicate_of


def test_what_repeats_a_repeat_is_linked_to_the_first(application: Application):
    first, second, third = (submit(application, words) for words in (PRINTER, ENGLISH, MAILED))
    desk = application.radar_desk
    desk.settle_repeat(third, "accepted", AGENT, original=second)

    desk.settle_repeat(second, "accepted", AGENT, original=first)

    assert first == desk.links(third, AGENT).duplicate_of
    assert (second, third) == desk.links(first, AGENT).repeats


def test_an_incident_is_worked_on_in_a_ticket_that_is_unsolved(
    application: Application, clock: FrozenClock
):
    for words in USUAL:
        submit(application, (words, ""), who=words)
    clock.moment += timedelta(hours=3)
    numbers = []
    for person in range(5):
        clock.moment += timedelta(minutes=3)
        number = submit(application, (VPN[person], ""), who=f"1380000000{person}")
        if not application.radar_desk.incidents(AGENT):
            done = NewResolution(summary="换证书")
            application.resolution.resolve(number, done, AGENT)
        numbers.append(number)

    (incident,) = application.radar_desk.incidents(AGENT)
    unsolved = [item.ticket.number for item in incident.sightings if not item.ticket.resolved_at]
    assert unsolved[0] == incident.parent.number


@pytest.mark.every_database
def test_several_people_with_one_trouble_are_an_incident(
    application: Application, clock: FrozenClock
):
    for words in USUAL:
        submit(application, (words, ""), who=words)
    clock.moment += timedelta(hours=3)
    numbers = outbreak(application, clock, 5)

    (incident,) = application.radar_desk.incidents(AGENT)
    assert numbers == [item.ticket.number for item in incident.sightings]
    assert numbers[0] == incident.parent.number
    assert incident.why["chance"] <= 0.001
    answer = ask(application, ("VPN 连接不上,证书过期", ""))
    assert answer.sighted.incident is not None
    assert numbers[0] == answer.sighted.incident.parent
    assert "urgent" == answer.assessment.priority.value
    assert ["rule"] == [item.source for item in answer.assessment.priority.evidence][:1]
    with application.database.reading() as session:
        # The rule lifts what came in before it showed, too.
        assert {"urgent"} == {tickets.get(session, number).priority for number in numbers}
    assert ask(application, ("显示器花屏", "")).sighted.incident is None


def test_a_replay_says_that_an_incident_had_lifted_the_priority(
    application: Application, clock: FrozenClock
):
    outbreak(application, clock, 4)
    old = application.suggesting.suggest(Question(title="VPN 连接不上,证书过期"), AGENT)

    replayed = application.replay.replay(old.id, AGENT)
    assert "incident_lifted" in [obstacle.code for obstacle in replayed.obstacles]


def test_one_person_who_repeats_himself_is_no_incident(
    application: Application, clock: FrozenClock
):
    for words in VPN:
        clock.moment += timedelta(minutes=2)
        submit(application, (words, ""), who="13800000000")

    assert [] == application.radar_desk.incidents(AGENT)


def test_a_busy_day_with_the_usual_mix_is_no_incident(application: Application, clock: FrozenClock):
    for _ in range(6):
        clock.moment += timedelta(hours=5)
        for words in USUAL:
            submit(application, (words, ""), who=f"{words}{clock.moment}")
    clock.moment += timedelta(hours=5)
    for _ in range(4):
        for words in USUAL:
            clock.moment += timedelta(seconds=40)
            submit(application, (words, ""), who=f"{words}{clock.moment}")

    assert [] == application.radar_desk.incidents(AGENT)


def test_an_incident_ends_when_it_is_quiet(application: Application, clock: FrozenClock):
    outbreak(application, clock, 5)
    assert 0 == application.radar.end_quiet()

    clock.moment += timedelta(hours=3)
    assert 1 == application.radar.end_quiet()
    assert [] == application.radar_desk.incidents(AGENT)
    assert ask(application, (VPN[0], "")).sighted.incident is None


def test_a_dismissed_incident_does_not_come_back(application: Application, clock: FrozenClock):
    outbreak(application, clock, 4)
    (incident,) = application.radar_desk.incidents(AGENT)
    application.radar_desk.settle_incident(incident.id, "dismissed", AGENT)

    submit(application, (VPN[4], ""), who="13900000000")
    assert [] == application.radar_desk.incidents(AGENT)
    assert ask(application, (VPN[0], "")).sighted.incident is None


def test_reports_that_are_only_related_join_the_incident_that_they_opened(
    application: Application, clock: FrozenClock
):
    for place, title in enumerate(USUAL * 4):
        clock.moment += timedelta(minutes=30)
        submit(application, (title, ""), who=f"usual{place}")
    for place, title in enumerate(MAIL):
        clock.moment += timedelta(minutes=3)
        submit(application, (title, ""), who=f"mail{place}")

    (incident,) = application.radar_desk.incidents(AGENT)
    assert len(incident.sightings) >= len(MAIL) - 1
    # Dismissed, it takes in what comes later without a word.
    application.radar_desk.settle_incident(incident.id, "dismissed", AGENT)
    submit(application, ("邮箱连接超时,发不了邮件", ""), who="late")
    assert [] == application.radar_desk.incidents(AGENT)


def test_staff_choose_another_parent(application: Application, clock: FrozenClock):
    numbers = outbreak(application, clock, 4)
    (incident,) = application.radar_desk.incidents(AGENT)

    settled = application.radar_desk.settle_incident(
        incident.id, "accepted", AGENT, parent=numbers[2]
    )
    assert (numbers[2], Verdict.ACCEPTED) == (settled.parent.number, settled.verdict)
    with pytest.raises(InvalidInput):
        application.radar_desk.settle_incident(incident.id, "accepted", AGENT, parent="TS000")


def test_an_import_without_dates_neither_hides_an_incident_nor_makes_one(
    application: Application, clock: FrozenClock
):
    with application.database.transaction() as session:
        for place in range(160):
            title = f"{USUAL[place % len(USUAL)]},{place}"
            tickets.add(session, a_ticket(f"TS3026{place:07}", title=title, opened_at=clock.now()))
        for place, title in enumerate(VPN[:3]):
            tickets.add(session, a_ticket(f"TS4026{place:07}", title=title, opened_at=clock.now()))
    while application.radar.catch_up():
        pass
    assert ask(application, (VPN[4], "")).sighted.incident is None

    outbreak(application, clock, 5)

    incident = ask(application, (VPN[0], "")).sighted.incident
    assert incident is not None
    assert incident.traffic < len(USUAL)
    assert not [number for number in incident.tickets if number.startswith("TS4026")]


def test_imported_tickets_are_noted_too(application: Application):
    with application.database.transaction() as session:
        tickets.add(session, a_ticket("TS1", title=PRINTER[0], body=PRINTER[1], opened_at=START))

    assert found(ask(application, AGAIN)) is None
    assert (1, 0) == (application.radar.catch_up(), application.radar.catch_up())
    assert "TS1" == found(ask(application, AGAIN))


@pytest.mark.every_database
def test_what_is_too_old_to_be_repeated_is_forgotten(application: Application, clock: FrozenClock):
    submit(application, PRINTER)
    assert 0 == application.radar.forget()
    clock.moment += timedelta(days=30)
    number = submit(application, PRINTER)

    assert (1, 0) == (application.radar.forget(), application.radar.forget())
    assert number == found(ask(application, AGAIN))


def test_another_process_sees_what_this_one_noted(application: Application, clock: FrozenClock):
    outbreak(application, clock, 3)
    other = build(application.settings, clock=clock)
    submit(other, (VPN[3], ""), who="13900000000")
    other.close()

    (incident,) = application.radar_desk.incidents(AGENT)
    assert 4 == len(incident.sightings)
