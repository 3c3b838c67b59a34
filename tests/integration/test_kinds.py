"""The kind of a ticket is learned from people and imports, never from triage's own guesses."""

from __future__ import annotations

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM
from kbservice.services.intake import NewTicket
from kbservice.store import tickets
from tests.builders import NOW, a_ticket

# Words that no keyword of the profile knows.
WORDS = {"fault": ("熔断", "掉线", "错位"), "consultation": ("资费", "名额", "口径")}


def learn(application: Application, kind_by: str) -> None:
    with application.database.transaction() as session:
        for number in range(90):
            kind = ("fault", "consultation")[number % 2]
            words = WORDS[kind]
            session.add(
                a_ticket(
                    f"TS2026{number:07}",
                    title=f"{words[number % 3]} {words[(number + 1) % 3]} {number}",
                    body="",
                    category="other",
                    category_by="import",
                    kind=kind,
                    kind_by=kind_by,
                    opened_at=NOW,
                )
            )


def test_a_stated_kind_teaches_the_classifier(application: Application) -> None:
    learn(application, "import")

    trained = application.training.train()
    ticket = application.intake.submit(NewTicket(title="资费 口径"), SYSTEM).ticket

    assert trained["metrics"]["kind"]["accuracy"] > 0.9
    assert ("consultation", "classifier") == (ticket.kind, ticket.kind_by)


def test_a_guessed_kind_teaches_nothing(application: Application) -> None:
    learn(application, "classifier")
    with application.database.reading() as session:
        kinds = {ticket.kind for ticket in tickets.labelled(session, "product-support")}

    assert {None} == kinds


def test_who_states_a_kind_is_remembered(application: Application) -> None:
    ticket = application.intake.submit(NewTicket(title="登录", kind="fault"), SYSTEM).ticket
    assert "person" == ticket.kind_by

    changed = application.tickets.change(
        ticket.number, {"kind": "consultation"}, expected_version=None, principal=SYSTEM
    )

    assert ("consultation", "person") == (changed.kind, changed.kind_by)
