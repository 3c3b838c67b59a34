"""Shapes of articles."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from kbservice.domain.article import Article, ArticleRevision
from kbservice.domain.article import Visibility as ArticleVisibility
from kbservice.services.knowledge import NewArticle, Usage
from kbservice.store.articles import ArticleFilter
from kbservice.web.api.schemas.base import (
    Extra,
    In,
    Label,
    LongText,
    Name,
    Out,
    PageQuery,
    version_tag,
)

Values = Annotated[list[Name], Field(max_length=20)]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=50)]], Field(max_length=50)]
ArticleTitle = Annotated[str, Field(min_length=1, max_length=500)]
# An address that readers can follow; javascript: and the like never become a link.
Url = Annotated[str, Field(max_length=1_000, pattern=r"^https?://\S+$")]


class SectionsIn(In):
    """The parts of an article, in Markdown."""

    problem: LongText | None = None
    environment: LongText | None = None
    cause: LongText | None = None
    solution: LongText | None = None
    faq: LongText | None = None

    @property
    def given(self) -> dict[str, str]:
        """The sections that were sent; null empties one."""
        return {name: getattr(self, name) or "" for name in sorted(self.model_fields_set)}


class ArticleIn(In):
    """A new article; it starts as a draft."""

    title: ArticleTitle
    sections: SectionsIn
    tags: Tags = Field([])
    category: Name | None = None
    product: Name | None = None
    version: Name | None = None
    kind: Label | None = None
    url: Url | None = None
    visibility: Literal["public", "internal"] = "public"
    extra: Extra = Field({})

    @property
    def new(self) -> NewArticle:
        """The same in the service's words."""
        return NewArticle(
            title=self.title,
            sections=self.sections.given,
            tags=tuple(self.tags),
            category=self.category or "",
            product=self.product or "",
            version=self.version or "",
            kind=self.kind or "",
            url=self.url or "",
            visibility=ArticleVisibility(self.visibility),
            extra=self.extra,
        )


class ArticleChange(In):
    """What to change; null takes a value away."""

    title: ArticleTitle | None = None
    sections: SectionsIn | None = None
    tags: Tags | None = None
    category: Name | None = None
    product: Name | None = None
    version: Name | None = None
    kind: Label | None = None
    url: Url | None = None
    visibility: Literal["public", "internal"] | None = None
    verification: Literal["unverified", "internal", "user"] | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that were sent, sections by their own names."""
        given = {name: getattr(self, name) for name in sorted(self.model_fields_set)}
        sections = given.pop("sections", None)
        # These are never empty: null leaves them as they are.
        for name in ("title", "visibility", "verification"):
            if given.get(name, "") is None:
                del given[name]
        if "tags" in given:
            given["tags"] = list(given["tags"] or [])
        return given | (sections.given if sections else {})


class ArticleQuery(PageQuery):
    """Which articles to list; filters repeat to give alternatives."""

    state: Annotated[list[Literal["draft", "published", "retired"]], Field(max_length=3)] = Field(
        []
    )
    category: Values = Field([])
    product: Values = Field([])
    visibility: Annotated[list[Literal["public", "internal"]], Field(max_length=2)] = Field([])

    @property
    def wanted(self) -> ArticleFilter:
        """The same in the store's words."""
        return ArticleFilter(
            state=tuple(self.state),
            category=tuple(self.category),
            product=tuple(self.product),
            visibility=tuple(self.visibility),
        )


_BRIEF = (
    "id title tags category product version kind language state visibility verification "
    "solved_count failed_count last_success_at revision created_at updated_at published_at"
)


class ArticleBrief(Out):
    """An article in a list."""

    id: str
    title: str
    tags: list[str]
    category: str | None
    product: str | None
    version: str | None
    kind: str | None
    language: str
    state: Literal["draft", "published", "retired"]
    visibility: Literal["public", "internal"]
    verification: str
    solved_count: int
    failed_count: int
    last_success_at: datetime | None
    revision: int
    version_tag: str = Field(description="The ETag, for If-Match")
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None

    @classmethod
    def of(cls, article: Article) -> Self:
        """Present an article without its text."""
        return cls(**_brief(article))


class ArticleOut(ArticleBrief):
    """An article; its sections are Markdown."""

    sections: dict[str, str]
    url: str | None
    source_id: str | None
    extra: dict[str, Any]

    @classmethod
    def of(cls, article: Article) -> Self:
        """Present an article."""
        return cls(**_brief(article), **_text(article))


class ArticleStored(ArticleOut):
    """An article after a change.

    Searches see it once `sequence` is indexed; `visible` is null unless it was waited for.
    """

    sequence: int
    visible: bool | None

    @classmethod
    def after(cls, article: Article, *, sequence: int, visible: bool | None = None) -> Self:
        """Present a changed article."""
        return cls(**_brief(article), **_text(article), sequence=sequence, visible=visible)


def _brief(article: Article) -> dict[str, Any]:
    same = {name: getattr(article, name) for name in _BRIEF.split()}
    return {**same, "version_tag": version_tag(article.revision)}


def _text(article: Article) -> dict[str, Any]:
    return {
        "sections": article.sections,
        "url": article.url,
        "source_id": article.source_id,
        "extra": article.extra,
    }


class RevisionOut(Out):
    """What an article said at one revision."""

    revision: int
    title: str
    content: dict[str, Any]
    author: str
    created_at: datetime

    @classmethod
    def of(cls, revision: ArticleRevision) -> Self:
        """Present a revision."""
        return cls.model_validate(revision)


class UsageOut(Out):
    """What became of an article in use."""

    solved: int
    failed: int
    last_success_at: datetime | None
    tickets: list[str]

    @classmethod
    def of(cls, usage: Usage) -> Self:
        """Present the use of an article."""
        return cls(
            solved=usage.solved,
            failed=usage.failed,
            last_success_at=usage.last_success_at,
            tickets=list(usage.tickets),
        )
