"""An instance for import tests: real store, real vault, a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kbservice.clock import FrozenClock
from kbservice.domain.account import SYSTEM
from kbservice.domain.article import Article
from kbservice.domain.ticket import Ticket
from kbservice.services.exporting import Exporting, ExportReport
from kbservice.services.import_report import ImportReport
from kbservice.services.importing import Importing
from kbservice.services.profiles import ProfileBook
from kbservice.store import articles, tickets
from kbservice.store.database import Database
from kbservice.vault import Vault
from tests.builders import NOW


@dataclass(frozen=True)
class Instance:
    """Imports and exports over one database."""

    database: Database
    vault: Vault
    clock: FrozenClock
    folder: Path

    @classmethod
    def make(cls, database: Database, folder: Path) -> Instance:
        """Build an instance whose keys lie in ``folder``."""
        return cls(database, Vault.create(folder / "keys"), FrozenClock(NOW), folder)

    @property
    def importing(self) -> Importing:
        """The service under test."""
        return Importing(
            database=self.database,
            profiles=ProfileBook(self.folder / "profiles", "product-support"),
            vault=self.vault,
            clock=self.clock,
            zone=ZoneInfo("Asia/Shanghai"),
        )

    def file(self, rows: Iterable[Mapping[str, Any]], name: str = "rows.jsonl") -> Path:
        """Write rows as JSON lines."""
        path = self.folder / name
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
        return path

    def articles(self, source: Path | list[dict[str, Any]], **options: Any) -> ImportReport:
        """Import articles."""
        path = source if isinstance(source, Path) else self.file(source)
        return self.importing.articles(path, principal=SYSTEM, **options)

    def tickets(self, source: Path | list[dict[str, Any]], **options: Any) -> ImportReport:
        """Import tickets."""
        path = source if isinstance(source, Path) else self.file(source)
        return self.importing.tickets(path, principal=SYSTEM, **options)

    def export(self, folder: Path, **options: Any) -> ExportReport:
        """Export everything."""
        service = Exporting(database=self.database, vault=self.vault, clock=self.clock)
        return service.write(folder, principal=SYSTEM, **options)

    def article(self, article_id: str) -> Article:
        """Return a stored article."""
        with self.database.reading() as session:
            return articles.get(session, article_id)

    def ticket(self, source_id: str) -> Ticket:
        """Return the ticket imported under this id."""
        with self.database.reading() as session:
            found = tickets.find_by_source(session, source_id)
        assert found is not None
        return found
