"""What a new generation must show before it may answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import structlog

from kbservice.errors import IndexCorrupt
from kbservice.search.recipe import QueryTerm
from kbservice.search.whoosh.snapshot import Snapshot
from kbservice.text.tokens import analyze

log = structlog.get_logger(__name__)

_QUERIES: Final = 20
_LEAST: Final = 0.5
_CHARACTERS: Final = 300
_SHARE: Final = 0.8


def verify(snapshot: Snapshot, revisions: Mapping[str, int]) -> None:
    """Demand every document in its revision, and that documents are found by their own words.

    Raises:
        IndexCorrupt: Something is missing, too much, or not found.
    """
    held = snapshot.ids()
    if len(held) != len(revisions):
        raise IndexCorrupt(
            "The new index holds {found} documents instead of {expected}",
            found=len(held),
            expected=len(revisions),
        )
    if _hash(held) != _hash(revisions):
        raise IndexCorrupt("The new index holds other revisions than were put into it")
    asked = found = 0
    step = max(1, snapshot.live.size // _QUERIES)
    for number in range(0, snapshot.live.size, step):
        document = snapshot.document(number)
        wording = f"{document.title}\n{document.text[:_CHARACTERS]}"
        if terms := snapshot.query_terms(analyze(wording)):
            asked += 1
            found += _is_found(snapshot, number, terms)
    if found < _SHARE * asked:
        raise IndexCorrupt(
            "The new index finds {found} of {asked} documents by their own words",
            found=found,
            asked=asked,
        )
    log.info("index_verified", documents=len(held), queries=asked, found=found)


def _is_found(snapshot: Snapshot, number: int, terms: Sequence[QueryTerm]) -> bool:
    """Tell whether a document scores at least half as much as the best for its own words.

    Its place alone would say little: a knowledge base has many records of the same wording.
    """
    _, scores = snapshot.best(terms, snapshot.live, 1)
    own = snapshot.postings.scores(terms, np.array([number], dtype=np.int64))
    return bool(scores.size) and float(own[0]) >= _LEAST * float(scores[0])


def _hash(revisions: Mapping[str, int]) -> str:
    lines = "\n".join(f"{key} {revision}" for key, revision in sorted(revisions.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
