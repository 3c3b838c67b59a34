"""What articles and solved tickets are called, column by column, for typeahead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbservice.domain.article import Article, ArticleState, Visibility
from kbservice.domain.ticket import Resolution, Ticket

_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How one article or ticket is spoken of.

    Attributes:
        is_searched: False for what is not published, or not solved.
        symptoms: Redacted wording of tickets that the article solved.
    """

    id: str
    is_article: bool
    is_searched: bool
    is_public: bool
    title: str
    problem: str = ""
    symptoms: tuple[str, ...] = ()
    solved_count: int = 0


def article_wordings(session: Session, since: datetime | None, limit: int) -> Iterator[Wording]:
    """Yield published articles, most useful first; with ``since`` all that changed from then on."""
    query = select(
        Article.id,
        Article.state,
        Article.visibility,
        Article.title,
        Article.problem,
        Article.symptoms,
        Article.solved_count,
    ).order_by(Article.solved_count.desc(), Article.updated_at.desc())
    if since is None:
        query = query.where(Article.state == ArticleState.PUBLISHED)
    else:
        query = query.where(Article.updated_at >= since)
    for row in session.execute(query.limit(limit).execution_options(yield_per=_BATCH)):
        yield Wording(
            id=row.id,
            is_article=True,
            is_searched=row.state == ArticleState.PUBLISHED,
            is_public=row.visibility == Visibility.PUBLIC,
            title=row.title,
            problem=row.problem,
            symptoms=tuple(row.symptoms),
            solved_count=row.solved_count,
        )


def ticket_wordings(session: Session, since: datetime | None, limit: int) -> Iterator[Wording]:
    """Yield solved tickets, latest first; with ``since`` those that changed from then on."""
    query = (
        select(Ticket.number, Ticket.title)
        .join(Resolution)
        .where(Resolution.outcome != "unsolved")
        .order_by(Ticket.updated_at.desc(), Ticket.id.desc())
    )
    if since is not None:
        query = query.where(Ticket.updated_at >= since)
    for row in session.execute(query.limit(limit).execution_options(yield_per=_BATCH)):
        yield Wording(
            id=row.number, is_article=False, is_searched=True, is_public=False, title=row.title
        )
