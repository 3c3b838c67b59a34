"""Search and typeahead."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace

from flask import Response, current_app, g

from kbservice.domain.account import Role
from kbservice.errors import InvalidInput
from kbservice.services.retrieval import (
    SearchAnswer,
    SearchRequest,
    Standing,
    Understood,
)
from kbservice.web.api import cursors
from kbservice.web.api.answers import completed, moment, written
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.recall import Known, recall
from kbservice.web.api.schemas.search import (
    CompleteQuery,
    CompletionsOut,
    SearchOut,
    SearchQuery,
    presented,
)
from kbservice.web.context import application, locale, metrics, principal
from kbservice.web.limits import SEARCH, limited
from kbservice.web.searching import MAX_OFFSET, dated, heed, relaxation_notice
from kbservice.web.security import requires


@api.get("/search")
@requires(Role.INTAKE)
@limited(SEARCH)
@contract(tag="search", answers=SearchOut, is_written=True)
def search(query: SearchQuery) -> Response:
    """Search published articles and solved tickets."""
    retrieval = application().retrieval
    wanted = dated(query.wanted)
    with metrics().search_duration.time():
        asked = retrieval.understand(_placed(query, wanted), principal())
        standing = retrieval.standing()
        name = _name(asked, wanted, standing)
        members = recall().answers.recall(name)
        degraded: tuple[str, ...] = ()
        if members is None:
            answer = retrieval.answer(asked)
            heed(wanted, answer, principal())
            members, degraded = written(_members(answer, wanted)), answer.degraded
            # Corrections change with the vocabulary, without a change of the index.
            if not (degraded or answer.corrected) and standing == retrieval.standing():
                recall().answers.keep(name, members)
    if standing and _is_lasting(asked):
        recall().keep(Known(standing, name, query.q))
    return _response(members, name, degraded)


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


def _members(answer: SearchAnswer, wanted: SearchRequest) -> dict[str, object]:
    place = answer.page.more_after
    return presented(
        answer,
        notice=relaxation_notice(answer.page),
        next_cursor=cursors.written(place, wanted) if place else None,
    )


def _is_lasting(asked: Understood) -> bool:
    """Tell whether the request means the same while the index and the synonyms are the same."""
    filters, clauses = asked.query.filters, asked.query.clauses
    # "Since three days" is something else tomorrow, and what is alike follows the vocabulary.
    is_fuzzy = any(term.fuzzy for clause in clauses for term in clause.terms)
    return not (filters.since or filters.until or is_fuzzy)


def _response(members: bytes, name: str, degraded: tuple[str, ...] = ()) -> Response:
    took_s = time.perf_counter() - g.started_s
    body = completed(members, **moment(application(), metrics(), took_s, degraded))
    response = current_app.response_class(body, mimetype="application/json")
    if name and not degraded:
        response.set_etag(name, weak=True)
    return response


def _name(asked: Understood, wanted: SearchRequest, standing: Standing | None) -> str:
    """Name the answer by what it depends on; without an index it has no name."""
    if standing is None:
        return ""
    # The cursor in the answer names the request, where a filter may stand in `q` or beside it.
    request = replace(wanted, now=None)
    facts = repr((locale(), standing, request, asked.query)).encode()
    return hashlib.blake2b(facts, digest_size=16).hexdigest()
