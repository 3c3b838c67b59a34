"""Writers who meet at one record, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kbservice.errors import AlreadyResolved, JobRunning
from kbservice.store import articles, audit, jobs, requests, tickets
from kbservice.store.database import Database
from tests.builders import NOW, a_job, a_resolution, a_ticket, an_article

pytestmark = pytest.mark.every_database

WRITERS = 6


def together(act: Callable[[int], str]) -> list[str]:
    """Run ``act`` in threads that start at the same moment."""
    barrier = Barrier(WRITERS)

    def start(number: int) -> str:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(WRITERS) as threads:
        return sorted(threads.map(start, range(WRITERS)))


def test_one_of_several_resolutions_wins(database: Database):
    with database.transaction() as session:
        tickets.add(session, a_ticket("TS1"))

    def resolve(number: int) -> str:
        try:
            with database.transaction() as session:
                ticket = tickets.get(session, "TS1", for_update=True)
                ticket.resolve(a_resolution(author=f"w{number}"), state="resolved", now=NOW)
        except AlreadyResolved:
            return "late"
        return "done"

    assert together(resolve) == ["done"] + ["late"] * (WRITERS - 1)


def test_every_outcome_is_counted(database: Database):
    with database.transaction() as session:
        articles.add(session, an_article("KB-1"))

    def count(number: int) -> str:
        with database.transaction() as session:
            article = articles.get(session, "KB-1", for_update=True)
            article.count_outcome(solved=True, symptom=f"symptom {number}", now=NOW)
        return "done"

    together(count)

    with database.reading() as session:
        article = articles.get(session, "KB-1")
    assert (article.solved_count, len(article.symptoms)) == (WRITERS, WRITERS)


def test_a_repeated_request_is_answered_once(database: Database):
    def submit(number: int) -> str:
        with database.transaction() as session:
            earlier = requests.recall(session, "k1", "form", "f" * 64)
            if earlier is not None:
                return earlier
            ticket = a_ticket(f"TS{tickets.next_serial(session, 'TS', 'd')}")
            tickets.add(session, ticket)
            requests.remember(
                session,
                "k1",
                "form",
                fingerprint="f" * 64,
                reference=ticket.number,
                now=NOW,
            )
        return ticket.number

    assert together(submit) == ["TS1"] * WRITERS
    with database.reading() as session:
        assert len(tickets.page(session).items) == 1


def test_the_audit_chain_holds_under_many_writers(database: Database):
    def note(number: int) -> str:
        for serial in range(10):
            with database.transaction() as session:
                audit.append(
                    session,
                    actor=f"w{number}",
                    action="noted",
                    subject=f"ticket:TS{serial}",
                    facts={},
                    now=NOW,
                )
        return "done"

    together(note)

    with database.reading() as session:
        assert audit.verify(session) is None
        assert len(audit.of_subject(session, "ticket:TS0")) == WRITERS


def test_one_of_several_jobs_of_a_kind_is_queued_and_claimed_once(database: Database):
    def queue(_: int) -> str:
        try:
            with database.transaction() as session:
                jobs.add(session, a_job())
        except JobRunning:
            return "refused"
        return "queued"

    def claim(number: int) -> str:
        with database.transaction() as session:
            job = jobs.claim(session, f"w{number}", NOW)
        return "claimed" if job else "none"

    assert together(queue) == ["queued"] + ["refused"] * (WRITERS - 1)
    assert together(claim) == ["claimed"] + ["none"] * (WRITERS - 1)
