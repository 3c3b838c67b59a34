"""The seam between the service and a search engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from kbservice.search.documents import (
    NO_FILTERS,
    Filters,
    IndexState,
    SearchDocument,
    SearchHit,
    SearchPage,
    SearchQuery,
)

RebuildReport = Callable[[str, int, int], None]
"""Called with a stage, the documents done and all of them; may raise to cancel."""


class IndexWriter(Protocol):
    """A batch of changes; visible together when its context ends without an error."""

    def put(self, document: SearchDocument) -> None:
        """Add the document, or replace the one of the same id unless that is newer."""

    def remove(self, document_id: str) -> None:
        """Take the document out; unknown ids are ignored."""

    def mark(self, sequence: int) -> None:
        """Store the last outbox sequence inside the commit of this batch."""


class IndexReader(Protocol):
    """Finds what resembles a ticket, in one generation of the index."""

    def similar(
        self, text: str, *, title: str = "", limit: int, within: Filters = NO_FILTERS
    ) -> list[SearchHit]:
        """Return documents that resemble a ticket's text, best first.

        Any term may match; ``text`` may be long and is cut to its most telling terms. The
        hits carry no marked title or snippet: that costs more than finding them, and few of
        them are shown.

        Raises:
            IndexUnavailable: The engine cannot answer now.
        """

    def state(self) -> IndexState:
        """Describe what answers now.

        Raises:
            IndexUnavailable: There is no generation that opens.
        """


class SearchEngine(IndexReader, Protocol):
    """Ranked retrieval over published articles and resolved tickets.

    Thread-safe for reading. A result reflects one index generation; a write is visible
    after its batch commits and the reader refreshes (at most ``refresh_interval_s`` later).
    Only one process may write: a second writer raises IndexLocked.
    """

    def search(self, query: SearchQuery) -> SearchPage:
        """Return one page of hits, best first; ties are broken by document id.

        Raises:
            IndexUnavailable: The engine cannot answer now; retry after ``retry_after_s``.
        """

    def writer(self) -> AbstractContextManager[IndexWriter]:
        """Open a batch on the current generation: commit on clean exit, else discard."""

    def rebuild(self, report: RebuildReport = ...) -> AbstractContextManager[IndexWriter]:
        """Open a batch on a new, empty generation that replaces the current one on clean exit.

        The new generation is checked first: it must hold every document in its revision, and
        find documents by their own words.

        Raises:
            IndexCorrupt: The check failed; the old generation goes on answering.
        """

    def previous(self) -> int:
        """Return the generation that a rollback would make current, 0 if none is kept."""

    def rollback(self) -> IndexState:
        """Make the previous generation current again.

        Raises:
            NotFound: No previous generation is kept.
            IndexCorrupt: It does not open; the current one goes on answering.
        """

    def ids(self) -> dict[str, int]:
        """Return the revision of every document by its id, for comparison with the store."""

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Yield every term of the word stream with its document frequency, in no order.

        Raises:
            IndexUnavailable: The engine cannot answer now.
        """

    def holds(self, term: str, within: Filters) -> bool:
        """Tell whether a document that passes the filters has a term of the word stream.

        Raises:
            IndexUnavailable: The engine cannot answer now.
        """

    def kept(self, generation: int) -> IndexReader:
        """Return a reader of the current generation as it is now, or of an older one.

        Raises:
            NotFound: That generation is not kept.
            IndexUnavailable: It does not open.
        """

    def ping(self) -> None:
        """Raise IndexUnavailable unless a search would be answered."""

    def inspect(self) -> None:
        """Look whether what was opened is still whole; ``state`` tells what was found.

        Cheap enough for every few seconds.

        Raises:
            IndexUnavailable: The engine cannot answer now.
        """

    def warm(self) -> None:
        """Make the first search as quick as the later ones.

        Raises:
            IndexUnavailable: The engine cannot answer now.
        """

    def close(self) -> None:
        """Release files and threads."""
