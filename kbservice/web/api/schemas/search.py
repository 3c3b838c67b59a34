"""Shapes of searches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from kbservice.search.completion import Completion
from kbservice.search.documents import SearchHit, SearchPage
from kbservice.services.retrieval import SearchAnswer, SearchRequest
from kbservice.web.api.schemas.base import IndexStamp, Name, Out, Query, aware

Values = Annotated[list[Name], Field(max_length=20)]


class SearchQuery(Query):
    """What to search; filters repeat to give alternatives."""

    q: str = Field(
        "",
        max_length=2_000,
        description='Words, +required, "phrases", -without, OR, prefix*, field:value, since:7d',
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
            since=aware(self.since),
            until=aware(self.until),
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

    @classmethod
    def of(cls, hit: SearchHit) -> HitOut:
        """Present a hit; what comes from our own typed records is not checked once more."""
        document = hit.document
        return cls.model_construct(
            id=document.id,
            kind=document.kind,
            number=document.id if document.kind == "ticket" else None,
            title=document.title,
            title_html=hit.title_html,
            snippet=hit.snippet_html,
            score=round(hit.score, 4),
            why=[
                HitReasonOut.model_construct(
                    term=part.term, field=part.field, score=round(part.score, 4)
                )
                for part in hit.why
            ],
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

    @classmethod
    def of(
        cls,
        answer: SearchAnswer,
        *,
        lag_s: float,
        degraded: tuple[str, ...],
        notice: str,
        next_cursor: str | None,
    ) -> SearchOut:
        """Present a page of hits."""
        page, state = answer.page, answer.page.state
        facets = {
            name: [
                FacetValueOut.model_construct(value=value, count=count) for value, count in values
            ]
            for name, values in page.facets.items()
        }
        return cls.model_construct(
            query=_read_query(answer),
            total=page.total,
            hits=[HitOut.of(hit) for hit in page.hits],
            next=next_cursor,
            facets=facets,
            did_you_mean=page.did_you_mean or None,
            relaxed=page.relaxed,
            relaxation=_relaxation(page, notice),
            index=IndexStamp(
                generation=state.generation if state else 0,
                lag_s=lag_s,
                complete=state.complete if state else False,
            ),
            took_ms=answer.took_ms,
            degraded=bool(degraded),
            degraded_parts=list(degraded),
        )


def _read_query(answer: SearchAnswer) -> ReadQueryOut:
    return ReadQueryOut(
        raw=answer.query.raw,
        terms=list(answer.page.terms),
        read_as=answer.page.read_as,
        expansions=[
            ExpansionOut(text=expansion.text, added=list(expansion.added))
            for expansion in answer.query.expansions
        ],
    )


def _relaxation(page: SearchPage, notice: str) -> RelaxationOut | None:
    if not page.relaxation:
        return None
    return RelaxationOut(how=page.relaxation, dropped=list(page.dropped), notice=notice)


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
