"""Records with sensible values, for tests that care about a few of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from kbservice.domain.article import Article, ArticleState
from kbservice.domain.job import Job
from kbservice.domain.suggestion import Suggestion, SuggestionItem
from kbservice.domain.ticket import Resolution, Ticket
from kbservice.triage.dataset import TrainingTicket

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def a_ticket(number: str = "TS20261123001", **values: Any) -> Ticket:
    """Build an open ticket."""
    given: dict[str, Any] = {
        "number": number,
        "profile_key": "product-support",
        "profile_version": 1,
        "title": "无法登录邮箱",
        "body": "提示 0x800CCC0E",
        "state": "new",
        "opened_at": NOW,
        "updated_at": NOW,
    }
    return Ticket(**(given | values))


def labelled(lessons: Sequence[TrainingTicket]) -> Iterator[Ticket]:
    """Build the tickets, labelled by people, that training makes these lessons of."""
    for lesson in lessons:
        yield a_ticket(
            f"TS{lesson.created_at:%Y%m%d%H%M}",
            title=lesson.title,
            body=lesson.body,
            category=lesson.category,
            category_by="person",
            opened_at=lesson.created_at,
        )


def a_resolution(**values: Any) -> Resolution:
    """Build a resolution that worked."""
    given: dict[str, Any] = {
        "outcome": "solved",
        "summary": "重新启用账户",
        "author": "li",
        "created_at": NOW,
    }
    return Resolution(**(given | values))


def an_article(article_id: str = "KB-000001", **values: Any) -> Article:
    """Build a published article."""
    given: dict[str, Any] = {
        "id": article_id,
        "title": "邮箱登录失败",
        "problem": "登录时报错 0x800CCC0E",
        "solution": "检查账户是否被禁用",
        "state": ArticleState.PUBLISHED,
        "created_at": NOW,
        "updated_at": NOW,
        "published_at": NOW,
    }
    return Article(**(given | values))


def a_suggestion(
    suggestion_id: str = "s1", articles: tuple[str, ...] = (), **values: Any
) -> Suggestion:
    """Build a suggestion that offers ``articles`` in this order."""
    given: dict[str, Any] = {
        "id": suggestion_id,
        "profile_key": "product-support",
        "profile_version": 1,
        "question": {"title": "无法登录邮箱"},
        "answer": {},
        "decision": "review",
        "classifier_release": "day-zero",
        "index_generation": 1,
        "index_sequence": 0,
        "principal": "form",
        "took_ms": 12.5,
        "created_at": NOW,
        "items": [
            SuggestionItem(rank=rank, article_id=article_id, score=1.0 / rank, confidence=0.5)
            for rank, article_id in enumerate(articles, start=1)
        ],
    }
    return Suggestion(**(given | values))


def a_job(kind: str = "rebuild_index", **values: Any) -> Job:
    """Build a waiting job."""
    return Job(**({"kind": kind, "requested_by": "root", "created_at": NOW} | values))
