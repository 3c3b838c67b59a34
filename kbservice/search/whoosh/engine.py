"""Search over Whoosh segments, scored by our own formula."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import numpy as np
import structlog

from kbservice.errors import IndexCorrupt, IndexUnavailable
from kbservice.search import recipe
from kbservice.search.documents import (
    NO_FILTERS,
    Filters,
    IndexState,
    SearchHit,
    SearchPage,
    SearchQuery,
)
from kbservice.search.engine import IndexWriter
from kbservice.search.matching import positive_text
from kbservice.search.planner import selected
from kbservice.search.snippets import Highlighter
from kbservice.search.syntax import read_as
from kbservice.search.whoosh.generations import Generations
from kbservice.search.whoosh.postings import Numbers, Weights
from kbservice.search.whoosh.snapshot import Snapshot
from kbservice.search.whoosh.storage import newest_commit, newest_toc
from kbservice.search.whoosh.view import MaskView
from kbservice.search.whoosh.writer import Batch, create
from kbservice.text.tokens import Streams, analyze

log = structlog.get_logger(__name__)

_RETRY_AFTER_S = 2
_OPEN_TRIES = 5


class WhooshEngine:
    """The default engine: one folder of generations, readable by any number of processes."""

    def __init__(
        self, folder: Path, *, refresh_interval_s: float, key: bytes, lock_wait_s: float = 5.0
    ) -> None:
        self._generations = Generations(folder, lock_wait_s)
        self._refresh_interval_s = refresh_interval_s
        self._key = key
        self._snapshot: Snapshot | None = None
        self._checked_at = 0.0
        self._lock = Lock()

    def search(self, query: SearchQuery) -> SearchPage:
        """Return one page of hits, best first."""
        snapshot = self._current()
        text = positive_text(query)
        streams = _streams(text)
        mask, is_relaxed = selected(query, MaskView(snapshot, query.filters))
        scores, terms = snapshot.scores(streams)
        start = (query.page - 1) * query.size
        if query.sort == "relevance":
            numbers = snapshot.best(scores, mask, start + query.size)
        else:
            numbers = snapshot.order(np.flatnonzero(mask), scores, query.sort)
        shown = numbers[start : start + query.size]
        return SearchPage(
            hits=tuple(_hits(snapshot, shown, scores, terms, Highlighter(text))),
            total=int(mask.sum()),
            terms=tuple(dict.fromkeys(streams.words)),
            read_as=read_as(query),
            relaxed=is_relaxed,
            facets=snapshot.facets(mask),
            state=snapshot.state,
        )

    def similar(
        self, text: str, *, title: str = "", limit: int, within: Filters = NO_FILTERS
    ) -> list[SearchHit]:
        """Return documents that resemble a ticket's text, best first."""
        snapshot = self._current()
        question = f"{title}\n{text}" if title else text
        scores, terms = snapshot.scores(_streams(question))
        numbers = snapshot.best(scores, snapshot.allowed(within) & (scores > 0), limit)
        return _hits(snapshot, numbers, scores, terms)

    @contextmanager
    def writer(self) -> Iterator[IndexWriter]:
        """Open a batch on the current generation."""
        with self._generations.locked():
            number = self._generations.current
            if not number or not newest_toc(self._generations.path(number)):
                raise IndexUnavailable("There is no index yet", retry_after_s=_RETRY_AFTER_S)
            # The batch unpickles what it reads: demand that it is ours.
            self._open(number).close()
            with _batch(self._generations.path(number), self._key) as batch:
                yield batch
        self._forget_check()

    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        """Open a batch on a new generation that replaces the current one on clean exit."""
        with self._generations.locked():
            number = self._generations.begin()
            folder = self._generations.path(number)
            try:
                create(folder, self._key)
                with _batch(folder, self._key) as batch:
                    yield batch
                self._verify(number, batch)
            except BaseException:
                self._generations.discard(number)
                raise
            self._generations.switch(number)
        self._forget_check()

    def rollback(self) -> IndexState:
        """Make the previous generation answer again."""
        with self._generations.locked():
            if previous := self._generations.previous:
                self._open(previous).close()
            number = self._generations.rollback()
        log.info("index_rolled_back", generation=number)
        self._forget_check()
        return self.state()

    def ids(self) -> dict[str, int]:
        """Return the revision of every document by id."""
        return self._current().ids()

    def state(self) -> IndexState:
        """Describe what answers now."""
        return self._current().state

    def ping(self) -> None:
        """Raise IndexUnavailable unless a search would be answered."""
        self._current()

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            if self._snapshot is not None:
                self._snapshot.close()
                self._snapshot = None

    def _verify(self, number: int, batch: Batch) -> None:
        snapshot = self._open(number)
        try:
            if snapshot.state.documents != batch.written:
                raise IndexCorrupt(
                    "The new index holds {found} documents instead of {expected}",
                    found=snapshot.state.documents,
                    expected=batch.written,
                )
        finally:
            snapshot.close()

    def _current(self) -> Snapshot:
        """Return the newest readable commit, looking for it at most once per interval."""
        with self._lock:
            now = time.monotonic()
            if self._snapshot is not None and now - self._checked_at < self._refresh_interval_s:
                return self._snapshot
            self._checked_at = now
            return self._refreshed()

    def _refreshed(self) -> Snapshot:
        number = self._generations.current
        held = self._snapshot
        is_fresh = (
            held is not None
            and held.generation == number
            and held.commit == newest_commit(self._generations.path(number))
        )
        if held is not None and is_fresh:
            return held
        # The old one is closed by its last reader's release of it (reference count).
        self._snapshot = None
        self._snapshot = self._open_best(number)
        return self._snapshot

    def _open_best(self, number: int) -> Snapshot:
        problem: Exception | None = None
        for candidate in dict.fromkeys((number, self._generations.previous)):
            if candidate:
                try:
                    return self._open(candidate)
                except IndexUnavailable as error:
                    problem = error
                    log.warning("index_generation_refused", generation=candidate, reason=str(error))
        if problem is not None:
            raise problem
        raise IndexUnavailable("There is no index yet", retry_after_s=_RETRY_AFTER_S)

    def _open(self, number: int) -> Snapshot:
        """Open a generation; a commit may replace its files at any moment, so try again."""
        folder = self._generations.path(number)
        for left in reversed(range(_OPEN_TRIES)):
            commit = newest_commit(folder)
            try:
                return Snapshot(folder, number, self._key)
            except Exception as error:
                # Whoosh has no one error for damage: it may be any.
                is_moving = newest_commit(folder) != commit
                if not left or not is_moving:
                    raise IndexUnavailable(
                        "Index generation {generation} does not open: {reason}",
                        generation=number,
                        reason=str(error) or type(error).__name__,
                        retry_after_s=_RETRY_AFTER_S,
                    ) from error
        raise AssertionError("unreachable")

    def _forget_check(self) -> None:
        self._checked_at = 0.0


@contextmanager
def _batch(folder: Path, key: bytes) -> Iterator[Batch]:
    batch = Batch(folder, key)
    try:
        yield batch
    except BaseException:
        batch.cancel()
        raise
    batch.commit()


def _streams(text: str) -> Streams:
    streams = analyze(text)
    return streams if streams.words or streams.chars else analyze(text, keep_stop=True)


def _hits(
    snapshot: Snapshot,
    numbers: Numbers,
    scores: Weights,
    terms: Sequence[recipe.QueryTerm],
    marks: Highlighter | None = None,
) -> list[SearchHit]:
    hits = []
    for number in numbers.tolist():
        document = snapshot.document(number)
        hits.append(
            SearchHit(
                document=document,
                score=round(float(scores[number]), 6),
                title_html=marks.title(document) if marks else "",
                snippet_html=marks.snippet(document) if marks else "",
                why=snapshot.why(number, terms),
            )
        )
    return hits
