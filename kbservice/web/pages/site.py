"""The pages with every view on them: importing this module hangs them on the blueprint."""

from __future__ import annotations

from kbservice.web.pages import (
    admin,
    articles,
    classifier,
    completions,
    drift,
    gaps,
    labels,
    problems,
    radar,
    ranker,
    replay,
    search,
    session,
    synonyms,
    ticket_work,
    tickets,
)
from kbservice.web.pages.blueprint import pages

__all__ = [
    "admin",
    "articles",
    "classifier",
    "completions",
    "drift",
    "gaps",
    "labels",
    "pages",
    "problems",
    "radar",
    "ranker",
    "replay",
    "search",
    "session",
    "synonyms",
    "ticket_work",
    "tickets",
]
