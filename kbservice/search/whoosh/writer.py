"""One batch of changes on one generation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from kbservice.search import recipe
from kbservice.search.documents import SearchDocument
from kbservice.search.naming import folded_id
from kbservice.search.whoosh import tiers
from kbservice.search.whoosh.building import Build, sweep
from kbservice.search.whoosh.commits import Commit, SignedStorage
from kbservice.search.whoosh.inversion import Inverter
from kbservice.search.whoosh.merging import GONE, Map, merge, renumbered
from kbservice.search.whoosh.part import save
from kbservice.search.whoosh.schema import stored_fields
from kbservice.search.whoosh.segment import Segment
from kbservice.text.tokens import FINGERPRINT

log = structlog.get_logger(__name__)


class Batch:
    """Collects changes; nothing is visible before ``commit``."""

    def __init__(
        self, folder: Path, key: bytes, commit: Commit, segments: Sequence[Segment]
    ) -> None:
        """Start from a commit, whose segments are open."""
        self._storage = SignedStorage(folder, key)
        self._folder = folder
        self._commit = commit
        self._stocks = {stock.segment_id(): stock for stock in commit.segments}
        self._segments = {segment.name: segment for segment in segments}
        self._sequence = commit.meta.sequence
        self._lengths = recipe.Lengths(commit.meta.lengths)
        self._waiting: dict[str, SearchDocument] = {}
        self._removed: dict[str, set[int]] = {}
        self._is_changed = False
        sweep(folder)

    def put(self, document: SearchDocument) -> None:
        """Add the document, or replace the one of the same id unless that is newer."""
        if self._revision(document.id) <= document.revision:
            self._waiting[document.id] = document

    def remove(self, document_id: str) -> None:
        """Take the document out; unknown ids are ignored."""
        self._waiting.pop(document_id, None)
        self._forget(document_id)

    def mark(self, sequence: int) -> None:
        """Store the last outbox sequence inside the commit."""
        if sequence > self._sequence:
            self._sequence = sequence
            self._is_changed = True

    def commit(self) -> None:
        """Make everything visible together and durable."""
        added = self._added()
        if not (added or self._removed or self._is_changed):
            return
        for name, numbers in self._removed.items():
            for number in numbers:
                self._stocks[name].delete_document(number)
        self._write([*self._stocks.values(), *added])

    def mend(self, documents_of: Segment) -> None:
        """Write a segment's impact file anew from its stored documents."""
        inverter = Inverter()
        for document in documents_of.documents():
            inverter.add(document)
        unfinished = documents_of.path.with_suffix(".tmp")
        save(inverter.finish(self._lengths.averages()), unfinished)
        unfinished.rename(documents_of.path)
        self._is_changed = True
        log.warning("impact_file_mended", segment=documents_of.name)

    def replace(self, sources: Sequence[Segment], merged: Any, maps: Sequence[Map]) -> bool:
        """Put a merged segment in the place of its sources; tell whether they are still there.

        Documents deleted since the merge began are deleted in the merged segment.
        """
        if any(source.name not in self._stocks for source in sources):
            return False
        for source, numbers in zip(sources, maps, strict=True):
            for number in self._stocks.pop(source.name).deleted_docs():
                if numbers[number] != GONE:
                    merged.delete_document(int(numbers[number]))
        self._stocks[merged.segment_id()] = merged
        self._is_changed = True
        return True

    def due_merge(self) -> list[Segment]:
        """Return the segments that should become one, none if they are few enough."""
        sizes = {
            name: (stock.doc_count_all(), stock.deleted_count())
            for name, stock in self._stocks.items()
        }
        return [self._segments[name] for name in tiers.due(sizes) if name in self._segments]

    def _added(self) -> list[Any]:
        """Write the waiting documents as a segment."""
        if not self._waiting:
            return []
        inverter = Inverter()
        for document in self._waiting.values():
            self._forget(document.id)
            inverter.add(document)
        for stream, field, sizes in inverter.lengths():
            self._lengths.learn(stream, field, sizes.tolist())
        part = inverter.finish(self._lengths.averages())
        with Build(self._folder) as build:
            save(part, build.impacts)
            stored = (stored_fields(document) for document in self._waiting.values())
            segment = build.finish(self._commit.schema, stored)
            build.adopt()
        return [segment]

    def _write(self, stocks: Sequence[Any]) -> None:
        left = [stock for stock in stocks if stock.doc_count_all() > stock.deleted_count()]
        meta = replace(
            self._commit.meta,
            sequence=self._sequence,
            lengths=self._lengths.totals,
            analyzer=FINGERPRINT,
        )
        self._storage.commit(self._commit.number + 1, self._commit.schema, left, meta)

    def _revision(self, document_id: str) -> int:
        if document_id in self._waiting:
            return self._waiting[document_id].revision
        for segment, number in self._places(document_id):
            return int(segment.part.revisions[number])
        return 0

    def _forget(self, document_id: str) -> None:
        for segment, number in self._places(document_id):
            self._removed.setdefault(segment.name, set()).add(number)

    def _places(self, document_id: str) -> list[tuple[Segment, int]]:
        found: list[tuple[Segment, int]] = []
        wanted = folded_id(document_id)
        for name, segment in self._segments.items():
            found += [
                (segment, number)
                for number in segment.part.named(wanted)
                if not self._stocks[name].is_deleted(number)
                and number not in self._removed.get(name, ())
                and segment.part.ids[number].decode() == document_id
            ]
        return found


def merge_segments(
    build: Build, commit: Commit, sources: Sequence[Segment]
) -> tuple[Any, list[Map]]:
    """Build one segment from several; return it and where each document went."""
    stocks = {stock.segment_id(): stock for stock in commit.segments}
    kept = []
    for source in sources:
        mask = np.ones(source.part.size, dtype=np.bool_)
        mask[list(stocks[source.name].deleted_docs())] = False
        kept.append(mask)
    maps = renumbered(kept)
    merge([source.part for source in sources], maps, build.impacts)
    stored = (
        source.stored(number)
        for source, mask in zip(sources, kept, strict=True)
        for number in np.flatnonzero(mask).tolist()
    )
    return build.finish(commit.schema, stored), maps
