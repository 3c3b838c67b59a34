"""What the search page and the search API share: the asker's dates, and words for an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from kbservice.domain.account import Principal
from kbservice.search.documents import NO_FILTERS, SearchPage
from kbservice.services.retrieval import SearchAnswer, SearchRequest
from kbservice.web.context import application, translate

MAX_OFFSET = 1_000
"""Deeper hits by page number help nobody and cost the engine; cursors go further."""


def asked_at() -> datetime:
    """Return the moment in the instance's zone, of which the dates of a search are."""
    return application().clock.now().astimezone(ZoneInfo(application().settings.timezone))


def dated(request: SearchRequest) -> SearchRequest:
    """Return the request with the moment it is asked."""
    return replace(request, now=asked_at())


def heed(request: SearchRequest, answer: SearchAnswer, asker: Principal) -> None:
    """Note a search that found nothing: somebody may have to write about it.

    Filters may be the reason that nothing was found; such searches say nothing.
    """
    filters = answer.query.filters
    own = filters if asker.is_staff else replace(filters, kind=None, visibility=())
    if request.page == 1 and not request.after and own == NO_FILTERS and answer.is_in_vain:
        application().gaps.note_search(request.q, asker)


def relaxation_notice(page: SearchPage) -> str:
    """Return how the query was loosened, in the reader's language; empty if it was not."""
    words = translate(", ").join(page.dropped)
    if page.relaxation == "dropped":
        return translate("Nothing holds all of these words. Left out: {words}.", words=words)
    if page.relaxation == "any" and words:
        return translate(
            "Nothing holds all of these words. Left out: {words}; shown is what holds some of the rest.",
            words=words,
        )
    if page.relaxation == "any":
        return translate("Nothing holds all of these words; shown is what holds some of them.")
    return ""
