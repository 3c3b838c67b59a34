"""Reading one commit: what the current generation and a kept one answer alike."""

from __future__ import annotations

from kbservice.search import recipe
from kbservice.search.documents import NO_FILTERS, Filters, IndexState, SearchHit
from kbservice.search.matching import streams_of
from kbservice.search.snippets import Highlighter
from kbservice.search.whoosh.postings import Numbers, Scores
from kbservice.search.whoosh.snapshot import Snapshot


class SnapshotReader:
    """Answers from one commit, however many come after it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def similar(
        self, text: str, *, title: str = "", limit: int, within: Filters = NO_FILTERS
    ) -> list[SearchHit]:
        """Return documents that resemble a ticket's text, best first."""
        snapshot = self._snapshot
        terms = snapshot.query_terms(streams_of(recipe.question(title, text)))
        return hits_of(snapshot, *snapshot.similar(terms, snapshot.allowed(within), limit))

    def state(self) -> IndexState:
        """Describe the commit."""
        return self._snapshot.state


def hits_of(
    snapshot: Snapshot, numbers: Numbers, scores: Scores, marks: Highlighter | None = None
) -> list[SearchHit]:
    """Return the documents of these numbers, marked where there is something to mark with."""
    hits = []
    for number, score in zip(numbers.tolist(), scores.tolist(), strict=True):
        document = snapshot.document(number)
        hits.append(
            SearchHit(
                document=document,
                score=round(score, 6),
                title_html=marks.title(document) if marks else "",
                snippet_html=marks.snippet(document) if marks else "",
            )
        )
    return hits
