"""Finds what is wrong with an instance, and repairs what can be derived anew."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kbservice.domain.account import Principal
from kbservice.errors import KbServiceError
from kbservice.services.heartbeat import Heartbeat
from kbservice.services.indexing import Indexing
from kbservice.store import audit
from kbservice.store.database import Database

Faults = Callable[[], Iterable[str]]
"""Yields what is wrong, nothing where all is well."""

_LOW_DISK_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One examined part: what was seen and whether it is well."""

    part: str
    is_ok: bool
    message: str


class Doctor:
    """Examines the store, the index, the classifier, the worker and the files."""

    def __init__(
        self,
        *,
        database: Database,
        indexing: Indexing,
        learned: Mapping[str, Faults],
        heartbeat: Heartbeat,
        instance_dir: Path,
    ) -> None:
        """Keep what to examine.

        Args:
            database: The store.
            indexing: The index.
            learned: By name, what says what is wrong with a part that learns.
            heartbeat: The worker.
            instance_dir: Folder of keys and database.
        """
        self._database = database
        self._indexing = indexing
        self._learned = learned
        self._heartbeat = heartbeat
        self._instance_dir = instance_dir

    def check(self) -> list[Finding]:
        """Examine every part; never raises for a part that is ill."""
        examinations: dict[str, Faults] = {
            "database": self._database_faults,
            "audit": self._audit_faults,
            "index": self._index_faults,
            "outbox": self._outbox_faults,
            **self._learned,
            "worker": self._worker_faults,
            "keys": self._key_faults,
            "disk": self._disk_faults,
        }
        return [_finding(part, examine) for part, examine in examinations.items()]

    def repair(self, principal: Principal) -> list[Finding]:
        """Rebuild an index that does not open, queue what differs or failed, and examine again."""
        self._indexing.retry_parked(principal)
        try:
            self._indexing.repair()
            while self._indexing.drain():
                pass
        except KbServiceError:
            self._indexing.rebuild()
        return self.check()

    def _database_faults(self) -> Iterator[str]:
        self._database.check_schema()
        yield from ()

    def _audit_faults(self) -> Iterator[str]:
        with self._database.reading() as session:
            broken = audit.verify(session)
        if broken is not None:
            yield f"audit entry {broken} does not fit the one before it"

    def _index_faults(self) -> Iterator[str]:
        status = self._indexing.status()
        if status.state is None:
            yield status.error
            return
        if status.state.stands_in_for:
            yield (
                f"generation {status.state.stands_in_for} is damaged; generation "
                f"{status.state.generation} answers until the worker has built a new one"
            )
        diff = self._indexing.compare()
        for name in ("missing", "stale", "extra"):
            if ids := getattr(diff, name):
                yield f"{len(ids)} documents {name}: {', '.join(ids[:5])}"
        if not status.state.whole:
            yield "files that rank are damaged or missing; the worker makes them anew"

    def _outbox_faults(self) -> Iterator[str]:
        status = self._indexing.status()
        if status.parked:
            yield f"{status.parked} changes could not be indexed and are parked"

    def _worker_faults(self) -> Iterator[str]:
        if not self._heartbeat.is_alive:
            age_s = self._heartbeat.age_s()
            yield "no sign of life yet" if age_s is None else f"last sign of life {age_s:.0f} s ago"

    def _key_faults(self) -> Iterator[str]:
        for path in sorted((self._instance_dir / "keys").iterdir()):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                yield f"{path.name} is readable by others (mode {mode:o})"

    def _disk_faults(self) -> Iterator[str]:
        free = shutil.disk_usage(self._instance_dir).free
        if free < _LOW_DISK_BYTES:
            yield f"only {free // 1024**2} MB are free"


def _finding(part: str, examine: Faults) -> Finding:
    try:
        faults = list(examine())
    except (KbServiceError, OSError) as error:
        faults = [str(error)]
    return Finding(part=part, is_ok=not faults, message="; ".join(faults) or "ok")
