"""Opening a commit: its segments, with impact files where they can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from whoosh.index import FileIndex

from kbservice.search.whoosh import compiled
from kbservice.search.whoosh.commits import Commit, SignedStorage, read_commit
from kbservice.search.whoosh.impact_postings import ImpactPostings
from kbservice.search.whoosh.part import SUFFIX
from kbservice.search.whoosh.postings import Mask, Postings
from kbservice.search.whoosh.segment import Segment
from kbservice.search.whoosh.snapshot import Snapshot
from kbservice.search.whoosh.stock_postings import StockPostings

log = structlog.get_logger(__name__)


def open_snapshot(
    folder: Path, generation: int, key: bytes, known: Sequence[Segment], stands_in_for: int = 0
) -> Snapshot:
    """Open the newest commit of a folder; segments that are known already are shared.

    Raises:
        IndexCorrupt: The commit is not ours or damaged beyond its impact files.
    """
    commit = read_commit(folder, key)
    storage = SignedStorage(folder, key)
    shared = {segment.name: segment for segment in known}
    segments = [
        _opened(folder, storage, stock, commit, shared.get(stock.segment_id()))
        for stock in commit.segments
    ]
    live = _live(commit)
    postings: Postings
    if compiled.AVAILABLE and all(segment.is_whole for segment in segments):
        postings = ImpactPostings([segment.part for segment in segments], live)
    else:
        log.warning("search_without_impacts", numba=compiled.AVAILABLE, damaged=[*commit.damaged])
        postings = StockPostings(_reader(storage, commit), live)
    return Snapshot(commit, generation, segments, postings, live, stands_in_for)


def _opened(
    folder: Path, storage: SignedStorage, stock: Any, commit: Commit, known: Segment | None
) -> Segment:
    name = stock.segment_id()
    is_whole = name not in commit.damaged
    fingerprint = commit.fingerprints[f"{name}{SUFFIX}"]
    # What was mended is another file of the same name.
    if known is not None and (known.is_whole, known.fingerprint) == (is_whole, fingerprint):
        return known
    return Segment(folder, storage, stock, is_whole=is_whole, fingerprint=fingerprint)


def _live(commit: Commit) -> Mask:
    masks = [np.zeros(0, dtype=np.bool_)]
    for stock in commit.segments:
        mask = np.ones(stock.doc_count_all(), dtype=np.bool_)
        mask[list(stock.deleted_docs())] = False
        masks.append(mask)
    return np.concatenate(masks)


def _reader(storage: SignedStorage, commit: Commit) -> Any:
    return FileIndex._reader(  # noqa: SLF001  # of this commit, not the newest
        storage, commit.schema, commit.segments, commit.number
    )
