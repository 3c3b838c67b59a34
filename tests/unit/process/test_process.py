"""Due times, numbers, states and missing details over the shipped profiles."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbservice.calendars import WorkCalendar
from kbservice.errors import InvalidInput, NotFound
from kbservice.process.clocks import DueTime, due_times, due_times_after
from kbservice.process.missing import answered, missing_details
from kbservice.process.numbering import format_number, period_of
from kbservice.process.states import initial_state, state_after
from kbservice.profiles import available, load

SHANGHAI = ZoneInfo("Asia/Shanghai")


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def due(key: str, priority: str | None, opened_at: str) -> dict[str, DueTime]:
    profile = load(key)
    calendar = WorkCalendar.of(profile.working_hours)
    times = due_times(profile, priority, shanghai(opened_at), calendar)
    return {time.clock: time for time in times}


@pytest.mark.parametrize(
    ("key", "priority", "clock", "expected"),
    [
        ("product-support", "urgent", "acknowledge", "2026-11-21T22:10"),
        ("product-support", "urgent", "response", "2026-11-22T00:00"),
        ("product-support", "urgent", "resolution", "2026-11-22T02:00"),
        ("product-support", "normal", "resolution", "2026-11-26T09:00"),
        ("it-response", "urgent", "response", "2026-11-21T22:15"),
        ("software-support", "high", "analysis", "2026-11-24T09:00"),
    ],
)
def test_hours_run_through_the_weekend_and_working_days_do_not(
    key: str, priority: str, clock: str, expected: str
):
    saturday_night = "2026-11-21T22:00"

    assert shanghai(expected) == due(key, priority, saturday_night)[clock].due_at


def test_no_target_is_a_reason_not_a_time():
    resolution = due("problem-management", "high", "2026-11-23T10:00")["resolution"]

    assert (None, "no target", "D5") == (resolution.due_at, resolution.reason, resolution.source)


def test_a_clock_by_priority_waits_for_the_priority():
    response = due("product-support", None, "2026-11-23T10:00")["response"]

    assert (None, "priority not assessed") == (response.due_at, response.reason)


def test_a_clock_that_starts_later_says_with_what():
    archive = due("problem-management", "high", "2026-11-23T10:00")["archive"]

    assert (None, "starts with close") == (archive.due_at, archive.reason)


def test_the_archive_clock_starts_on_closing():
    profile = load("problem-management")

    (archive,) = due_times_after(
        profile,
        "close",
        priority="high",
        at=shanghai("2026-11-27T16:00"),
        calendar=WorkCalendar.of(profile.working_hours),
    )

    assert ("archive", shanghai("2026-12-02T16:00")) == (archive.clock, archive.due_at)


def test_the_acceptance_check_takes_two_working_hours():
    profile = load("problem-management")

    (accept,) = due_times_after(
        profile,
        "assign",
        priority=None,
        at=shanghai("2026-11-23T11:00"),
        calendar=WorkCalendar.of(profile.working_hours),
    )

    assert ("accept", shanghai("2026-11-23T14:30")) == (accept.clock, accept.due_at)


def test_an_urgent_problem_is_acknowledged_no_later_than_answered():
    high = due("problem-management", "high", "2026-11-23T10:00")["acknowledge"]
    low = due("problem-management", "low", "2026-11-23T10:00")["acknowledge"]

    assert (shanghai("2026-11-23T14:00"), "S1-6, S1-7") == (high.due_at, high.source)
    assert (shanghai("2026-11-24T10:00"), "S1-6") == (low.due_at, low.source)


def test_intake_does_not_fail_in_a_year_without_a_calendar():
    times = due("product-support", "normal", "2028-03-01T10:00")

    assert (None, "calendar unknown for 2028") == (
        times["resolution"].due_at,
        times["resolution"].reason,
    )
    assert shanghai("2028-03-02T10:00") == times["response"].due_at


def test_an_urgent_resolution_is_met_by_a_proposed_solution():
    assert (
        "propose_solution"
        == due("product-support", "urgent", "2026-11-23T10:00")["resolution"].stop
    )


@pytest.mark.parametrize("key", available())
def test_every_clock_of_every_priority_has_a_time_or_a_reason(key: str):
    for priority in (None, *(priority.value for priority in load(key).priorities)):
        for time in due(key, priority, "2026-11-23T10:00").values():
            assert (time.due_at is None) == bool(time.reason), time


@pytest.mark.parametrize(
    ("key", "serial", "expected"),
    [
        ("product-support", 1, "TS20231025001"),
        ("it-response", 999, "TS20231025999"),
        ("product-support", 1000, "TS202310251000"),
        ("problem-management", 1, "202310-001"),
        ("problem-management", 12345, "202310-12345"),
        ("software-support", 7, "SW-2023-000007"),
        ("principles", 7, "SR-2023-000007"),
    ],
)
def test_a_number_grows_beyond_its_digits(key: str, serial: int, expected: str):
    assert expected == format_number(load(key).number, serial, shanghai("2023-10-25T09:15:30"))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("product-support", "2023-10-25"),
        ("problem-management", "2023-10"),
        ("principles", "2023"),
    ],
)
def test_the_counter_starts_anew_with_its_period(key: str, expected: str):
    assert expected == period_of(load(key).number, shanghai("2023-10-25T09:15:30"))


def test_a_serial_below_one_is_refused():
    with pytest.raises(InvalidInput):
        format_number(load("principles").number, 0, shanghai("2023-10-25T09:15:30"))


days = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001 - numbers need no zone
serials = st.integers(1, 3000)
counts = st.tuples(st.sampled_from(available()), days, serials)


@given(counts, counts)
def test_no_two_counts_give_the_same_number(
    one: tuple[str, datetime, int], other: tuple[str, datetime, int]
):
    def counted(count: tuple[str, datetime, int]) -> tuple[str, str, int]:
        pattern = load(count[0]).number
        return pattern.scope, period_of(pattern, count[1]), count[2]

    def number(count: tuple[str, datetime, int]) -> str:
        return format_number(load(count[0]).number, count[2], count[1])

    assert (counted(one) == counted(other)) == (number(one) == number(other))


@pytest.mark.parametrize(
    ("key", "resolved", "closed", "archived", "reopened"),
    [
        ("product-support", "resolved", "archived", "archived", "l1_working"),
        ("problem-management", "awaiting_user_verification", "closed", "archived", "in_progress"),
        ("it-response", "awaiting_confirmation", "closed", "archived", "in_progress"),
        ("software-support", "user_verification", "completed", "completed", "in_progress"),
        ("principles", "awaiting_verification", "solved", "archived", "in_progress"),
    ],
)
def test_a_ticket_lands_where_its_profile_says(
    key: str, resolved: str, closed: str, archived: str, reopened: str
):
    profile = load(key)

    assert resolved == state_after(profile, "resolve").key
    assert closed == state_after(profile, "close").key
    assert archived == state_after(profile, "archive").key
    assert reopened == state_after(profile, "reopen").key
    assert initial_state(profile) == profile.initial_state


def test_an_event_without_a_landing_is_not_found():
    with pytest.raises(NotFound):
        state_after(load("principles"), "merge")


def asked(key: str, kind: str | None, title: str, body: str = "", **given_fields: str) -> list[str]:
    missing = missing_details(load(key), kind, title, body, given_fields)
    return [detail.field for detail in missing]


def test_a_bare_complaint_lacks_everything():
    assert ["occurred_at", "impact", "environment"] == asked("product-support", "fault", "系统报错")
    assert ["symptom", "occurred_at", "impact", "environment"] == asked(
        "product-support", "fault", "help"
    )


@pytest.mark.parametrize(
    "body",
    [
        "今天上午9:15开始,全公司登录后无法导出报表,报错'数据库连接超时',Win11,Chrome浏览器",
        "Since yesterday all users get error 500 on export, version 3.2.1 on Windows Server",
        "10月25日起,3个用户遇到ORA-12541,客户端V3.2",
        "昨天開始,所有用戶無法登錄,瀏覽器版本118",
    ],
)
def test_a_full_report_lacks_nothing(body: str):
    assert [] == asked("product-support", "fault", "故障", body)


def test_a_filled_in_field_counts_as_given():
    lacking = asked("software-support", "fault", "导出Excel时崩溃", "点击导出后闪退")

    assert ["version", "other_programs"] == lacking
    assert ["other_programs"] == asked(
        "software-support", "fault", "导出Excel时崩溃", "点击导出后闪退", version="V3.2"
    )
    assert "version" in asked(
        "software-support", "fault", "导出Excel时崩溃", "点击导出后闪退", version="  "
    )


def test_an_english_word_must_stand_alone():
    assert "impact" in asked("product-support", "fault", "steam valve broken")
    assert "impact" not in asked("product-support", "fault", "my team is blocked")
    assert "environment" not in asked("product-support", "fault", "在windows下打不开")


@pytest.mark.parametrize(
    "title",
    ["all our users cannot log in", "nobody can place orders", "no one can pay", "无法下单"],
)
def test_whom_a_priority_rule_found_is_not_asked_for(title: str):
    assert "impact" not in asked("product-support", "fault", title)


HEADS = (
    "财务部 12 人今天上午开始报错",
    "12人登录报错",
    "30余人报错",
    "三个人登不上",
    "十几个人报错",
    "上百号人进不去",
    "两台电脑报错",
    "我们科室都登不上",
    "我们都登不上",
    "3位同事报错",
    "12 users get an error",
    "three people get an error",
    "5 of us get an error",
)
NO_HEADS = (
    "付款 12 人民币报错",
    "支付5人民币失败",
    "统一人员管理报错",
    "第一人称视角报错",
    "OA2人事系统报错",
    "等了2个小时还报错",
    "Win10 64位报错",
    "我们每次都报错",
    "version 12 user manual gives an error",
)


@pytest.mark.parametrize("key", ["product-support", "principles"])
def test_counted_people_are_an_impact_and_counted_money_is_none(key: str):
    kind = load(key).kinds[0].value
    told = {text: "impact" not in asked(key, kind, text) for text in (*HEADS, *NO_HEADS)}

    assert told == {text: text in HEADS for text in (*HEADS, *NO_HEADS)}


def test_questions_come_in_both_languages():
    (first, *_rest) = missing_details(load("software-support"), "fault", "help", "", {})

    assert "请提供报错提示的完整文字内容" == first.question.zh
    assert "Please give the full text of the error message." == first.question.en
    assert {"zh": first.question.zh, "en": first.question.en} == asdict(first)["question"]


def test_nothing_is_asked_while_the_kind_is_unknown():
    assert [] == asked("product-support", None, "help")


def test_an_unknown_kind_is_not_found():
    with pytest.raises(NotFound):
        asked("product-support", "nothing", "help")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["\n", " \n", "- ", "影响范围\n", "影响范围 "])
def test_nasty_input_takes_linear_work(unit: str):
    missing_details(load("product-support"), "fault", "", unit * (50_000 // len(unit)), {})


def test_an_answer_is_found_behind_a_very_long_text():
    log = "ab cd ef \n" * 5_000
    answer = answered(log, "影响范围", "财务部")

    assert "impact" in asked("product-support", "fault", "报错", log)
    assert "impact" not in asked("product-support", "fault", "报错", answer)


@pytest.mark.parametrize("key", available())
def test_every_detail_can_be_told_in_both_languages(key: str):
    for kind in load(key).kinds:
        for detail in kind.required:
            for word in (detail.keywords.zh[0], detail.keywords.en[0]):
                assert detail.field not in asked(key, kind.value, word), (kind.value, word)


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=2000))
def test_any_text_can_be_looked_through(text: str):
    for key in available():
        for kind in load(key).kinds:
            missing_details(load(key), kind.value, text, text, {})
