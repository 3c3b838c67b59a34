"""The life of articles: written, published, changed, retired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.domain.article import (
    SECTIONS,
    Article,
    ArticleRevision,
    ArticleState,
    Visibility,
)
from kbservice.errors import InvalidInput, NotFound, StaleVersion
from kbservice.store import articles as store
from kbservice.store import audit, outbox
from kbservice.store.articles import ArticleFilter
from kbservice.store.database import Database
from kbservice.store.paging import Page
from kbservice.text.languages import language_of

CHANGEABLE = (
    "title",
    *SECTIONS,
    "tags",
    "category",
    "product",
    "version",
    "kind",
    "url",
    "visibility",
    "verification",
)
VERIFICATIONS = ("unverified", "internal", "user")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArticle:
    """An article as a person writes it; a title and one filled section are needed."""

    title: str
    sections: Mapping[str, str]
    tags: tuple[str, ...] = ()
    category: str = ""
    product: str = ""
    version: str = ""
    kind: str = ""
    url: str = ""
    visibility: Visibility = Visibility.PUBLIC
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What became of an article in use."""

    solved: int
    failed: int
    last_success_at: datetime | None
    tickets: tuple[str, ...]


class Knowledge:
    """Writes, publishes and retires articles."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, new: NewArticle, principal: Principal) -> Article:
        """Store a draft.

        Raises:
            InvalidInput: There is no title or no text, or a section is unknown.
        """
        principal.demand(Role.AGENT)
        _check_title(new.title)
        if unknown := sorted(set(new.sections) - set(SECTIONS)):
            raise InvalidInput.of("sections", " | ".join(SECTIONS), ", ".join(unknown))
        if not any(text.strip() for text in new.sections.values()):
            raise InvalidInput.of("sections", "at least one filled section", "nothing")
        now = self._clock.now()
        with self._database.transaction() as session:
            article = Article(
                id=store.next_id(session),
                title=new.title.strip(),
                **dict(new.sections),
                tags=list(new.tags),
                category=new.category or None,
                product=new.product or None,
                version=new.version or None,
                kind=new.kind or None,
                url=new.url or None,
                language=language_of("\n".join((new.title, *new.sections.values()))),
                state=ArticleState.DRAFT,
                visibility=new.visibility,
                extra=dict(new.extra),
                revision=1,
                created_at=now,
                updated_at=now,
            )
            store.add(session, article)
            store.record_revision(session, article, principal.name)
            self._audit(session, principal, "article_created", article)
        return article

    def get(self, article_id: str, principal: Principal) -> Article:
        """Return an article; intake forms see published public ones only.

        Raises:
            NotFound: There is none such for this reader.
        """
        with self._database.reading() as session:
            article = store.get(session, article_id)
        is_open = (
            article.state == ArticleState.PUBLISHED and article.visibility == Visibility.PUBLIC
        )
        if not (principal.is_staff or is_open):
            raise NotFound("Article {id} does not exist", id=article_id)
        return article

    def page(
        self, wanted: ArticleFilter, *, after: str | None, limit: int, principal: Principal
    ) -> Page[Article]:
        """Return articles, latest change first."""
        principal.demand(Role.AGENT)
        with self._database.reading() as session:
            return store.page(session, wanted, after=after, limit=limit)

    def change(
        self,
        article_id: str,
        changes: Mapping[str, Any],
        *,
        expected_revision: int | None = None,
        principal: Principal,
    ) -> tuple[Article, int]:
        """Change fields and keep the old revision; return the outbox sequence (0: none).

        Raises:
            StaleVersion: Somebody else changed the article since ``expected_revision``.
            InvalidInput: A field is unknown or its value not allowed.
        """
        principal.demand(Role.AGENT)
        with self._database.transaction() as session:
            article = store.get(session, article_id, for_update=True)
            if expected_revision is not None and article.revision != expected_revision:
                raise StaleVersion(
                    "Article {id} is at revision {revision} now",
                    id=article_id,
                    revision=article.revision,
                )
            for name, value in changes.items():
                _set(article, name, value)
            article.language = language_of("\n".join((article.title, *article.sections.values())))
            article.touch(self._clock.now())
            store.record_revision(session, article, principal.name)
            sequence = self._announce(session, article)
            self._audit(session, principal, "article_changed", article, fields=sorted(changes))
        return article, sequence

    def publish(self, article_id: str, principal: Principal) -> tuple[Article, int]:
        """Make an article searchable; return the outbox sequence.

        Raises:
            Conflict: It is published already, or has no text.
        """
        principal.demand(Role.LEAD)
        return self._move(article_id, "publish", principal)

    def retire(self, article_id: str, principal: Principal) -> tuple[Article, int]:
        """Take an article out of search; return the outbox sequence."""
        principal.demand(Role.LEAD)
        return self._move(article_id, "retire", principal)

    def revisions(self, article_id: str, principal: Principal) -> list[ArticleRevision]:
        """Return what the article said over time, newest first."""
        principal.demand(Role.AGENT)
        with self._database.reading() as session:
            store.get(session, article_id)
            return store.revisions(session, article_id)

    def usage(self, article_id: str, principal: Principal) -> Usage:
        """Return how often the article solved tickets, and which."""
        principal.demand(Role.AGENT)
        with self._database.reading() as session:
            article = store.get(session, article_id)
            numbers = store.solved_tickets(session, article_id)
        return Usage(
            solved=article.solved_count,
            failed=article.failed_count,
            last_success_at=article.last_success_at,
            tickets=tuple(numbers),
        )

    def _move(self, article_id: str, step: str, principal: Principal) -> tuple[Article, int]:
        now = self._clock.now()
        with self._database.transaction() as session:
            article = store.get(session, article_id, for_update=True)
            if step == "publish":
                article.publish(now)
            else:
                article.retire(now)
            store.record_revision(session, article, principal.name)
            sequence = outbox.append(session, "article", article.id, article.revision, now)
            self._audit(session, principal, f"article_{step}ed".replace("ee", "e"), article)
        return article, sequence

    def _announce(self, session: Session, article: Article) -> int:
        if article.state != ArticleState.PUBLISHED:
            return 0
        return outbox.append(session, "article", article.id, article.revision, self._clock.now())

    def _audit(
        self, session: Session, principal: Principal, action: str, article: Article, **facts: Any
    ) -> None:
        audit.append(
            session,
            actor=principal.name,
            action=action,
            subject=f"article:{article.id}",
            facts={"revision": article.revision, **facts},
            now=self._clock.now(),
        )


def _check_title(title: str) -> None:
    if not 1 <= len(title.strip()) <= 500:  # noqa: PLR2004  # the column's width
        raise InvalidInput.of("title", "1 to 500 characters", f"{len(title)}")


def _set(article: Article, name: str, value: Any) -> None:
    if name not in CHANGEABLE:
        raise InvalidInput.of("field", " | ".join(CHANGEABLE), name)
    if name == "title":
        _check_title(value)
    if name == "visibility":
        value = Visibility(value)
    if name == "verification" and value not in VERIFICATIONS:
        raise InvalidInput.of("verification", " | ".join(VERIFICATIONS), value)
    if name in SECTIONS:
        value = value or ""
    setattr(article, name, value)
