"""The service notices from the answers it gave that tickets are others than it learned from."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kbservice.bootstrap import Application
from kbservice.clock import FrozenClock
from kbservice.domain.account import SYSTEM, Role
from kbservice.services.intake import NewTicket
from kbservice.web.app import create_app
from tests.api.calling import Caller, key_for
from tests.builders import NOW, labelled
from tests.unit.triage.lessons import lessons

DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
def taught(application: Application) -> Application:
    with application.database.transaction() as session:
        session.add_all(labelled(lessons(180)))
    assert application.training.train()["promoted"]
    return application


def hand_in(application: Application, tickets: list[NewTicket]) -> None:
    for ticket in tickets:
        application.intake.submit(ticket, SYSTEM)


def usual_tickets(count: int = 36) -> list[NewTicket]:
    return [NewTicket(title=lesson.title, body=lesson.body) for lesson in lessons(count)]


def other_tickets(count: int = 36) -> list[NewTicket]:
    return [
        NewTicket(title=f"量子纠缠实验第{number}次,电话 13812345678") for number in range(count)
    ]


def drifting(application: Application) -> list[str]:
    return [
        signal.name for signal in application.drift.report().signals if signal.state == "drifting"
    ]


def test_without_a_release_nothing_is_usual(application: Application):
    report = application.drift.report()
    assert (report.state, report.release, report.weeks) == ("unknown", "", ())


@pytest.mark.every_database
def test_usual_tickets_are_steady_and_others_drift(taught: Application):
    hand_in(taught, usual_tickets())
    assert (taught.drift.report().state, drifting(taught)) == ("steady", [])

    hand_in(taught, other_tickets(60))

    assert "words" in drifting(taught)
    assert any("unknown" in fault for fault in taught.drift.faults())
    finding = next(item for item in taught.doctor.check() if item.part == "drift")
    assert not finding.is_ok


def test_a_week_later_the_old_week_is_still_told(taught: Application, clock: FrozenClock):
    hand_in(taught, usual_tickets())
    clock.moment = NOW + 8 * DAY
    hand_in(taught, other_tickets(5))

    report = taught.drift.report()

    assert [week.tickets for week in report.weeks][:2] == [5, 36]
    assert report.state == "unknown"
    assert "Only 5 tickets" in next(
        told.message.format_map(told.facts) for told in report.sentences()
    )


def test_drift_is_told_to_programs_and_to_people_in_their_language(taught: Application):
    hand_in(taught, other_tickets(40))
    client = create_app(taught).test_client()
    lead = Caller(client, key_for(taught, Role.LEAD))
    admin = Caller(client, key_for(taught, Role.ADMIN))

    told = {name: lead.get(f"admin/drift?locale={name}").get_json() for name in ("zh", "en")}
    page = lead.get("/admin/_drift?locale=zh").get_data(as_text=True)
    gauges = admin.get("/metrics").get_data(as_text=True)

    assert told["en"]["state"] == "drifting"
    assert any("of the words are unknown" in line for line in told["en"]["sentences"])
    assert any("生词" in line for line in told["zh"]["sentences"])
    assert "明显不同" in page
    assert "kbservice_classifier_drifting_ratio 1.0" in gauges
