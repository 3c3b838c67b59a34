"""A whole generation built at once: spooled, analyzed in chunks by two processes, merged.

Documents go to a spool first, in chunks. Each chunk becomes an impact file named after its
content, so that a rebuild after a crash, a kill or a cancel takes up what was finished. Each
process then merges half of the chunks into one segment. Nothing but a chunk, or a range of
the keys of a segment, is in memory at a time.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import orjson

from kbservice.files import write_durably
from kbservice.search import recipe
from kbservice.search.documents import SearchDocument
from kbservice.search.engine import RebuildReport
from kbservice.search.whoosh.building import Build
from kbservice.search.whoosh.commits import Meta, SignedStorage
from kbservice.search.whoosh.inversion import Inverter
from kbservice.search.whoosh.merging import merge, renumbered
from kbservice.search.whoosh.part import FORMAT, load, save
from kbservice.search.whoosh.schema import make_schema, pack, unpack
from kbservice.text.tokens import FINGERPRINT

CHUNK: Final = 1000
_SAMPLE: Final = 2000
_PROCESSES: Final = 2
_WORTHWHILE: Final = 4  # chunks
_POLL_S: Final = 0.2
_LENGTHS: Final = "lengths.json"
_NICENESS: Final = 10


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Documents on disk, one a line, without those taken out later."""

    path: Path
    count: int
    gone: tuple[str, ...] = ()

    def lines(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            for line in file:
                if not self.gone or orjson.loads(line)["id"] not in self.gone:
                    yield line

    def part_path(self, lengths: bytes) -> Path:
        """Return the name that this content and these lengths give to an impact file."""
        facts = "|".join((self.path.stem, *self.gone, FORMAT, FINGERPRINT, recipe.FINGERPRINT))
        name = hashlib.sha256(facts.encode() + lengths).hexdigest()[:32]
        return self.path.with_name(f"{name}.imp")


class Rebuild:
    """Collects the documents of a new generation; nothing is indexed before ``finish``.

    A document put twice is there once, as it was put last.
    """

    def __init__(self, spool: Path, report: RebuildReport) -> None:
        """Collect into a folder, which may hold the finished chunks of an earlier attempt."""
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._spool = spool
        self._report = report
        self._waiting: dict[str, bytes] = {}
        self._chunks: list[tuple[Path, int]] = []
        self._homes: dict[str, int] = {}
        self._gone: dict[int, set[str]] = {}
        self._sequence = 0
        self.revisions: dict[str, int] = {}

    def put(self, document: SearchDocument) -> None:
        """Add the document, or replace the one of the same id unless that is newer."""
        if self.revisions.get(document.id, 0) > document.revision:
            return
        self.remove(document.id)
        line = pack(document)
        self.revisions[document.id] = document.revision
        self._homes[document.id] = len(self._chunks)
        self._waiting[document.id] = line
        if len(self._waiting) >= CHUNK:
            self._flush()

    def remove(self, document_id: str) -> None:
        """Take the document out; unknown ids are ignored."""
        if self.revisions.pop(document_id, None) is None:
            return
        home = self._homes.pop(document_id)
        if self._waiting.pop(document_id, None) is None:
            self._gone.setdefault(home, set()).add(document_id)

    def mark(self, sequence: int) -> None:
        """Store the last outbox sequence inside the commit."""
        self._sequence = max(self._sequence, sequence)

    def finish(self, folder: Path, key: bytes) -> None:
        """Write the generation into its empty folder."""
        self._flush()
        chunks = [
            _Chunk(path, count, tuple(sorted(self._gone.get(number, ()))))
            for number, (path, count) in enumerate(self._chunks)
        ]
        lengths: _Totals = {}
        segments = []
        if chunks:
            with _Workers(len(chunks)) as workers:
                lengths = self._lengths(workers, chunks)
                parts = self._parts(workers, chunks, lengths)
                segments = self._segments(workers, folder, chunks, parts)
        meta = Meta(
            sequence=self._sequence,
            lengths=recipe.Lengths(lengths).totals,
            analyzer=FINGERPRINT,
            built_at=datetime.now(UTC).isoformat(),
        )
        SignedStorage(folder, key).commit(1, make_schema(), segments, meta)

    def _parts(self, workers: _Workers, chunks: Sequence[_Chunk], lengths: _Totals) -> list[Path]:
        """Analyze the chunks that were not analyzed before."""
        total = len(self.revisions)
        fingerprint = orjson.dumps(lengths, option=orjson.OPT_SORT_KEYS)
        parts = [chunk.part_path(fingerprint) for chunk in chunks]
        waiting = {
            workers.submit(_analyze, chunk, part, lengths): chunk.count
            for chunk, part in zip(chunks, parts, strict=True)
            if not part.exists()
        }
        workers.wait(waiting, lambda left: self._report("analyze", total - left, total))
        return parts

    def _segments(
        self, workers: _Workers, folder: Path, chunks: Sequence[_Chunk], parts: Sequence[Path]
    ) -> list[Any]:
        """Merge the chunks into one segment per process."""
        cuts = [len(chunks) * i // workers.count for i in range(workers.count + 1)]
        waiting = {
            workers.submit(_merge, folder, chunks[a:b], parts[a:b]): sum(
                chunk.count for chunk in chunks[a:b]
            )
            for a, b in pairwise(cuts)
        }
        total = len(self.revisions)
        workers.wait(waiting, lambda left: self._report("merge", total - left, total))
        return [finished.result() for finished in waiting]

    def _flush(self) -> None:
        if self._waiting:
            content = b"".join(line + b"\n" for line in self._waiting.values())
            path = self._spool / f"{hashlib.sha256(content).hexdigest()[:32]}.jsonl"
            write_durably(path, content, mode=0o600)
            self._chunks.append((path, len(self._waiting)))
            self._waiting = {}

    def _lengths(self, workers: _Workers, chunks: Sequence[_Chunk]) -> _Totals:
        """Return the field lengths of an even sample, or those of the attempt to be resumed."""
        path = self._spool / _LENGTHS
        if path.exists() and len(chunks) > 1:
            found: _Totals = orjson.loads(path.read_bytes())
            return found
        step = max(1, len(self.revisions) // _SAMPLE)
        sample = workers.submit(_measure, chunks, step)
        total = len(self.revisions)
        workers.wait({sample: total}, lambda _: self._report("analyze", 0, total))
        lengths: _Totals = sample.result()
        write_durably(path, orjson.dumps(lengths), mode=0o600)
        return lengths


_Totals = recipe.LengthTotals


class _Workers:
    """Two processes, or a thread where there is too little to do for them."""

    def __init__(self, chunks: int) -> None:
        # To start a process takes about as long as a chunk.
        self.count = _PROCESSES if chunks >= _WORTHWHILE else 1
        self._pool: Executor = ThreadPoolExecutor(1)
        if self.count > 1:
            # Started anew: a fork of a process with threads may inherit a held lock.
            context = multiprocessing.get_context("spawn")
            # Searches go first: a rebuild would take both cores of a small machine.
            self._pool = ProcessPoolExecutor(
                self.count, mp_context=context, initializer=os.nice, initargs=(_NICENESS,)
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self._pool.submit(work, *arguments)

    def wait(self, work: Mapping[Future[Any], int], tick: Callable[[int], None]) -> None:
        """Wait for all; ``tick`` is told how much is left, every 0.2 s, and may raise."""
        unfinished = set(work)
        while unfinished:
            tick(sum(work[future] for future in unfinished))
            finished, unfinished = wait(unfinished, _POLL_S, FIRST_COMPLETED)
            for future in finished:
                future.result()
        tick(0)


def _measure(chunks: Sequence[_Chunk], step: int) -> _Totals:
    inverter = Inverter()
    for line in islice((line for chunk in chunks for line in chunk.lines()), 0, None, step):
        inverter.add(unpack(line))
    lengths = recipe.Lengths()
    for stream, field, sizes in inverter.lengths():
        lengths.learn(stream, field, sizes.tolist())
    return lengths.totals


def _analyze(chunk: _Chunk, path: Path, lengths: _Totals) -> None:
    inverter = Inverter()
    for line in chunk.lines():
        inverter.add(unpack(line))
    unfinished = path.with_suffix(".tmp")
    save(inverter.finish(recipe.Lengths(lengths).averages()), unfinished)
    unfinished.rename(path)


def _merge(folder: Path, chunks: Sequence[_Chunk], paths: Sequence[Path]) -> Any:
    parts = [load(path) for path in paths]
    maps = renumbered([np.ones(part.size, dtype=np.bool_) for part in parts])
    with Build(folder) as build:
        merge(parts, maps, build.impacts)
        segment = build.finish(make_schema(), _stored(chunks))
        build.adopt()
    return segment


def _stored(chunks: Sequence[_Chunk]) -> Iterator[dict[str, Any]]:
    for chunk in chunks:
        for line in chunk.lines():
            facts = orjson.loads(line)
            data = line.rstrip(b"\n").decode()
            yield {"id": facts["id"], "revision": facts["revision"], "data": data}
