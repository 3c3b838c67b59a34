"""Shapes of searches."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from kbservice.search.documents import SearchHit
from kbservice.services.retrieval import SearchAnswer, SearchRequest
from kbservice.web.api.schemas.base import IndexStamp, Name, Out, Query, aware

Values = Annotated[list[Name], Field(max_length=20)]


class SearchQuery(Query):
    """What to search; filters repeat to give alternatives."""

    q: str = Field(
        "", max_length=2_000, description='Words, "phrases", -without, OR, prefix*, field:value'
    )
    kind: Literal["article", "ticket", "all"] = "all"
    category: Values = Field([])
    product: Values = Field([])
    version: Values = Field([])
    tag: Values = Field([])
    state: Values = Field([])
    since: datetime | None = Field(None, description="Changed at or after; UTC without a zone")
    until: datetime | None = Field(None, description="Changed before; UTC without a zone")
    sort: Literal["relevance", "newest", "solved"] = "relevance"
    size: int = Field(10, ge=1, le=100)
    page: int = Field(1, ge=1, le=1_000)
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
            since=aware(self.since),
            until=aware(self.until),
            sort=self.sort,
            size=self.size,
            page=self.page,
            explain=self.explain,
        )


class ReadQueryOut(Out):
    """The query as it was typed and as it was understood."""

    raw: str
    terms: list[str]
    read_as: str


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

    @classmethod
    def of(cls, hit: SearchHit) -> Self:
        """Present a hit."""
        document = hit.document
        return cls(
            id=document.id,
            kind=document.kind,
            number=document.id if document.kind == "ticket" else None,
            title=document.title,
            title_html=hit.title_html,
            snippet=hit.snippet_html,
            score=round(hit.score, 4),
            why=[HitReasonOut.model_validate(reason) for reason in hit.why],
            state=document.state,
            category=document.category or None,
            product=document.product or None,
            version=document.version or None,
            tags=list(document.tags),
            article_id=document.article_id or None,
            solved_count=document.solved_count,
            failed_count=document.failed_count,
            last_success_at=document.last_success_at,
            updated_at=document.updated_at,
        )


class FacetValueOut(Out):
    """How many hits have this value."""

    value: str
    count: int


class SearchOut(Out):
    """One page of hits, best first.

    `relaxed`: no hit holds all words; shown is what holds most of them.
    """

    query: ReadQueryOut
    total: int
    hits: list[HitOut]
    facets: dict[str, list[FacetValueOut]]
    did_you_mean: str | None
    relaxed: bool
    index: IndexStamp
    took_ms: float
    degraded: bool
    degraded_parts: list[str]

    @classmethod
    def of(cls, answer: SearchAnswer, *, lag_s: float, degraded: tuple[str, ...]) -> Self:
        """Present a page of hits."""
        page, state = answer.page, answer.page.state
        facets = {
            name: [FacetValueOut(value=value, count=count) for value, count in values]
            for name, values in page.facets.items()
        }
        return cls(
            query=ReadQueryOut(raw=answer.query.raw, terms=list(page.terms), read_as=page.read_as),
            total=page.total,
            hits=[HitOut.of(hit) for hit in page.hits],
            facets=facets,
            did_you_mean=page.did_you_mean or None,
            relaxed=page.relaxed,
            index=IndexStamp(
                generation=state.generation if state else 0,
                lag_s=lag_s,
                complete=state.complete if state else False,
            ),
            took_ms=answer.took_ms,
            degraded=bool(degraded),
            degraded_parts=list(degraded),
        )


class CompleteQuery(Query):
    """What was typed so far."""

    q: str = Field(max_length=200)


class CompletionOut(Out):
    """One way to go on: the title of an article or solved ticket, and its id."""

    text: str
    kind: Literal["article", "ticket"]
    id: str


class CompletionsOut(Out):
    """Ways to go on, best first."""

    items: list[CompletionOut]

    @classmethod
    def of(cls, answer: SearchAnswer) -> Self:
        """Present the titles of what was found, each once."""
        found = {hit.document.title: hit.document for hit in reversed(answer.page.hits)}
        return cls(
            items=[
                CompletionOut(text=title, kind=document.kind, id=document.id)
                for title, document in reversed(found.items())
            ]
        )
