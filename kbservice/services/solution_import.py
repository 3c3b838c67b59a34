"""Attaches an imported resolution to its ticket and counts it for its article, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from kbservice.domain.article import Article, ArticleState
from kbservice.domain.ticket import Resolution, Ticket
from kbservice.services.ticket_solutions import IMPORT_AUTHOR, ReadSolution
from kbservice.store import articles, outbox


def resolve(
    session: Session, ticket: Ticket, solution: ReadSolution, *, state: str, now: datetime
) -> str:
    """Resolve a ticket as its source says; return a warning where its article is unknown.

    Args:
        session: The unit of work.
        ticket: Not resolved yet.
        solution: What the row says.
        state: State that a resolved ticket is in.
        now: When the change is announced; the times of the source are kept.
    """
    article = find_article(session, solution.article)
    resolved_at = solution.resolved_at or ticket.opened_at
    resolution = Resolution(
        outcome=solution.outcome,
        summary=solution.summary,
        cause=solution.cause,
        steps=solution.steps,
        article_id=article.id if article else None,
        is_new_article=solution.is_new_article and article is not None,
        verification=list(solution.verification),
        author=solution.author,
        created_at=solution.created_at or resolved_at,
    )
    ticket.resolve(resolution, state=state, now=resolved_at)
    if article and solution.counts:
        _count(article, solution, ticket.title, resolved_at)
        if article.state == ArticleState.PUBLISHED:
            outbox.append(session, "article", article.id, article.revision, now)
    if solution.article and article is None:
        ticket.extra = {**ticket.extra, "article_id": solution.article}
        return f"article_id: {solution.article} is not an article here"
    return ""


def revise(resolution: Resolution, solution: ReadSolution) -> bool:
    """Take over changed wording into a resolution that an import made; tell if any changed."""
    if resolution.author != IMPORT_AUTHOR:
        return False
    changed = [
        name
        for name in ("summary", "cause", "steps")
        if getattr(resolution, name) != getattr(solution, name)
    ]
    for name in changed:
        setattr(resolution, name, getattr(solution, name))
    return bool(changed)


def find_article(session: Session, stated: str) -> Article | None:
    """Return the article under its source's id or ours."""
    if not stated:
        return None
    return articles.find_by_source(session, stated) or articles.find(session, stated)


def _count(article: Article, solution: ReadSolution, symptom: str, resolved_at: datetime) -> None:
    """Add the outcome without making an old success look like a new one."""
    latest_success, updated_at = article.last_success_at, article.updated_at
    article.count_outcome(solved=solution.outcome != "unsolved", symptom=symptom, now=resolved_at)
    if latest_success:
        article.last_success_at = max(latest_success, resolved_at)
    article.updated_at = max(updated_at, resolved_at)
