"""Search and typeahead."""

from __future__ import annotations

from dataclasses import replace

from kbservice.domain.account import Role
from kbservice.errors import InvalidInput, Unavailable
from kbservice.services.retrieval import SearchAnswer, SearchRequest
from kbservice.web.api import cursors
from kbservice.web.api.blueprint import api
from kbservice.web.api.conditions import weak_etag
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.search import (
    CompleteQuery,
    CompletionsOut,
    SearchOut,
    SearchQuery,
)
from kbservice.web.context import application, metrics, principal
from kbservice.web.limits import SEARCH, limited
from kbservice.web.searching import MAX_OFFSET, dated, relaxation_notice
from kbservice.web.security import requires


@api.get("/search")
@requires(Role.INTAKE)
@limited(SEARCH)
@contract(tag="search", answers=SearchOut)
def search(query: SearchQuery) -> tuple[SearchOut, dict[str, str]]:
    """Search published articles and solved tickets."""
    wanted = dated(query.wanted)
    with metrics().search_duration.time():
        answer = application().retrieval.search(_placed(query, wanted), principal())
    lag_s, down = _lag(answer)
    for part in down:
        metrics().degraded_answers.labels(part).inc()
    place = answer.page.more_after
    found = SearchOut.of(
        answer,
        lag_s=lag_s,
        degraded=down,
        notice=relaxation_notice(answer.page),
        next_cursor=cursors.written(place, wanted) if place else None,
    )
    return found, _etag(answer)


@api.get("/search/complete")
@requires(Role.INTAKE)
@limited(SEARCH)
@contract(tag="search", answers=CompletionsOut)
def search_complete(query: CompleteQuery) -> CompletionsOut:
    """Complete what is being typed: titles, codes, and wording that led to a fix."""
    return CompletionsOut.of(application().retrieval.complete(query.q, principal()))


def _placed(query: SearchQuery, wanted: SearchRequest) -> SearchRequest:
    """Return the search at the page asked for, by number or by cursor."""
    if query.cursor is not None:
        if query.page != 1:
            raise InvalidInput.of("page", "no page beside a cursor", query.page)
        return replace(wanted, after=cursors.read(query.cursor, wanted))
    if query.page * query.size > MAX_OFFSET:
        raise InvalidInput.of(
            "page",
            "page x size of at most 1000; for more, `next` of the page before as cursor",
            query.page,
        )
    return wanted


def _lag(answer: SearchAnswer) -> tuple[float, tuple[str, ...]]:
    try:
        return application().retrieval.lag_s(application().clock.now()), answer.degraded
    except Unavailable:
        return 0.0, (*answer.degraded, "store")


def _etag(answer: SearchAnswer) -> dict[str, str]:
    """Name the answer by what it depends on; a degraded one has no name to come back by."""
    state = answer.page.state
    if state is None or answer.degraded:
        return {}
    commit = (state.generation, state.commit, state.sequence)
    return weak_etag(commit, answer.query, answer.page.did_you_mean)
