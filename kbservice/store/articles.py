"""Articles and their revisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from kbservice.domain.article import (
    SECTIONS,
    Article,
    ArticleRevision,
    ArticleState,
    Visibility,
)
from kbservice.domain.ticket import Resolution, Ticket
from kbservice.errors import Conflict, NotFound
from kbservice.store.inserting import insert
from kbservice.store.paging import NewestFirst, Page
from kbservice.store.tickets import next_serial
from kbservice.text.normalise import fold_text

_BATCH = 500
_ORDER: NewestFirst[Article] = NewestFirst(Article.updated_at, Article.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFilter:
    """What a listed article must satisfy; an empty field restricts nothing."""

    state: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    visibility: tuple[str, ...] = ()


NO_FILTER = ArticleFilter()


def next_id(session: Session) -> str:
    """Return the id of the next article that has none of its own: ``KB-000001`` on."""
    return f"KB-{next_serial(session, 'article', 'all'):06}"


def add(session: Session, article: Article) -> None:
    """Store a new article.

    Raises:
        Conflict: The id or the source id is taken.
    """
    insert(session, article, Conflict("Article {id} exists already", id=article.id))


def get(session: Session, article_id: str, *, for_update: bool = False) -> Article:
    """Return the article.

    Args:
        session: The unit of work.
        article_id: The article's public id.
        for_update: Hold the row until the end of the transaction, so that two writers
            take turns instead of one being refused.

    Raises:
        NotFound: There is no such article.
    """
    query = select(Article).where(Article.id == article_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    article = session.scalar(query)
    if article is None:
        raise NotFound("Article {id} does not exist", id=article_id)
    return article


def find(session: Session, article_id: str) -> Article | None:
    """Return the article, or None."""
    return session.scalar(select(Article).where(Article.id == article_id))


def by_ids(session: Session, article_ids: Sequence[str]) -> list[Article]:
    """Return those of the articles that exist, in any state."""
    found: list[Article] = []
    for start in range(0, len(article_ids), _BATCH):
        wanted = Article.id.in_(article_ids[start : start + _BATCH])
        found.extend(session.scalars(select(Article).where(wanted)))
    return found


def find_by_source(session: Session, source_id: str) -> Article | None:
    """Return the article that was imported under this id, or None."""
    return session.scalar(select(Article).where(Article.source_id == source_id))


def page(
    session: Session,
    wanted: ArticleFilter = NO_FILTER,
    *,
    after: str | None = None,
    limit: int = 50,
) -> Page[Article]:
    """Return articles, latest change first, from the cursor ``after`` on.

    Raises:
        InvalidInput: The cursor does not come from an earlier page.
    """
    conditions = [
        column.in_(values)
        for column, values in (
            (Article.state, wanted.state),
            (Article.category, wanted.category),
            (Article.product, wanted.product),
            (Article.visibility, wanted.visibility),
        )
        if values
    ]
    return _ORDER.page(session, select(Article).where(*conditions), after, limit)


def published(session: Session) -> Iterator[Article]:
    """Yield every published article by id; a reader sees one state throughout."""
    query = select(Article).where(Article.state == ArticleState.PUBLISHED).order_by(Article.id)
    last = ""
    while found := list(session.scalars(query.where(Article.id > last).limit(_BATCH))):
        yield from found
        last = found[-1].id


def count_published(session: Session) -> int:
    """Return how many articles are published."""
    query = select(func.count()).where(Article.state == ArticleState.PUBLISHED)
    return session.scalars(query).one()


def containing(
    session: Session, words: Sequence[Sequence[str]], *, public_only: bool, limit: int
) -> Iterator[Article]:
    """Yield published articles that contain or are named one of each group of words.

    Latest change first. A scan for when the index is down: plain substrings, no ranking.
    """
    columns = [Article.title, *(getattr(Article, name) for name in SECTIONS)]
    query = select(Article).where(
        Article.state == ArticleState.PUBLISHED,
        *(
            or_(
                func.lower(Article.id).in_([fold_text(word).lower() for word in group]),
                *(column.icontains(word, autoescape=True) for word in group for column in columns),
            )
            for group in words
        ),
    )
    if public_only:
        query = query.where(Article.visibility == Visibility.PUBLIC)
    ordered = query.order_by(Article.updated_at.desc(), Article.id)
    yield from session.scalars(ordered.limit(limit).execution_options(yield_per=_BATCH))


def solved_tickets(session: Session, article_id: str, limit: int = 200) -> list[str]:
    """Return the numbers of tickets that this article solved, latest first."""
    query = (
        select(Ticket.number)
        .join(Resolution)
        .where(Resolution.article_id == article_id, Resolution.outcome != "unsolved")
        .order_by(Resolution.created_at.desc(), Resolution.id.desc())
    )
    return list(session.scalars(query.limit(limit)))


def record_revision(session: Session, article: Article, author: str) -> ArticleRevision:
    """Keep what the article says now."""
    revision = ArticleRevision(
        article_id=article.id,
        revision=article.revision,
        title=article.title,
        content={**article.sections, "tags": article.tags, "state": str(article.state)},
        author=author,
        created_at=article.updated_at,
    )
    session.add(revision)
    session.flush()
    return revision


def revisions(session: Session, article_id: str) -> list[ArticleRevision]:
    """Return the kept revisions, newest first."""
    query = select(ArticleRevision).where(ArticleRevision.article_id == article_id)
    return list(session.scalars(query.order_by(ArticleRevision.revision.desc())))
