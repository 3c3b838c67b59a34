"""A burst of similar reports, told from a busy day."""

from __future__ import annotations

from collections.abc import Iterable

from kbservice.radar.bursts import Burst, BurstRule, burst
from kbservice.radar.stream import ALIKE, KEPT, RELATED, Report, Stream
from kbservice.radar.terms import terms_of

HOUR_S = 3600.0
RULE = BurstRule(window_s=HOUR_S, requesters=3, chance=0.001)
USUAL = (
    "打印机没有墨粉",
    "会议室投影仪无法开机",
    "邮箱容量已满",
    "工资条页面打不开",
    "显示器花屏",
    "键盘按键失灵",
)
MAIL = (
    "邮件发不出去,提示连接超时",
    "outlook连接服务器超时,无法发邮件",
    "邮箱一直显示连接超时",
    "公司邮件收发不了,超时",
    "发送邮件报错:连接超时",
)
VPN = "VPN 证书过期,连接失败"


def stream_of(reports: Iterable[tuple[float, str, str]]) -> Stream:
    stream = Stream()
    for place, (at_s, who, words) in enumerate(reports, start=1):
        stream.add(Report(ticket_id=place, at_s=at_s, requester=who, terms=terms_of(words, "")))
    return stream


def seen(stream: Stream, words: str, at_s: float, who: str = "new") -> Burst | None:
    related = stream.alike(terms_of(words, ""), RELATED)
    return burst(stream, related, at_s=at_s, requester=who, rule=RULE)


def usual(hours: int) -> list[tuple[float, str, str]]:
    return [
        (hour * HOUR_S + place * 500, f"u{hour}-{place}", words)
        for hour in range(hours)
        for place, words in enumerate(USUAL)
    ]


def test_several_people_within_the_window_are_a_burst():
    start_s = 20 * HOUR_S
    reports = [(start_s + 60 * place, f"v{place}", VPN) for place in range(3)]
    found = seen(stream_of([*usual(19), *reports]), VPN, start_s + 200)

    assert found is not None
    assert (4, 3) == (found.requesters, len(found.members))
    assert found.chance <= RULE.chance


def test_short_chinese_reports_of_one_trouble_are_a_burst_though_few_words_are_the_same():
    start_s = 40 * HOUR_S
    reports = [(start_s + 180 * place, f"m{place}", words) for place, words in enumerate(MAIL)]
    stream = stream_of([*usual(39), *reports[:-1]])

    found = seen(stream, MAIL[-1], start_s + 180 * len(MAIL))

    assert found is not None
    assert all(item.likeness < ALIKE for item in found.members)
    # Only related ones need a person more and less chance than alike ones.
    assert found.requesters > RULE.requesters
    assert found.chance < RULE.chance / 2


def test_the_same_reports_spread_over_days_are_none():
    reports = [(day * 24 * HOUR_S, f"v{day}", VPN) for day in range(6)]

    assert seen(stream_of(sorted([*usual(19), *reports])), VPN, 6 * 24 * HOUR_S) is None


def test_what_always_comes_often_is_none():
    often = [
        (hour * HOUR_S + 60 * place, f"v{hour}-{place}", VPN)
        for hour in range(20)
        for place in range(3)
    ]

    assert seen(stream_of(sorted([*usual(20), *often])), VPN, 20 * HOUR_S) is None


def test_one_person_is_no_burst_however_often():
    start_s = 20 * HOUR_S
    reports = [(start_s + 60 * place, "same", VPN) for place in range(8)]

    assert seen(stream_of([*usual(19), *reports]), VPN, start_s + 600, "same") is None


def test_a_stream_forgets_the_oldest_and_finds_the_rest():
    stream = stream_of(
        (place, f"u{place}", f"{USUAL[place % 6]} 房间号{chr(0x4E00 + place)}")
        for place in range(KEPT + 10)
    )

    assert KEPT == len(stream)
    assert 1 not in stream
    assert KEPT + 10 == stream.last_id
    stream.add(Report(ticket_id=99_999, at_s=1.0, requester="x", terms=terms_of(VPN, "")))
    assert [99_999] == [item.report.ticket_id for item in stream.alike(terms_of(VPN, ""))]
