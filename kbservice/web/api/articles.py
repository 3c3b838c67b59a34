"""Articles: written, published, changed, retired."""

from __future__ import annotations

from flask import url_for

from kbservice.domain.account import Role
from kbservice.domain.article import Article
from kbservice.web.api.blueprint import api
from kbservice.web.api.conditions import etag_of, expected_version, wait_until_visible
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.article import (
    ArticleBrief,
    ArticleChange,
    ArticleIn,
    ArticleOut,
    ArticleQuery,
    ArticleStored,
    RevisionOut,
    UsageOut,
)
from kbservice.web.api.schemas.base import PageOut, RefreshQuery
from kbservice.web.context import application, principal
from kbservice.web.security import requires

Headers = dict[str, str]


@api.get("/articles")
@requires(Role.AGENT)
@contract(tag="articles", answers=PageOut[ArticleBrief])
def article_list(query: ArticleQuery) -> PageOut[ArticleBrief]:
    """List articles, latest change first."""
    page = application().knowledge.page(
        query.wanted, after=query.after, limit=query.limit, principal=principal()
    )
    items = [ArticleBrief.of(item) for item in page.items]
    return PageOut[ArticleBrief](items=items, next=page.next)


@api.post("/articles")
@requires(Role.AGENT)
@contract(tag="articles", answers=ArticleOut, status=201)
def article_create(json: ArticleIn) -> tuple[ArticleOut, int, Headers]:
    """Store a draft."""
    article = application().knowledge.create(json.new, principal())
    location = url_for("api.article_show", article_id=article.id)
    return ArticleOut.of(article), 201, {"Location": location, **etag_of(article.revision)}


@api.get("/articles/<article_id>")
@requires(Role.INTAKE)
@contract(tag="articles", answers=ArticleOut)
def article_show(article_id: str) -> tuple[ArticleOut, Headers]:
    """Return an article; intake forms see published public ones."""
    article = application().knowledge.get(article_id, principal())
    return ArticleOut.of(article), etag_of(article.revision)


@api.patch("/articles/<article_id>")
@requires(Role.AGENT)
@contract(tag="articles", answers=ArticleStored)
def article_change(
    article_id: str, json: ArticleChange, query: RefreshQuery
) -> tuple[ArticleStored, Headers]:
    """Change an article; If-Match guards against lost updates."""
    changed = application().knowledge.change(
        article_id, json.changes, expected_revision=expected_version(), principal=principal()
    )
    return _stored(*changed, query)


@api.post("/articles/<article_id>/publish")
@requires(Role.LEAD)
@contract(tag="articles", answers=ArticleStored)
def article_publish(article_id: str, query: RefreshQuery) -> tuple[ArticleStored, Headers]:
    """Make an article searchable."""
    return _stored(*application().knowledge.publish(article_id, principal()), query)


@api.post("/articles/<article_id>/retire")
@requires(Role.LEAD)
@contract(tag="articles", answers=ArticleStored)
def article_retire(article_id: str, query: RefreshQuery) -> tuple[ArticleStored, Headers]:
    """Take an article out of search."""
    return _stored(*application().knowledge.retire(article_id, principal()), query)


@api.get("/articles/<article_id>/revisions")
@requires(Role.AGENT)
@contract(tag="articles", answers=PageOut[RevisionOut])
def article_revisions(article_id: str) -> PageOut[RevisionOut]:
    """Return what an article said over time, newest first."""
    found = application().knowledge.revisions(article_id, principal())
    return PageOut[RevisionOut](items=[RevisionOut.of(item) for item in found])


@api.get("/articles/<article_id>/usage")
@requires(Role.AGENT)
@contract(tag="articles", answers=UsageOut)
def article_usage(article_id: str) -> UsageOut:
    """Tell how often an article solved tickets, and which."""
    return UsageOut.of(application().knowledge.usage(article_id, principal()))


def _stored(article: Article, sequence: int, query: RefreshQuery) -> tuple[ArticleStored, Headers]:
    visible = wait_until_visible(query, sequence)
    stored = ArticleStored.after(article, sequence=sequence, visible=visible)
    return stored, etag_of(article.revision)
