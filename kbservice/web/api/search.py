"""Search and typeahead."""

from __future__ import annotations

from kbservice.domain.account import Role
from kbservice.errors import InvalidInput, QuerySyntaxError, Unavailable
from kbservice.services.retrieval import SearchAnswer, SearchRequest
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
from kbservice.web.security import requires

# Deeper hits help nobody and cost the engine; listings have cursors.
_MAX_OFFSET = 1_000


@api.get("/search")
@requires(Role.INTAKE)
@limited(SEARCH)
@contract(tag="search", answers=SearchOut)
def search(query: SearchQuery) -> tuple[SearchOut, dict[str, str]]:
    """Search published articles and solved tickets."""
    if query.page * query.size > _MAX_OFFSET:
        raise InvalidInput.of("page", f"page x size of at most {_MAX_OFFSET}", query.page)
    with metrics().search_duration.time():
        answer = application().retrieval.search(query.wanted, principal())
    lag_s, down = _lag(answer)
    for part in down:
        metrics().degraded_answers.labels(part).inc()
    return SearchOut.of(answer, lag_s=lag_s, degraded=down), _etag(query, answer)


@api.get("/search/complete")
@requires(Role.INTAKE)
@limited(SEARCH)
@contract(tag="search", answers=CompletionsOut)
def search_complete(query: CompleteQuery) -> CompletionsOut:
    """Complete what is being typed with titles of what it would find."""
    for typed in _readings(query.q.strip()):
        try:
            answer = application().retrieval.search(SearchRequest(q=typed, size=8), principal())
        except QuerySyntaxError:
            # Half a query often is none; the next reading is more modest.
            continue
        if answer.page.hits:
            return CompletionsOut.of(answer)
    return CompletionsOut(items=[])


def _readings(typed: str) -> tuple[str, ...]:
    """Return what the text may become: its last word goes on, or is complete."""
    if not typed:
        return ()
    return (f"{typed}*", typed) if typed[-1].isalnum() else (typed,)


def _lag(answer: SearchAnswer) -> tuple[float, tuple[str, ...]]:
    try:
        return application().retrieval.lag_s(application().clock.now()), answer.degraded
    except Unavailable:
        return 0.0, (*answer.degraded, "store")


def _etag(query: SearchQuery, answer: SearchAnswer) -> dict[str, str]:
    """Name the answer by what it depends on; a degraded one has no name to come back by."""
    state = answer.page.state
    if state is None or answer.degraded:
        return {}
    return weak_etag(state.generation, state.sequence, query.wanted, principal().is_staff)
