"""The administrator's page: what can be mended or taken back from there, and nothing else."""

from __future__ import annotations

import pytest

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM
from kbservice.services.knowledge import NewArticle
from kbservice.store import outbox
from kbservice.web.pages.releases import returnable
from tests.api.calling import Caller

RETRY = "/admin/index/retry"
ROLLBACK = "/admin/index/rollback"


@pytest.fixture
def parked(application: Application) -> str:
    """Publish an article whose change failed too often to be tried by itself."""
    new = NewArticle(title="打印机脱机", sections={"solution": "重启"})
    article_id = application.knowledge.create(new, SYSTEM).id
    application.knowledge.publish(article_id, SYSTEM)
    with application.database.transaction() as session:
        for event in outbox.batch(session, 10):
            for _ in range(outbox.MAX_ATTEMPTS):
                outbox.record_failure(session, event.sequence, "odd", application.clock.now())
    assert not application.indexing.drain()
    assert application.indexing.status().parked
    return article_id


def test_parked_changes_are_freed_from_the_page(
    application: Application, admin: Caller, lead: Caller, parked: str
) -> None:
    assert 403 == lead("POST", RETRY).status_code
    assert RETRY in admin("GET", "/admin").text
    assert 303 == admin("POST", RETRY).status_code

    assert RETRY not in admin("GET", "/admin").text
    assert application.indexing.drain()
    assert [parked] == list(application.engine.ids())


def test_doctor_frees_parked_changes(application: Application, parked: str) -> None:
    findings = {found.part: found for found in application.doctor.check()}
    assert not findings["outbox"].is_ok

    repaired = {found.part: found for found in application.doctor.repair(SYSTEM)}
    assert repaired["outbox"].is_ok
    assert [parked] == list(application.engine.ids())


def test_the_index_goes_back_where_a_generation_before_is_kept(
    application: Application, admin: Caller, lead: Caller
) -> None:
    assert ROLLBACK not in admin("GET", "/admin").text
    application.indexing.rebuild()

    assert 403 == lead("POST", ROLLBACK).status_code
    assert ROLLBACK in admin("GET", "/admin").text
    assert 303 == admin("POST", ROLLBACK).status_code
    assert 1 == application.engine.state().generation
    assert ROLLBACK not in admin("GET", "/admin").text
    assert 303 == admin("POST", ROLLBACK).status_code


@pytest.mark.parametrize(
    ("releases", "profiles"),
    [
        ([], []),
        ([("3", "a", True)], []),
        ([("3", "a", True), ("2", "a", False)], ["a"]),
        ([("3", "a", False), ("2", "a", True)], []),
        ([("3", "a", True), ("2", "b", True), ("1", "b", False)], ["b"]),
        ([("3", "a", False), ("2", "a", False)], []),
    ],
)
def test_only_what_has_a_release_before_goes_back(
    releases: list[tuple[str, str, bool]], profiles: list[str]
) -> None:
    listed = [
        {"id": name, "profile": profile, "current": current} for name, profile, current in releases
    ]
    assert profiles == returnable(listed)
    damaged = [item if item["current"] else item | {"error": "damaged"} for item in listed]
    assert [] == returnable(damaged)
