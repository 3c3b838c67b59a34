"""Doubtful labels over HTTP, as a program and as a page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kbservice.bootstrap import Application
from kbservice.domain.account import Principal, Role
from kbservice.services.intake import NewTicket
from kbservice.triage.suspicion import Claim
from tests.api.calling import Caller

AGENT = Principal(name="li", role=Role.AGENT)


@pytest.fixture
def ticket(application: Application) -> str:
    """Hand in a ticket with a label that a sure prediction contradicts."""
    given, proposed = (item.value for item in application.profiles.get("").categories[:2])
    new = NewTicket(title="打印机卡纸", category=given)
    ticket = application.intake.submit(new, AGENT).ticket
    claim = Claim(
        ticket=ticket.number,
        value=given,
        by="li",
        at=ticket.opened_at,
        predicted=proposed,
        confidence=0.999,
        own=0.001,
    )
    usual = [
        replace(claim, ticket=f"usual-{label}", value=label, predicted=label, own=0.9)
        for label in (given, proposed)
    ]
    found = application.quarantine.examine([claim, *usual], ticket.profile_key)
    assert {ticket.number} == found
    return ticket.number


def test_a_lead_corrects_a_label_once(application: Application, lead: Caller, ticket: str):
    (review,) = lead.get("admin/label-reviews").get_json()["items"]
    assert (ticket, "contradicted", None) == (
        review["ticket"],
        review["reason"],
        review["settled"],
    )

    settled = lead.post(f"admin/label-reviews/{review['id']}", {"category": review["proposed"]})
    assert review["proposed"] == settled.get_json()["settled"]
    assert review["proposed"] == lead.get(f"tickets/{ticket}").get_json()["category"]
    assert [] == lead.get("admin/label-reviews").get_json()["items"]
    again = lead.post(f"admin/label-reviews/{review['id']}", {"category": review["given"]})
    assert 409 == again.status_code


def test_a_verdict_must_name_a_category(lead: Caller, ticket: str):
    (review,) = lead.get("admin/label-reviews").get_json()["items"]
    refused = lead.post(f"admin/label-reviews/{review['id']}", {"category": "no-such"})

    assert 422 == refused.status_code
    assert 404 == lead.post("admin/label-reviews/999", {"category": "x"}).status_code
