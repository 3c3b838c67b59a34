"""Labelled tickets to learn from and to judge by."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

from kbservice.errors import InvalidInput
from kbservice.triage.classifier import TicketText

LabelName = Literal["category", "priority", "kind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTicket:
    """A ticket with the labels that somebody vouched for; None is "not labelled".

    Attributes:
        number: Of a ticket of the store; empty elsewhere.
    """

    title: str
    body: str = ""
    category: str | None = None
    priority: str | None = None
    kind: str | None = None
    product: str = ""
    version: str = ""
    environment: str = ""
    channel: str = ""
    created_at: datetime | None = None
    number: str = ""

    @property
    def words(self) -> TicketText:
        """The part that a classifier reads."""
        return TicketText(
            title=self.title,
            body=self.body,
            product=self.product,
            version=self.version,
            environment=self.environment,
            channel=self.channel,
        )

    def label(self, name: LabelName) -> str | None:
        """Return the label of one kind."""
        found: str | None = getattr(self, name)
        return found


def labelled(tickets: Iterable[TrainingTicket], name: LabelName) -> list[TrainingTicket]:
    """Return the tickets that have this kind of label."""
    return [ticket for ticket in tickets if ticket.label(name)]


def fingerprint(tickets: Sequence[TrainingTicket]) -> str:
    """Return a hash of everything that training reads of these tickets."""
    digest = hashlib.sha256()
    for ticket in tickets:
        facts = [getattr(ticket, field.name) for field in fields(ticket)]
        digest.update(json.dumps(facts, ensure_ascii=False, default=str).encode() + b"\n")
    return digest.hexdigest()


def read_tickets(path: Path) -> list[TrainingTicket]:
    """Read ticket JSONL in the import form, plain or gzipped; further fields are ignored.

    Raises:
        InvalidInput: The file cannot be read, or a line is not a ticket; names the line.
    """
    try:
        with _opened(path) as lines:
            return [ticket for ticket in _tickets(lines)]  # noqa: C416 (read before closing)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidInput.of("file", "readable ticket JSONL in UTF-8", error) from error


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8-sig")


def _tickets(lines: Iterable[str]) -> Iterator[TrainingTicket]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _ticket(line, number)


def _ticket(line: str, number: int) -> TrainingTicket:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InvalidInput.of(f"line {number}", "a JSON object", error) from error
    if not isinstance(row, dict):
        raise InvalidInput.of(f"line {number}", "a JSON object", type(row).__name__)
    if not (_text(row, "title") or _text(row, "body")):
        raise InvalidInput.of(f"line {number}", "a title or a body", "neither")
    return TrainingTicket(
        title=_text(row, "title"),
        body=_text(row, "body"),
        category=_text(row, "category") or None,
        priority=_text(row, "priority") or None,
        kind=_text(row, "kind") or None,
        product=_text(row, "product"),
        version=_text(row, "version"),
        environment=_text(row, "environment"),
        channel=_text(row, "channel"),
        created_at=_time(row.get("created_at"), number),
    )


def _text(row: dict[str, Any], field: str) -> str:
    value = row.get(field)
    return "" if value is None else str(value).strip()


def _time(value: object, number: int) -> datetime | None:
    if not value:
        return None
    try:
        return datetime.fromisoformat(str(value))
    except ValueError as error:
        raise InvalidInput.of(f"line {number}: created_at", "an ISO 8601 time", value) from error
