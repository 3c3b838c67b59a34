"""What no article answers: badly served tickets and searches that find nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kbservice.bootstrap import Application, build
from kbservice.clock import FrozenClock
from kbservice.domain.account import SYSTEM, Principal, Role
from kbservice.domain.radar import EmptySearch
from kbservice.errors import NotFound, NotPermitted
from kbservice.services.feedback import NewFeedback
from kbservice.services.gaps import KnowledgeGap
from kbservice.services.intake import NewTicket
from kbservice.services.knowledge import NewArticle
from kbservice.services.resolution import NewResolution

AGENT = Principal(name="li", role=Role.AGENT)
LEAD = Principal(name="wang", role=Role.LEAD)
FORM = Principal(name="form", role=Role.INTAKE)
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SEALS = (
    "电子签章怎么申请",
    "申请电子签章的流程",
    "没有电子签章权限,怎么申请",
    "电子签章申请入口在哪里",
)
BADGES = ("New badge for the car park", "My car park badge is lost", "Car park badge does not open")
OTHERS = ("会议室投影仪花屏", "工资条页面打不开", "键盘部分按键失灵")


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(START)


def submit(application: Application, clock: FrozenClock, *titles: str) -> list[str]:
    """Hand in tickets of different people, days apart: no incident."""
    numbers = []
    for title in titles:
        clock.moment += timedelta(days=1)
        new = NewTicket(title=title, requester={"contact": f"13{clock.moment:%m%d%H%M}0"})
        numbers.append(application.intake.submit(new, AGENT).ticket.number)
    return numbers


def publish(application: Application, title: str, solution: str) -> str:
    article = application.knowledge.create(
        NewArticle(title=title, sections={"solution": solution}), SYSTEM
    )
    application.knowledge.publish(article.id, SYSTEM)
    application.indexing.drain()
    return article.id


def gaps(application: Application) -> list[KnowledgeGap]:
    application.gap_watch.look()
    return application.gaps.listed(LEAD)


@pytest.mark.every_database
@pytest.mark.parametrize("titles", [SEALS[:3], BADGES])
def test_tickets_that_nothing_was_offered_for_are_a_gap_in_their_own_words(
    application: Application, clock: FrozenClock, titles: tuple[str, ...]
):
    numbers = submit(application, clock, *titles[:2], *OTHERS)
    assert [] == gaps(application)

    numbers += submit(application, clock, titles[2])
    (gap,) = gaps(application)
    assert {gap.title, *gap.words} == set(titles)
    assert (3, 3) == (gap.count, gap.reasons["no_fix"])
    assert (numbers[5], numbers[1], numbers[0]) == gap.tickets


@pytest.mark.every_database
def test_later_tickets_join_a_gap_and_another_process_agrees(
    application: Application, clock: FrozenClock
):
    submit(application, clock, *SEALS[:3])
    (gap,) = gaps(application)

    submit(application, clock, SEALS[3])
    other = build(application.settings, clock=clock)
    (grown,) = gaps(other)
    assert (gap.id, 4) == (grown.id, grown.count)
    submit(application, clock, "怎么申请电子签章")
    assert [5] == [item.count for item in gaps(other)]
    assert [5] == [item.count for item in gaps(application)]
    other.close()


def test_personal_data_in_a_title_does_not_reach_the_draft(
    application: Application, clock: FrozenClock
):
    submit(application, clock, *(f"{title},请电 13812345678" for title in SEALS[:3]))

    (gap,) = gaps(application)
    assert not [words for words in (gap.title, *gap.words) if "13812345678" in words]


def test_one_person_who_asks_again_and_again_is_no_gap(
    application: Application, clock: FrozenClock
):
    for title in SEALS:
        clock.moment += timedelta(days=1)
        application.intake.submit(
            NewTicket(title=title, requester={"contact": "13800000000"}), AGENT
        )

    assert [] == gaps(application)


def test_tickets_of_an_incident_are_no_gap(application: Application, clock: FrozenClock):
    for person, title in enumerate(SEALS):
        clock.moment += timedelta(minutes=2)
        requester = {"contact": f"1380000000{person}"}
        application.intake.submit(NewTicket(title=title, requester=requester), AGENT)

    (incident,) = application.radar_desk.incidents(AGENT)
    assert [] == gaps(application)
    application.radar_desk.settle_incident(incident.id, "dismissed", AGENT)
    assert [4] == [gap.count for gap in gaps(application)]


def test_rejected_and_unsolved_tickets_count_and_solved_ones_do_not(
    application: Application, clock: FrozenClock
):
    article = publish(application, "电子签章怎么申请", "联系管理员")
    first, second, third, fourth = submit(application, clock, *SEALS)
    for number in (first, second):
        (suggestion,) = application.suggesting.of_ticket(number)
        assert [article] == [item.article_id for item in suggestion.items]
        rejected = NewFeedback(action="rejected", item=article, reason="outdated")
        application.feedback.record(suggestion.id, rejected, AGENT)
    unsolved = NewResolution(summary="没有办法", outcome="unsolved", article_id=article)
    application.resolution.resolve(third, unsolved, AGENT)
    application.resolution.resolve(fourth, NewResolution(article_id=article), AGENT)

    (gap,) = gaps(application)
    assert 3 == gap.count
    assert {"rejected": 2, "unsolved": 1} == {
        name: count for name, count in gap.reasons.items() if name in {"rejected", "unsolved"}
    }
    assert fourth not in gap.tickets


def test_tickets_that_took_too_long_count(application: Application, clock: FrozenClock):
    publish(application, "电子签章怎么申请", "联系管理员")
    submit(application, clock, *SEALS)
    assert [] == gaps(application)

    clock.moment += timedelta(days=60)
    (gap,) = gaps(application)
    assert {"slow": 4} == gap.reasons


def test_a_gap_that_is_answered_closes_itself(application: Application, clock: FrozenClock):
    numbers = submit(application, clock, *SEALS[:3])
    assert 1 == len(gaps(application))
    article = publish(application, "电子签章怎么申请", "联系管理员")
    application.resolution.resolve(numbers[0], NewResolution(article_id=article), AGENT)

    assert [] == gaps(application)


def test_a_settled_gap_does_not_come_back(application: Application, clock: FrozenClock):
    submit(application, clock, *SEALS[:3])
    (gap,) = gaps(application)
    with pytest.raises(NotPermitted):
        application.gaps.settle(gap.id, "dismissed", AGENT)
    with pytest.raises(NotFound):
        application.gaps.settle(gap.id, "written", LEAD, article_id="none")
    application.gaps.settle(gap.id, "dismissed", LEAD)

    submit(application, clock, SEALS[3], "怎么申请电子签章", "电子签章如何申请")
    assert [] == gaps(application)
    with pytest.raises(NotFound):
        application.gaps.get(gap.id, LEAD)


@pytest.mark.every_database
def test_a_search_is_shown_once_two_accounts_or_one_three_times_found_nothing(
    application: Application, clock: FrozenClock
):
    application.gaps.note_search("考勤补录 13812345678", AGENT)
    application.gaps.note_search("发票抬头", AGENT)
    for _ in range(5):
        # Reloading is not asking again.
        application.gaps.note_search("发票抬头", AGENT)
    assert [] == application.gaps.listed(LEAD)

    application.gaps.note_search("考勤补录  13812345678", LEAD)
    (shown,) = application.gaps.listed(LEAD)
    assert ("search", 2) == (shown.source, shown.count)
    assert "13812345678" not in shown.title
    for _ in range(2):
        clock.moment += timedelta(hours=1)
        application.gaps.note_search("發票抬頭", AGENT)
    assert 3 == application.gaps.listed(LEAD)[0].count
    with application.database.reading() as session:
        kept = [str(vars(row)) for row in session.query(EmptySearch)]
    assert not [row for row in kept if "13812345678" in row or "'li'" in row]


def test_a_search_that_finds_something_by_now_is_no_gap(application: Application):
    for who in (AGENT, LEAD):
        application.gaps.note_search("电子签章", who)
        application.gaps.note_search("考勤补录", who)
    application.gaps.note_search("考勤补录", FORM)
    publish(application, "电子签章怎么申请", "联系管理员")

    assert ["考勤补录"] == [gap.title for gap in gaps(application)]
    application.gaps.note_search("电子签章", AGENT)


def test_searches_of_long_ago_are_forgotten(application: Application, clock: FrozenClock):
    for who in (AGENT, LEAD):
        application.gaps.note_search("考勤补录", who)
    clock.moment += timedelta(days=91)

    assert [] == gaps(application)
    with application.database.reading() as session:
        assert 0 == session.query(EmptySearch).count()
