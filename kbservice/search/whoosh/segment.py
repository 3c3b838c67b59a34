"""One opened segment: its impact file, its stored documents, its filter bitmaps."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np

from kbservice.search import filtering
from kbservice.search.documents import SearchDocument
from kbservice.search.whoosh import kernels
from kbservice.search.whoosh.commits import Fingerprint
from kbservice.search.whoosh.inversion import part_without_texts
from kbservice.search.whoosh.kernels import Mask
from kbservice.search.whoosh.part import SUFFIX, Part, load
from kbservice.search.whoosh.schema import unpack

_BITMAPS: Final = 64
_DOCUMENTS: Final = 4000


class Segment:
    """What does not change while a segment lives; shared by the snapshots that hold it."""

    def __init__(
        self,
        folder: Path,
        storage: Any,
        stock: Any,
        *,
        is_whole: bool,
        fingerprint: Fingerprint | None,
    ) -> None:
        """Open a segment; without its impact file, only what filters need is in ``part``."""
        self.name: str = stock.segment_id()
        self.is_whole = is_whole
        self.fingerprint = fingerprint
        self.path = folder / f"{self.name}{SUFFIX}"
        self._count: int = stock.doc_count_all()
        self._stored = stock.codec().per_document_reader(storage, stock)
        self._bitmaps: OrderedDict[tuple[str, str], Mask] = OrderedDict()
        self._documents: OrderedDict[int, SearchDocument] = OrderedDict()
        self._lock = Lock()
        # Searches that still use it keep it alive; the last one to let go closes the files.
        self.close = weakref.finalize(self, self._stored.close)
        if self._count:
            # Whoosh opens the file when it is first read; a merge may have deleted it by then.
            self.stored(0)
        self.part: Part = load(self.path) if is_whole else part_without_texts(self.documents())

    def stored(self, number: int) -> dict[str, Any]:
        """Return the stored fields of a document."""
        # Whoosh's files keep one read position each: one thread at a time.
        with self._lock:
            fields: dict[str, Any] = self._stored.stored_fields(number)
        return fields

    def document(self, number: int) -> SearchDocument:
        """Return a document; the latest ones are remembered."""
        with self._lock:
            found = self._documents.get(number)
        if found is None:
            found = unpack(self.stored(number)["data"])
            with self._lock:
                self._documents[number] = found
                if len(self._documents) > _DOCUMENTS:
                    self._documents.popitem(last=False)
        return found

    def documents(self) -> Iterator[SearchDocument]:
        """Yield every document, deleted ones too, in order."""
        return (unpack(self.stored(number)["data"]) for number in range(self._count))

    def having(self, field: str, values: Iterable[str]) -> Mask:
        """Return which documents have one of the folded values."""
        found = np.zeros(self.part.size, dtype=np.bool_)
        for value in values:
            found |= self._bitmap(field, value)
        return found

    def _bitmap(self, field: str, value: str) -> Mask:
        with self._lock:
            found = self._bitmaps.get((field, value))
        if found is None:
            starts, values = self.part.columns[field]
            names = self.part.values[field]
            wanted = np.array([filtering.folded(name) == value for name in names], dtype=np.bool_)
            found = np.zeros(self.part.size, dtype=np.bool_)
            if wanted.any():
                kernels.mark_values(starts, values, wanted, found)
            with self._lock:
                self._bitmaps[field, value] = found
                if len(self._bitmaps) > _BITMAPS:
                    self._bitmaps.popitem(last=False)
        return found
