"""The API with every resource on it: importing this module hangs all views on the blueprint."""

from __future__ import annotations

from kbservice.web.api import (
    accounts,
    admin,
    articles,
    drift,
    gaps,
    jobs,
    label_reviews,
    profiles,
    radar,
    rankers,
    reference,
    search,
    suggestions,
    synonyms,
    tickets,
)
from kbservice.web.api.blueprint import api

__all__ = [
    "accounts",
    "admin",
    "api",
    "articles",
    "drift",
    "gaps",
    "jobs",
    "label_reviews",
    "profiles",
    "radar",
    "rankers",
    "reference",
    "search",
    "suggestions",
    "synonyms",
    "tickets",
]
