from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kbservice.bootstrap import Application, build, init_instance
from kbservice.clock import FrozenClock
from kbservice.domain.job import JobState
from kbservice.settings import Settings
from kbservice.triage.dataset import TrainingTicket
from tests.builders import NOW, a_ticket
from tests.unit.triage.lessons import START, lessons

MORNING = NOW.replace(hour=2, minute=0)  # 10:00 in Shanghai
KIND = "train_classifier"
NIGHT = timedelta(days=1)
Taught = Callable[[list[TrainingTicket]], None]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(MORNING)


@pytest.fixture
def application(database_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Application]:
    settings = Settings.load(home=tmp_path / "home", database_url=database_url, train_after=40)
    init_instance(settings)
    opened = build(settings, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def teach(application: Application) -> Taught:
    def store(tickets: list[TrainingTicket]) -> None:
        with application.database.transaction() as session:
            for ticket in tickets:
                opened: datetime | None = ticket.created_at
                session.add(
                    a_ticket(
                        f"TS{opened:%Y%m%d%H%M}",
                        title=ticket.title,
                        body=ticket.body,
                        category=ticket.category,
                        category_by="person",
                        priority=ticket.priority,
                        priority_by="person",
                        opened_at=opened,
                    )
                )

    return store


def worked(application: Application) -> dict[str, object]:
    assert application.jobs.run_next("test")
    job = application.jobs.recent(1)[0]
    assert (JobState.DONE, None) == (job.state, job.error)
    return job.result["product-support"]


def test_nothing_is_due_while_there_is_too_little_to_learn_from(
    application: Application, teach: Taught
):
    teach(lessons(19))
    assert {} == application.schedule.look()


def test_every_night_is_learned_once_and_only_from_something_new(
    application: Application, teach: Taught, clock: FrozenClock
):
    teach(lessons(36))
    assert {KIND: "nightly"} == application.schedule.look()
    assert "000001" == worked(application)["release"]
    clock.moment += timedelta(hours=8)
    assert {} == application.schedule.look()

    clock.moment += NIGHT
    assert {KIND: "nightly"} == application.schedule.look()
    assert "nothing is new" == worked(application)["skipped"]
    assert ["000001"] == application.training._releases.shelves.ids()


def test_many_new_labels_do_not_wait_for_the_night(
    application: Application, teach: Taught, clock: FrozenClock
):
    tickets = lessons(72)
    teach(tickets[:30])
    application.schedule.look()
    worked(application)
    teach(tickets[30:])
    clock.moment += timedelta(minutes=59)
    assert {} == application.schedule.look()
    clock.moment += timedelta(minutes=2)
    assert {KIND: "42 are new"} == application.schedule.look()


def test_a_challenger_that_forgot_a_label_is_kept_but_does_not_take_over(
    application: Application, teach: Taught, clock: FrozenClock
):
    tickets = lessons(150)
    teach(tickets)
    assert application.training.train()["promoted"]

    later = [
        replace(ticket, created_at=START + timedelta(days=30, hours=number))
        for number, ticket in enumerate(lessons(150))
    ]
    spoiled = [replace(t, category="printer") if t.category == "account" else t for t in later[:90]]
    teach([*spoiled, *later[90:]])
    trained = application.training.train()

    assert not trained["promoted"]
    assert "category" in str(trained["reason"])
    assert "000001" == application.training.current()
