"""Shapes of searches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from kbservice.search.completion import Completion
from kbservice.search.documents import SearchHit
from kbservice.services.retrieval import SearchAnswer, SearchRequest
from kbservice.web.api.schemas.base import Date, IndexStamp, Name, Out, Query

Values = Annotated[list[Name], Field(max_length=20)]


class SearchQuery(Query):
    """What to search; filters repeat to give alternatives."""

    q: str = Field(
        "",
        max_length=2_000,
        description='Words, +required, "phrases", -without, OR, prefix*, alike~, field:value, since:7d',
    )
    kind: Literal["article", "ticket", "all"] = "all"
    category: Values = Field([])
    product: Values = Field([])
    version: Values = Field([])
    tag: Values = Field([])
    state: Values = Field([])
    since: Date | None = Field(
        None, description="Changed on that day or later, or at that time; read as in `q`"
    )
    until: Date | None = Field(
        None, description="Changed on that day or before, or before that time; read as in `q`"
    )
    sort: Literal["relevance", "newest", "solved"] = "relevance"
    size: int = Field(10, ge=1, le=100)
    page: int = Field(1, ge=1, le=1_000)
    cursor: str | None = Field(
        None, max_length=500, description="`next` of the page before, instead of `page`"
    )
    explain: bool = Field(False, description="Tell each term's part of the score")

    @property
    def wanted(self) -> SearchRequest:
        """The same in the service's words."""
        return SearchRequest(
            q=self.q,
            kind=None if self.kind == "all" else self.kind,
            category=tuple(self.category),
            product=tuple(self.product),
            version=tuple(self.version),
            tag=tuple(self.tag),
            state=tuple(self.state),
            since=self.since,
            until=self.until,
            sort=self.sort,
            size=self.size,
            page=self.page,
            explain=self.explain,
        )


class ExpansionOut(Out):
    """Words of the query, and what was searched besides as it means the same."""

    text: str
    added: list[str]


class ReadQueryOut(Out):
    """The query as it was typed and as it was understood."""

    raw: str
    terms: list[str]
    read_as: str
    expansions: list[ExpansionOut]


class RelaxationOut(Out):
    """How the query was loosened as nothing holds all its words, and the same in words.

    `how`: `dropped`, the words left hold together; `any`, some of them are enough.
    `dropped`: the words that were left out, in the order of leaving out.
    """

    how: Literal["dropped", "any"]
    dropped: list[str]
    notice: str


class HitReasonOut(Out):
    """A term that led to the hit, where it stood, its part of the score."""

    term: str
    field: str
    score: float


class HitOut(Out):
    """A found article or solved ticket; `snippet` is escaped HTML with <mark>.

    `number` is a ticket's number, null for an article.
    """

    id: str
    kind: Literal["article", "ticket"]
    number: str | None
    title: str
    title_html: str
    snippet: str
    score: float
    why: list[HitReasonOut]
    state: str
    category: str | None
    product: str | None
    version: str | None
    tags: list[str]
    article_id: str | None
    solved_count: int
    failed_count: int
    last_success_at: datetime | None
    updated_at: datetime | None


class FacetValueOut(Out):
    """How many hits have this value."""

    value: str
    count: int


class SearchOut(Out):
    """One page of hits, best first.

    `relaxed`: no hit holds all words; `relaxation` tells what was given up.
    `next`: the cursor of the page after, null at the end.
    """

    query: ReadQueryOut
    total: int
    hits: list[HitOut]
    next: str | None
    facets: dict[str, list[FacetValueOut]]
    did_you_mean: str | None
    relaxed: bool
    relaxation: RelaxationOut | None
    index: IndexStamp
    took_ms: float
    degraded: bool
    degraded_parts: list[str]


def presented(answer: SearchAnswer, *, notice: str, next_cursor: str | None) -> dict[str, object]:
    """Return what `SearchOut` has of a page, but for `index`, `took_ms` and what is down.

    Plain values: building and checking the shapes took a tenth of a search's time.
    """
    page, query = answer.page, answer.query
    return {
        "query": {
            "raw": query.raw,
            "terms": page.terms,
            "read_as": page.read_as,
            "expansions": [
                {"text": expansion.text, "added": expansion.added} for expansion in query.expansions
            ],
        },
        "total": page.total,
        "hits": [_hit(hit) for hit in page.hits],
        "next": next_cursor,
        "facets": {
            name: [{"value": value, "count": count} for value, count in values]
            for name, values in page.facets.items()
        },
        "did_you_mean": page.did_you_mean or None,
        "relaxed": page.relaxed,
        "relaxation": {"how": page.relaxation, "dropped": page.dropped, "notice": notice}
        if page.relaxation
        else None,
    }


def _hit(hit: SearchHit) -> dict[str, object]:
    document = hit.document
    return {
        "id": document.id,
        "kind": document.kind,
        "number": document.id if document.kind == "ticket" else None,
        "title": document.title,
        "title_html": hit.title_html,
        "snippet": hit.snippet_html,
        "score": round(hit.score, 4),
        "why": [
            {"term": part.term, "field": part.field, "score": round(part.score, 4)}
            for part in hit.why
        ],
        "state": document.state,
        "category": document.category or None,
        "product": document.product or None,
        "version": document.version or None,
        "tags": document.tags,
        "article_id": document.article_id or None,
        "solved_count": document.solved_count,
        "failed_count": document.failed_count,
        "last_success_at": document.last_success_at,
        "updated_at": document.updated_at,
    }


class CompleteQuery(Query):
    """What was typed so far."""

    q: str = Field(max_length=200)


class CompletionOut(Out):
    """One way to go on: a title, a code, or ticket wording that led to a fix.

    `id`: the article or ticket that it comes from, null for a code.
    """

    text: str
    kind: Literal["article", "ticket", "code", "wording"]
    id: str | None


class CompletionsOut(Out):
    """Ways to go on, best first."""

    items: list[CompletionOut]

    @classmethod
    def of(cls, found: Sequence[Completion]) -> Self:
        """Present completions."""
        return cls(
            items=[
                CompletionOut(
                    text=entry.text,
                    kind=entry.kind,
                    id=None if entry.kind == "code" else entry.id,
                )
                for entry in found
            ]
        )
