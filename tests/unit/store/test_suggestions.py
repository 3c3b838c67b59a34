from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from kbservice.domain.suggestion import Feedback
from kbservice.errors import Conflict, NotFound
from kbservice.store import articles, suggestions, tickets
from kbservice.store.database import Database
from tests.builders import NOW, a_resolution, a_suggestion, a_ticket, an_article

pytestmark = pytest.mark.every_database


def a_feedback(suggestion_id: str, action: str, article_id: str = "KB-1", reason: str = ""):
    return Feedback(
        suggestion_id=suggestion_id,
        article_id=article_id,
        action=action,
        reason=reason or None,
        principal="li",
        created_at=NOW,
    )


def test_a_suggestion_is_kept_whole(database: Database):
    with database.transaction() as session:
        made = a_suggestion("s1", ("KB-2", "KB-1"))
        suggestions.add(session, made)
        suggestions.add_feedback(session, a_feedback("s1", "opened"))

    with database.reading() as session:
        found = suggestions.get(session, "s1")
    assert made.feedback == []
    assert [(item.rank, item.article_id) for item in found.items] == [(1, "KB-2"), (2, "KB-1")]
    assert [row.action for row in found.feedback] == ["opened"]
    assert found.question == {"title": "无法登录邮箱"}


def test_an_unknown_suggestion_is_not_found(database: Database):
    with database.reading() as session, pytest.raises(NotFound, match="s404"):
        suggestions.get(session, "s404")


def test_a_taken_id_is_a_conflict(database: Database):
    with database.transaction() as session:
        suggestions.add(session, a_suggestion("s1"))
        with pytest.raises(Conflict):
            suggestions.add(session, a_suggestion("s1", items=[]))


def test_the_suggestions_of_a_ticket_come_latest_first(database: Database):
    with database.transaction() as session:
        ticket = a_ticket()
        tickets.add(session, ticket)
        suggestions.add(session, a_suggestion("s1", ticket_id=ticket.id))
        later = NOW + timedelta(hours=1)
        suggestions.add(session, a_suggestion("s2", ticket_id=ticket.id, created_at=later))
        suggestions.add(session, a_suggestion("s3"))

    with database.reading() as session:
        assert [row.id for row in suggestions.of_ticket(session, ticket.id)] == ["s2", "s1"]


def test_evidence_counts_outcomes_and_acts(database: Database):
    with database.transaction() as session:
        articles.add(session, an_article("KB-1", solved_count=3, failed_count=1, product="A"))
        articles.add(session, an_article("KB-2"))
        suggestions.add(session, a_suggestion("s1", ("KB-1",)))
        for action in ("opened", "opened", "solved"):
            suggestions.add_feedback(session, a_feedback("s1", action))

    with database.reading() as session:
        found = suggestions.evidence(session, ["KB-1", "KB-2", "KB-404", "KB-1"])
    first = found["KB-1"]
    assert set(found) == {"KB-1", "KB-2"}
    assert (first.solved, first.failed, first.product) == (3, 1, "A")
    assert first.feedback == {"opened": 2, "solved": 1}
    assert found["KB-2"].feedback == {}


def said(
    session: Session, article: str, *, ticket_id: int | None, suggestion_id: str = ""
) -> bool | None:
    word = suggestions.last_word(session, article, ticket_id=ticket_id, suggestion_id=suggestion_id)
    return word.solved if word else None


@pytest.mark.parametrize(
    ("action", "reason", "outcome"),
    [
        ("solved", "", True),
        ("deflected", "", True),
        ("rejected", "outdated", False),
        ("rejected", "unrelated", None),
        ("opened", "", None),
    ],
)
def test_an_outcome_holds_for_the_whole_ticket(
    database: Database, action: str, reason: str, *, outcome: bool | None
):
    with database.transaction() as session:
        ticket = a_ticket()
        tickets.add(session, ticket)
        for name, of in (("s1", ticket.id), ("s2", ticket.id), ("s3", None)):
            suggestions.add(session, a_suggestion(name, ("KB-1",), ticket_id=of))
        suggestions.add_feedback(session, a_feedback("s1", action, reason=reason))

    def last(article: str, name: str, of: int | None) -> bool | None:
        return said(session, article, ticket_id=of, suggestion_id=name)

    with database.reading() as session:
        assert last("KB-1", "", ticket.id) is outcome
        assert last("KB-1", "s1", ticket.id) is outcome
        assert last("KB-1", "s2", ticket.id) is outcome
        assert last("KB-2", "", ticket.id) is None
        assert last("KB-1", "s3", None) is None


def test_of_several_outcomes_the_last_word_holds(database: Database):
    with database.transaction() as session:
        suggestions.add(session, a_suggestion("s1", ("KB-1",)))
        heard = []
        for action, reason in (("solved", ""), ("rejected", "outdated"), ("opened", "")):
            suggestions.add_feedback(session, a_feedback("s1", action, reason=reason))
            heard.append(said(session, "KB-1", ticket_id=None, suggestion_id="s1"))

    assert heard == [True, False, False]


def test_a_resolution_that_used_the_article_is_a_word_too(database: Database):
    with database.transaction() as session:
        articles.add(session, an_article("KB-1"))
        ticket = a_ticket(resolution=a_resolution(article_id="KB-1"))
        tickets.add(session, ticket)
        suggestion = a_suggestion("s1", ("KB-1",), ticket_id=ticket.id)
        suggestions.add(session, suggestion)

        assert said(session, "KB-1", ticket_id=ticket.id) is True
        assert said(session, "KB-2", ticket_id=ticket.id) is None
