"""Every article and every ticket in a fixed order, for exports of any size."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from kbservice.domain.article import Article
from kbservice.domain.ticket import Ticket

_BATCH = 500


def count_articles(session: Session) -> int:
    """Return how many articles there are, in any state."""
    return session.scalar(select(func.count()).select_from(Article)) or 0


def count_tickets(session: Session) -> int:
    """Return how many tickets there are, in any state."""
    return session.scalar(select(func.count()).select_from(Ticket)) or 0


def all_articles(session: Session) -> Iterator[Article]:
    """Yield every article by id."""
    query = select(Article).order_by(Article.id).limit(_BATCH)
    last = ""
    while found := list(session.scalars(query.where(Article.id > last))):
        yield from found
        last = found[-1].id
        session.expunge_all()


def all_tickets(session: Session) -> Iterator[Ticket]:
    """Yield every ticket with its resolution, by number."""
    query = select(Ticket).options(selectinload(Ticket.resolution)).order_by(Ticket.number)
    last = ""
    while found := list(session.scalars(query.where(Ticket.number > last).limit(_BATCH))):
        yield from found
        last = found[-1].number
        session.expunge_all()
