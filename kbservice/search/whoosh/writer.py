"""One batch of changes on one generation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from whoosh.index import FileIndex
from whoosh.writing import MERGE_SMALL

from kbservice.search import recipe
from kbservice.search.documents import SearchDocument
from kbservice.search.whoosh.schema import META_ID, make_schema, postings_of
from kbservice.search.whoosh.storage import SignedStorage
from kbservice.text.tokens import FINGERPRINT

# Documents held back, so that a new generation learns field lengths before the first is weighed.
_SAMPLE = 2000
# Posting pool of the writer; a smaller one spills to sorted runs on disk.
_MEMORY_MB = 256


def create(folder: Path, key: bytes) -> None:
    """Write an empty index into a new generation's folder."""
    FileIndex.create(SignedStorage(folder, key), make_schema(), "MAIN")


class Batch:
    """Collects changes; nothing is visible before ``commit``.

    A document is analyzed before Whoosh sees it: a failure in the middle of Whoosh's own
    ``add_document`` would leak postings into the next document.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._storage = SignedStorage(folder, key)
        self._index = FileIndex(self._storage, indexname="MAIN")
        self._writer: Any = self._index.writer(limitmb=_MEMORY_MB)
        self._reader = self._index.reader()
        meta = meta_of(self._reader)
        self._lengths = recipe.Lengths(meta.get("lengths"))
        self._sequence = int(meta.get("sequence") or 0)
        self._waiting: dict[str, tuple[SearchDocument, recipe.TermCounts]] = {}
        self._revisions: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._is_changed = not meta

    @property
    def written(self) -> int:
        """How many different documents this batch holds."""
        return sum(1 for revision in self._revisions.values() if revision)

    def put(self, document: SearchDocument) -> None:
        """Add the document, or replace the one of the same id unless that is newer."""
        if self._revision(document.id) > document.revision:
            return
        self._waiting[document.id] = (document, recipe.TermCounts.of(document))
        self._revisions[document.id] = document.revision
        if len(self._waiting) >= _SAMPLE:
            self._flush()

    def remove(self, document_id: str) -> None:
        """Take the document out; unknown ids are ignored."""
        self._waiting.pop(document_id, None)
        if self._revision(document_id):
            self._writer.delete_by_term("id", document_id)
            self._forget_flushed(document_id)
            self._revisions[document_id] = 0
            self._is_changed = True

    def mark(self, sequence: int) -> None:
        """Store the last outbox sequence inside the commit."""
        if sequence > self._sequence:
            self._sequence = sequence
            self._is_changed = True

    def commit(self) -> None:
        """Make everything visible together and durable."""
        self._flush()
        if not self._is_changed:
            self.cancel()
            return
        self._replace_meta()
        self._reader.close()
        self._writer.commit(mergetype=self._merged)

    def cancel(self) -> None:
        """Forget everything."""
        self._reader.close()
        self._writer.cancel()

    def _merged(self, writer: Any, segments: list[Any]) -> list[Any]:
        """Merge small segments as Whoosh does, and tell the storage what will be left."""
        kept: list[Any] = MERGE_SMALL(writer, segments)
        names = {segment.segment_id() for segment in (*kept, writer.newsegment)}
        self._storage.segments = frozenset(names)
        return kept

    def _revision(self, document_id: str) -> int:
        if document_id not in self._revisions:
            stored = stored_of(self._reader, document_id)
            self._revisions[document_id] = int(stored["revision"]) if stored else 0
        return self._revisions[document_id]

    def _flush(self) -> None:
        if not self._waiting:
            return
        for _, counts in self._waiting.values():
            self._lengths.learn(counts)
        averages = self._lengths.averages()
        for document, counts in self._waiting.values():
            self._forget_flushed(document.id)
            self._numbers[document.id] = self._writer.docnum
            self._writer.update_document(**postings_of(document, counts, averages))
        self._waiting.clear()
        self._is_changed = True

    def _forget_flushed(self, document_id: str) -> None:
        """Delete what this batch wrote already: Whoosh looks only into finished segments."""
        number = self._numbers.pop(document_id, None)
        if number is not None:
            self._writer.newsegment.delete_document(number)

    def _replace_meta(self) -> None:
        meta: dict[str, Any] = {
            "sequence": self._sequence,
            "lengths": self._lengths.totals,
            "analyzer": FINGERPRINT,
        }
        self._writer.update_document(id=META_ID, revision=0, data=orjson.dumps(meta))


def meta_of(reader: Any) -> dict[str, Any]:
    """Return the record that rides in every commit: sequence, field lengths, analyzer."""
    stored = stored_of(reader, META_ID)
    return {} if stored is None else dict(orjson.loads(stored["data"]))


def stored_of(reader: Any, document_id: str) -> dict[str, Any] | None:
    """Return a document's stored fields by its id."""
    if ("id", document_id) not in reader:
        return None
    matcher = reader.postings("id", document_id)
    return dict(reader.stored_fields(matcher.id())) if matcher.is_active() else None
