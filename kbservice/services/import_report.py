"""What an import did: counts, refused rows, what hygiene took out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from kbservice.errors import KbServiceError
from kbservice.services.rows import BadRow, Row
from kbservice.text.hygiene import Removal

Outcome = Literal["created", "updated", "unchanged"]
_LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that did not go in: where it stands, and why."""

    file: str
    line: int
    reason: str


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """The account of one import; long lists are capped, counts are whole.

    Attributes:
        removals: How many pieces hygiene took out, by kind; the articles keep them all.
        unknown_columns: Columns kept as metadata, with the number of rows that fill them.
    """

    dry_run: bool = False
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    removals: Counter[str] = field(default_factory=Counter)
    removed: list[dict[str, str]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    warning_count: int = 0
    unknown_columns: Counter[str] = field(default_factory=Counter)

    def refuse(self, row: Row | BadRow, error: KbServiceError | str) -> None:
        """Count a row that did not go in."""
        self.rejected.append(Rejected(file=row.source, line=row.line, reason=str(error)))

    def count(self, outcome: Outcome) -> None:
        """Count a row that went in."""
        setattr(self, outcome, getattr(self, outcome) + 1)

    def warn(self, row: Row, messages: Iterable[str]) -> None:
        """Note what a person should look at."""
        for message in messages:
            self.warning_count += 1
            if len(self.warnings) < _LISTED:
                self.warnings.append({"file": row.source, "line": row.line, "warning": message})

    def list_removals(self, row: Row, removals: Iterable[Removal]) -> None:
        """Note what hygiene took out of a row."""
        for removal in removals:
            self.removals[str(removal.kind)] += 1
            if len(self.removed) < _LISTED:
                self.removed.append(
                    {"file": row.source, "kind": str(removal.kind), "text": removal.text}
                )

    def merge(self, other: ImportReport) -> None:
        """Add the account of another file."""
        self.dry_run = self.dry_run or other.dry_run
        for name in ("read", "created", "updated", "unchanged", "warning_count"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.rejected += other.rejected
        self.removals += other.removals
        self.unknown_columns += other.unknown_columns
        self.removed = [*self.removed, *other.removed][:_LISTED]
        self.warnings = [*self.warnings, *other.warnings][:_LISTED]

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON-ready data."""
        return {
            "dry_run": self.dry_run,
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": [
                {"file": item.file, "line": item.line, "reason": item.reason}
                for item in self.rejected
            ],
            "removals": {"counts": dict(self.removals), "listed": self.removed},
            "warnings": self.warnings,
            "warning_count": self.warning_count,
            "unknown_columns": dict(self.unknown_columns),
        }
