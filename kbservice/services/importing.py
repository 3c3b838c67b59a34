"""Brings articles and tickets in from files: repeatable, and nothing silently lost.

An import starts no clocks and sends no messages. A bad row is reported and the rest goes
in, in batches of one transaction each together with their outbox rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.errors import KbServiceError
from kbservice.services.article_import import ArticleImport
from kbservice.services.columns import ARTICLE_COLUMNS, TICKET_COLUMNS, Columns
from kbservice.services.import_report import ImportReport
from kbservice.services.labels import Labels
from kbservice.services.profiles import ProfileBook
from kbservice.services.progress import NullProgress, Progress
from kbservice.services.rows import BadRow, Row, read_rows
from kbservice.services.ticket_import import TicketImport
from kbservice.store import audit
from kbservice.store.database import Database
from kbservice.vault import Vault

log = structlog.get_logger(__name__)

_BATCH = 500

RowImport = Callable[[Session, Row, ImportReport], None]


class Importing:
    """Reads files of articles and tickets into the store."""

    def __init__(
        self,
        *,
        database: Database,
        profiles: ProfileBook,
        vault: Vault,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._profiles = profiles
        self._vault = vault
        self._clock = clock
        self._zone = zone

    def articles(
        self,
        path: Path,
        *,
        publish: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
        principal: Principal,
    ) -> ImportReport:
        """Import a file (or folder of text documents) of articles.

        Args:
            path: JSONL, JSON, CSV, XLSX, text, Markdown or HTML.
            publish: Make the imported articles searchable at once.
            dry_run: Report what would happen and change nothing.
            progress: Told after each row.
            principal: Who imports.

        Raises:
            NotFound: There is no such file.
            InvalidInput: The file as a whole cannot be read.
        """
        principal.demand(Role.LEAD)
        work = ArticleImport(
            clock=self._clock, zone=self._zone, author=principal.name, publish=publish
        )
        rows = _read(path, ARTICLE_COLUMNS)
        progress = progress or NullProgress()
        progress.stage(f"import {path.name}", len(rows))
        report = self._run(rows, work.store, progress, dry_run=dry_run)
        self._record("articles_imported", path, report, principal)
        return report

    def tickets(
        self,
        path: Path,
        *,
        profile: str = "",
        dry_run: bool = False,
        progress: Progress | None = None,
        principal: Principal,
    ) -> ImportReport:
        """Import a file of tickets; see ``articles``.

        Args:
            path: JSONL, JSON, CSV or XLSX.
            profile: Process profile that numbers them; empty: the instance's own.
            dry_run: Report what would happen and change nothing.
            progress: Told after each row.
            principal: Who imports.

        Raises:
            NotFound: There is no such file or profile.
            InvalidInput: The file as a whole cannot be read.
        """
        principal.demand(Role.LEAD)
        work = TicketImport(
            vault=self._vault,
            clock=self._clock,
            zone=self._zone,
            profiles=self._profiles,
            labels=Labels(self._profiles.get(profile)),
        )
        rows = _read(path, TICKET_COLUMNS)
        progress = progress or NullProgress()
        progress.stage(f"import {path.name}", len(rows))
        report = self._run(rows, work.store, progress, dry_run=dry_run)
        self._record("tickets_imported", path, report, principal)
        return report

    def _run(
        self,
        rows: Sequence[Row | BadRow],
        store: RowImport,
        progress: Progress,
        *,
        dry_run: bool,
    ) -> ImportReport:
        report = ImportReport(dry_run=dry_run)
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            with self._database.transaction() as session:
                for row in batch:
                    _import_row(session, row, store, report)
                if dry_run:
                    # The same path as a real import, so that it foretells it exactly.
                    session.rollback()
            progress.advance(len(batch))
        return report

    def _record(self, action: str, path: Path, report: ImportReport, principal: Principal) -> None:
        facts: dict[str, Any] = {
            name: getattr(report, name) for name in ("read", "created", "updated", "unchanged")
        }
        facts["rejected"] = len(report.rejected)
        log.info(action, file=path.name, dry_run=report.dry_run, **facts)
        if report.dry_run:
            return
        with self._database.transaction() as session:
            audit.append(
                session,
                actor=principal.name,
                action=action,
                subject=f"import:{path.name[:200]}",
                facts=facts,
                now=self._clock.now(),
            )


def _read(path: Path, columns: Columns) -> list[Row | BadRow]:
    return list(read_rows(path, columns.knows))


def _import_row(
    session: Session, row: Row | BadRow, store: RowImport, report: ImportReport
) -> None:
    report.read += 1
    if isinstance(row, BadRow):
        report.refuse(row, row.reason)
        return
    try:
        with session.begin_nested():
            store(session, row, report)
    except KbServiceError as error:
        report.refuse(row, error)
