"""Writes articles and tickets to files that an import takes back byte for byte."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
import structlog

from kbservice import __version__
from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.errors import InvalidInput
from kbservice.files import sha256_of, sync_folder, write_durably
from kbservice.services.export_rows import article_row, ticket_row
from kbservice.services.progress import NullProgress, Progress
from kbservice.store import audit, streams
from kbservice.store.database import Database
from kbservice.vault import Vault

log = structlog.get_logger(__name__)

What = Literal["articles", "tickets", "all"]
MANIFEST = "MANIFEST.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """One written file."""

    name: str
    records: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What was written where."""

    folder: Path
    files: tuple[ExportedFile, ...]
    with_contacts: bool

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON-ready data."""
        return {
            "folder": str(self.folder),
            "with_contacts": self.with_contacts,
            "files": [_manifest_entry(file) for file in self.files],
        }


class Exporting:
    """Copies the store's content into a folder."""

    def __init__(self, *, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def write(
        self,
        folder: Path,
        what: What = "all",
        *,
        with_contacts: bool = False,
        progress: Progress | None = None,
        principal: Principal,
    ) -> ExportReport:
        """Write ``articles.jsonl``, ``tickets.jsonl`` and a manifest with their checksums.

        Args:
            folder: Made if missing; files of an earlier export are replaced.
            what: Which of the two.
            with_contacts: Requesters and wording unmasked; an audited act of an admin.
            progress: Told after each record.
            principal: Who exports.

        Raises:
            NotPermitted: The role does not allow it.
            InvalidInput: The folder cannot be made.
        """
        principal.demand(Role.ADMIN if with_contacts else Role.LEAD)
        progress = progress or NullProgress()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput.of("folder", "a folder that can be written", folder) from error
        self._record(folder, what, principal, with_contacts=with_contacts)
        files = []
        if what != "tickets":
            files.append(self._articles(folder, progress))
        if what != "articles":
            files.append(self._tickets(folder, progress, with_contacts=with_contacts))
        manifest = {
            "format": _FORMAT,
            "kbservice": __version__,
            "with_contacts": with_contacts,
            "files": [_manifest_entry(file) for file in files],
        }
        write_durably(
            folder / MANIFEST,
            orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
            mode=0o600,
        )
        return ExportReport(folder=folder, files=tuple(files), with_contacts=with_contacts)

    def _articles(self, folder: Path, progress: Progress) -> ExportedFile:
        with self._database.reading() as session:
            progress.stage("articles", streams.count_articles(session))
            rows = (article_row(article) for article in streams.all_articles(session))
            return _write_lines(folder / "articles.jsonl", rows, progress)

    def _tickets(self, folder: Path, progress: Progress, *, with_contacts: bool) -> ExportedFile:
        vault = self._vault if with_contacts else None
        with self._database.reading() as session:
            progress.stage("tickets", streams.count_tickets(session))
            rows = (ticket_row(ticket, vault) for ticket in streams.all_tickets(session))
            return _write_lines(folder / "tickets.jsonl", rows, progress)

    def _record(
        self, folder: Path, what: str, principal: Principal, *, with_contacts: bool
    ) -> None:
        with self._database.transaction() as session:
            audit.append(
                session,
                actor=principal.name,
                action="contacts_exported" if with_contacts else "exported",
                subject=f"export:{what}",
                facts={"folder": str(folder)},
                now=self._clock.now(),
            )


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]], progress: Progress) -> ExportedFile:
    """Write one JSON object a line; the old file stays until the new one is whole."""
    records = 0
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            for row in rows:
                stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
                records += 1
                progress.advance()
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return ExportedFile(
        name=path.name, records=records, size_bytes=path.stat().st_size, sha256=sha256_of(path)
    )


def _manifest_entry(file: ExportedFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "records": file.records,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
    }
