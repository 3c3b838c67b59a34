"""Search over Whoosh segments, scored by our own formula."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from kbservice.errors import IndexCorrupt, IndexUnavailable, NotFound
from kbservice.search import recipe
from kbservice.search.documents import (
    NO_FILTERS,
    Filters,
    IndexState,
    SearchHit,
    SearchPage,
    SearchQuery,
)
from kbservice.search.engine import IndexWriter, RebuildReport
from kbservice.search.explaining import reasons
from kbservice.search.matching import named_documents, names, positive_text, streams_of
from kbservice.search.planner import selected
from kbservice.search.snippets import Highlighter
from kbservice.search.syntax import read_as
from kbservice.search.whoosh import golden
from kbservice.search.whoosh.building import Build
from kbservice.search.whoosh.current import Current
from kbservice.search.whoosh.generations import Generations
from kbservice.search.whoosh.reading import SnapshotReader, hits_of
from kbservice.search.whoosh.rebuild import Rebuild
from kbservice.search.whoosh.snapshot import NONE
from kbservice.search.whoosh.snapshots import open_snapshot
from kbservice.search.whoosh.view import MaskView
from kbservice.search.whoosh.warming import compile_kernels, touch
from kbservice.search.whoosh.writer import Batch, merge_segments

log = structlog.get_logger(__name__)

_RETRY_AFTER_S: Final = 2
_SPOOL: Final = "spool"
_CLOSE_WAIT_S: Final = 5.0


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report nothing."""


class WhooshEngine:
    """The default engine: one folder of generations, readable by any number of processes."""

    def __init__(
        self, folder: Path, *, refresh_interval_s: float, key: bytes, lock_wait_s: float = 5.0
    ) -> None:
        self._folder = folder
        self._generations = Generations(folder, lock_wait_s)
        self._key = key
        self._current = Current(self._generations, key, refresh_interval_s)
        self._merging: threading.Thread | None = None
        self._is_closed = False

    def search(self, query: SearchQuery) -> SearchPage:
        """Return one page of hits, best first."""
        snapshot = self._current.snapshot()
        text = positive_text(query)
        streams = streams_of(text)
        view = MaskView(snapshot, query.filters)
        found = selected(query, view)
        ids = names(query)
        named = np.flatnonzero(named_documents(ids, view) & found.docs) if ids else NONE
        terms = snapshot.query_terms(streams)
        start = 0 if query.after else (query.page - 1) * query.size
        # One more than is shown tells whether there are further ones.
        limit = start + query.size + 1
        if query.after:
            numbers, scores = snapshot.behind(
                query.after, terms, found.docs, query.sort, limit, named
            )
        else:
            numbers, scores = snapshot.page(terms, found.docs, query.sort, limit, named)
        shown = slice(start, start + query.size)
        is_last = numbers.size <= start + query.size
        hits = hits_of(snapshot, numbers[shown], scores[shown], Highlighter(text))
        if query.explain:
            averages = recipe.Lengths(snapshot.commit.meta.lengths).averages()
            hits = [replace(hit, why=reasons(hit.document, terms, averages, ids)) for hit in hits]
        return SearchPage(
            hits=tuple(hits),
            more_after=None
            if is_last or not hits
            else snapshot.sort_key(int(numbers[shown][-1]), float(scores[shown][-1]), query.sort),
            total=int(np.count_nonzero(found.docs)),
            terms=tuple(dict.fromkeys(streams.words or streams.chars)),
            read_as=read_as(query),
            relaxed=found.relaxed,
            relaxation=found.how,
            dropped=found.dropped,
            facets=snapshot.facets(found.docs),
            state=snapshot.state,
        )

    def similar(
        self, text: str, *, title: str = "", limit: int, within: Filters = NO_FILTERS
    ) -> list[SearchHit]:
        """Return documents that resemble a ticket's text, best first."""
        reader = SnapshotReader(self._current.snapshot())
        return reader.similar(text, title=title, limit=limit, within=within)

    @contextmanager
    def writer(self) -> Iterator[IndexWriter]:
        """Open a batch on the current generation."""
        with self._generations.locked():
            batch = self._batch()
            yield batch
            batch.commit()
            due = batch.due_merge()
        self._current.forget_check()
        if due:
            self._start_merging()

    @contextmanager
    def rebuild(self, report: RebuildReport = _silent) -> Iterator[IndexWriter]:
        """Open a batch on a new generation that replaces the current one on clean exit."""
        with self._generations.locked():
            number = self._generations.begin()
            folder = self._generations.path(number)
            rebuild = Rebuild(self._folder / _SPOOL, report)
            try:
                yield rebuild
                rebuild.finish(folder, self._key)
                total = len(rebuild.revisions)
                report("verify", 0, total)
                golden.verify(open_snapshot(folder, number, self._key, ()), rebuild.revisions)
                report("verify", total, total)
            except BaseException:
                self._generations.discard(number)
                raise
            self._generations.switch(number)
            shutil.rmtree(self._folder / _SPOOL, ignore_errors=True)
        self._current.forget_check()

    def previous(self) -> int:
        """Return the generation that a rollback would make current, 0 if none is kept."""
        return self._generations.previous

    def rollback(self) -> IndexState:
        """Make the previous generation answer again."""
        with self._generations.locked():
            if previous := self._generations.previous:
                self._demand_sound(previous)
            number = self._generations.rollback()
        log.info("index_rolled_back", generation=number)
        self._current.forget_check()
        return self.state()

    def kept(self, generation: int) -> SnapshotReader:
        """Return a reader of the current generation, or of an older one that is kept."""
        if generation not in self._generations.numbers():
            raise NotFound("Index generation {generation} is no longer kept", generation=generation)
        return SnapshotReader(self._current.open(generation))

    def ids(self) -> dict[str, int]:
        """Return the revision of every document by id."""
        return self._current.snapshot().ids()

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Yield every term of the word stream with its document frequency, in no order."""
        return self._current.snapshot().vocabulary()

    def holds(self, term: str, within: Filters) -> bool:
        """Tell whether a document that passes the filters has a term of the word stream."""
        return bool(MaskView(self._current.snapshot(), within).having("words", term).any())

    def state(self) -> IndexState:
        """Describe what answers now."""
        return self._current.snapshot().state

    def ping(self) -> None:
        """Raise IndexUnavailable unless a search would be answered."""
        self._current.snapshot()

    def inspect(self) -> None:
        """Look whether the opened files are still whole."""
        self._current.inspect()

    def warm(self) -> None:
        """Compile the kernels and read the index once."""
        compile_kernels()
        touch(segment.part for segment in self._current.snapshot().segments)

    def close(self) -> None:
        """Let go of the files; a merge under way is left to the next process."""
        self._is_closed = True
        if self._merging is not None:
            self._merging.join(_CLOSE_WAIT_S)
        self._current.close()

    def _demand_sound(self, number: int) -> None:
        try:
            self._current.open(number)
        except IndexUnavailable as error:
            # Unlike the current one, nothing mends it: to try again is in vain.
            facts = {name: value for name, value in error.facts.items() if name != "retry_after_s"}
            raise IndexCorrupt(error.message, **facts) from error

    def _batch(self) -> Batch:
        number = self._generations.current
        if not number:
            raise IndexUnavailable("There is no index yet", retry_after_s=_RETRY_AFTER_S)
        folder = self._generations.path(number)
        snapshot = self._current.open(number)
        batch = Batch(folder, self._key, snapshot.commit, snapshot.segments)
        for segment in snapshot.segments:
            if not segment.is_whole:
                batch.mend(segment)
        return batch

    def _start_merging(self) -> None:
        if self._merging is None or not self._merging.is_alive():
            self._merging = threading.Thread(target=self._merge, name="index merge", daemon=True)
            self._merging.start()

    def _merge(self) -> None:
        """Merge while readers read and batches are committed; then commit the merged segment."""
        try:
            while not self._is_closed and self._merge_once():
                pass
        except Exception as error:  # noqa: BLE001  # the index is whole without the merge
            log.warning("index_merge_failed", error=repr(error))

    def _merge_once(self) -> bool:
        number = self._generations.current
        folder = self._generations.path(number)
        snapshot = self._current.open(number)
        sources = Batch(folder, self._key, snapshot.commit, snapshot.segments).due_merge()
        if not sources:
            return False
        with Build(folder) as build:
            merged, maps = merge_segments(build, snapshot.commit, sources)
            with self._generations.locked():
                if self._generations.current != number:
                    return False
                batch = self._batch()
                if not batch.replace(sources, merged, maps):
                    return True
                build.adopt()
                batch.commit()
        self._current.forget_check()
        return True
