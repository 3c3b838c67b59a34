"""Search for staff and intake forms."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from kbservice.domain.account import Principal
from kbservice.errors import IndexUnavailable
from kbservice.search.documents import (
    DocumentKind,
    Filters,
    SearchHit,
    SearchPage,
    SearchQuery,
    Sort,
)
from kbservice.search.engine import SearchEngine
from kbservice.search.syntax import parse
from kbservice.services.projection import document_of_article
from kbservice.store import articles, outbox
from kbservice.store.database import Database

log = structlog.get_logger(__name__)

_FALLBACK_ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What a person or program asked for; empty fields restrict nothing."""

    q: str = ""
    kind: DocumentKind | None = None
    category: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    sort: Sort = "relevance"
    size: int = 10
    page: int = 1
    explain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """A page of hits and how far it can be trusted.

    Attributes:
        degraded: Parts that were down, empty if none was.
        lag_s: Age of the oldest change that the page may lack.
    """

    query: SearchQuery
    page: SearchPage
    took_ms: float
    lag_s: float = 0.0
    degraded: tuple[str, ...] = ()


class Retrieval:
    """Answers searches from the index; from the store, poorly, when the index is down."""

    def __init__(self, *, database: Database, engine: SearchEngine) -> None:
        self._database = database
        self._engine = engine

    def search(self, request: SearchRequest, principal: Principal) -> SearchAnswer:
        """Return one page of what ``principal`` may see.

        Raises:
            QuerySyntaxError: The query cannot be read.
        """
        started = time.perf_counter()
        query = self._query(request, principal)
        degraded: tuple[str, ...] = ()
        try:
            page = self._engine.search(query)
        except IndexUnavailable as error:
            log.warning("search_degraded", reason=str(error))
            page, degraded = self._from_store(query), ("index",)
        took_ms = round((time.perf_counter() - started) * 1000, 2)
        return SearchAnswer(query=query, page=page, took_ms=took_ms, degraded=degraded)

    def lag_s(self, now: datetime) -> float:
        """Return the age of the oldest change that searches cannot see yet."""
        with self._database.reading() as session:
            return outbox.pending(session).lag_s(now)

    def _query(self, request: SearchRequest, principal: Principal) -> SearchQuery:
        query = parse(request.q)
        filters = query.filters
        merged = Filters(
            kind=request.kind or filters.kind,
            category=request.category + filters.category,
            product=request.product + filters.product,
            version=request.version + filters.version,
            tag=request.tag + filters.tag,
            state=request.state + filters.state,
            visibility=filters.visibility,
            since=request.since or filters.since,
            until=request.until or filters.until,
            exclude=filters.exclude,
        )
        if not principal.is_staff:
            # Inside the query, not after it: totals and facets must not tell either.
            merged = replace(merged, kind="article", visibility=("public",))
        return replace(
            query,
            filters=merged,
            sort=request.sort,
            size=request.size,
            page=request.page,
            explain=request.explain,
        )

    def _from_store(self, query: SearchQuery) -> SearchPage:
        words = [
            term.text for clause in query.clauses if not clause.negated for term in clause.terms
        ]
        with self._database.reading() as session:
            found = articles.containing(
                session,
                words,
                public_only="public" in query.filters.visibility,
                limit=_FALLBACK_ROWS,
            )
            documents = [document for row in found if (document := document_of_article(row))]
        start = (query.page - 1) * query.size
        hits = tuple(
            SearchHit(document=document, score=0.0)
            for document in documents[start : start + query.size]
        )
        return SearchPage(hits=hits, total=len(documents), terms=tuple(words))
