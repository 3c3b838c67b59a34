"""The classifier's card over HTTP and as a page: what it shows, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from kbservice.bootstrap import Application
from kbservice.triage.dataset import TrainingTicket
from kbservice.triage.thresholds import needed_at_first
from tests.api.calling import Caller
from tests.builders import a_ticket, labelled
from tests.unit.triage.lessons import lessons


def store(application: Application, tickets: Sequence[TrainingTicket]) -> None:
    with application.database.transaction() as session:
        session.add_all(labelled(tickets))


@pytest.fixture
def trained(application: Application) -> str:
    store(application, lessons(90))
    return str(application.training.train()["release"])


@pytest.mark.every_database
def test_a_release_is_shown_with_its_card(lead: Caller, trained: str):
    found = lead.get(f"admin/classifiers/{trained}").get_json()

    card = found["cards"]["category"]
    assert found["release"]["current"] is True
    assert {row["label"] for row in card["labels"]} == {"network", "printer", "account"}
    assert sum(map(sum, card["matrix"])) == card["tickets"] == 18
    assert sum(item["tickets"] for item in card["reliability"]) == 18
    assert 404 == lead.get("admin/classifiers/999999").status_code


def test_the_next_release_stands_beside_the_one_before(
    application: Application, lead: Caller, trained: str
):
    store(application, lessons(180)[90:])
    second = application.training.train()["release"]

    verdict = lead.get(f"admin/classifiers/{second}").get_json()["release"]["verdict"]

    assert (verdict["champion"], verdict["objection"]) == (trained, "")
    assert {"champion", "challenger", "tickets"} == verdict["compared"]["category"].keys()


def test_why_a_release_was_not_promoted_is_kept_and_shown(
    application: Application, lead: Caller, trained: str
):
    other = {"network": "printer", "printer": "account", "account": "network"}
    wrong = [replace(ticket, category=other[str(ticket.category)]) for ticket in lessons(290)[90:]]
    store(application, [*wrong, *lessons(400)[290:]])

    result = application.training.train()
    page = lead.get("/admin/classifier?locale=en").get_data(as_text=True)

    assert result["promoted"] is False
    assert result["reason"] in page
    assert f'release={trained}" aria-current="true"' in " ".join(page.split())


def test_the_page_speaks_both_languages(lead: Caller, trained: str):
    chinese = lead.get("/admin/classifier?locale=zh").get_data(as_text=True)
    english = lead.get("/admin/classifier?locale=en").get_data(as_text=True)

    assert "混淆矩阵" in chinese
    assert "What was taken for what" in english
    assert "<svg" in english
    assert "style=" not in english


def test_without_a_release_the_page_says_so(lead: Caller):
    page = lead.get("/admin/classifier?locale=en").get_data(as_text=True)
    assert "day zero" in page


def test_only_an_administrator_switches(
    application: Application, lead: Caller, admin: Caller, trained: str
):
    second = application.training.train()["release"]
    form = {"release": trained}

    assert 403 == lead("POST", "/admin/classifier/promote", data=form).status_code
    assert "Use this one" not in lead.get("/admin/classifier?locale=en").get_data(as_text=True)
    admin("POST", "/admin/classifier/promote", data=form)
    assert application.training.release().facts["id"] == trained
    admin("POST", "/admin/classifier/promote", data={"release": second})
    admin("POST", "/admin/classifier/rollback")
    assert application.training.release().facts["id"] == trained


@pytest.mark.every_database
def test_on_day_zero_the_page_says_how_many_labels_each_category_needs(
    application: Application, lead: Caller
):
    profile = application.profiles.get()
    known = profile.categories[0].value
    with application.database.transaction() as session:
        for number in range(3):
            session.add(a_ticket(f"TS{number:011}", category=known, category_by="person"))
        session.add(a_ticket("TS9", category=known, category_by="classifier"))

    counts = {row.value: row for row in application.training.label_counts()}
    page = lead.get("/admin/classifier?lang=en", headers={"Accept": "text/html"}).get_data(
        as_text=True
    )

    assert (3, counts[known].needed) == (counts[known].labelled, needed_at_first(3))
    assert counts.keys() == {item.value for item in profile.categories}
    assert page.count(str(needed_at_first(0))) >= len(counts) - 1
