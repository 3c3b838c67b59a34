"""Turns import rows into tickets: the columns of the registers, times, how it was solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kbservice.domain.ticket import Ticket
from kbservice.errors import InvalidInput
from kbservice.services.cells import plain, read_text
from kbservice.services.columns import TICKET_COLUMNS
from kbservice.services.labels import Labels
from kbservice.services.requesters import WORDING, read_requester
from kbservice.services.row_facts import (
    SOURCE_KEY,
    LeftOver,
    changed_attributes,
    fingerprint,
    short_title,
)
from kbservice.services.rows import Row
from kbservice.services.ticket_solutions import ReadSolution, read_solution
from kbservice.text.languages import language_of
from kbservice.text.redaction import redact

_MAX_TITLE = 500
_LIMITS = {"product": 100, "channel": 50, "urgency": 50, "priority": 50, "kind": 50}
_LABELLED = frozenset({"urgency", "priority", "kind", "channel"})
_MOMENTS = ("created_at", "updated_at", "first_response_at", "resolved_at", "archived_at")
# Columns of the registers that a ticket has no place for: kept, and not called unknown.
_KEPT = ("handler", "first_handler", "escalated_to", "result", "archived_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTicket:
    """What one row says of a ticket.

    Attributes:
        number: The ticket's own number, from our exports only.
        wording: Title, body and environment before personal data was taken out.
        attributes: Values of the columns that the row fills, redacted.
        record: What only our own exports hold: clocks, versions, who set what.
    """

    source_id: str | None
    number: str
    requester: Mapping[str, str]
    wording: Mapping[str, str]
    attributes: Mapping[str, Any]
    state: str
    moments: Mapping[str, datetime | None]
    solution: ReadSolution | None
    record: Mapping[str, Any]
    warnings: tuple[str, ...]
    unknown: tuple[str, ...]

    def changes_to(self, ticket: Ticket) -> dict[str, Any]:
        """Return the attributes in which a stored ticket differs from the row."""
        settled = {name for name in ("category", "priority") if _is_settled(ticket, name)}
        stated = {name: value for name, value in self.attributes.items() if name not in settled}
        return changed_attributes(ticket, stated, ticket.extra)

    def is_known_to(self, ticket: Ticket) -> bool:
        """Tell whether the source is as it was; what people edited here then stays."""
        known: bool = ticket.extra.get(SOURCE_KEY) == self.attributes["extra"][SOURCE_KEY]
        return known


def read_ticket(row: Row, labels: Labels, zone: ZoneInfo) -> ReadTicket:
    """Read one row.

    Raises:
        InvalidInput: A value has the wrong shape, or there is no text at all.
    """
    mapped = TICKET_COLUMNS.map(row.values)
    fields = mapped.fields
    left = LeftOver(mapped.unknown)
    record = fields.get("record")
    record = record if isinstance(record, dict) else {}
    moments = {name: left.moment(name, fields, zone) for name in _MOMENTS}
    wording = _own_wording(fields) if record else _wording(fields)
    left.extra |= {name: plain(fields[name]) for name in _KEPT if fields.get(name)}
    attributes = _attributes(fields, labels, wording, left)
    solution = read_solution(fields, moments, left, zone)
    state = _state(fields, labels, left)
    number = _number(fields, record, left)
    left.take(fields.get("extra"))
    attributes["extra"] = {**left.extra, SOURCE_KEY: fingerprint(row.values)}
    return ReadTicket(
        source_id=_source_id(fields, number, row),
        number=number,
        requester=read_requester(fields),
        wording=wording,
        attributes=attributes,
        state=state,
        moments=moments,
        solution=solution,
        record=record,
        warnings=tuple(left.warnings),
        unknown=tuple(mapped.unknown),
    )


def _wording(fields: Mapping[str, Any]) -> dict[str, str]:
    title = " ".join(read_text("title", fields.get("title")).split())
    body = read_text("body", fields.get("body"))
    if not (title or body):
        raise InvalidInput.of("title", "a title or a description", "nothing")
    if len(title) > _MAX_TITLE:
        body = f"{title}\n\n{body}".strip()
        title = title[: _MAX_TITLE - 1] + "…"
    return {
        "title": title or short_title(body),
        "body": body,
        "environment": read_text("environment", fields.get("environment")),
    }


def _own_wording(fields: Mapping[str, Any]) -> dict[str, str]:
    """Take the texts of our own export as they stand."""
    return {name: str(fields.get(name) or "") for name in WORDING}


def _attributes(
    fields: Mapping[str, Any], labels: Labels, wording: Mapping[str, str], left: LeftOver
) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: redact(wording[name]).text
        for name in WORDING
        if wording[name] or name != "environment"
    }
    found["title"] = found["title"][:_MAX_TITLE]
    stated = read_text("language", fields.get("language")).partition("-")[0].lower()
    is_own = bool(fields.get("record"))
    guessed = "" if is_own else language_of(f"{wording['title']}\n{wording['body']}")
    found["language"] = stated[:10] or guessed
    for name, limit in _LIMITS.items():
        if text := read_text(name, fields.get(name), limit=limit):
            found[name] = labels.value(name, text) if name in _LABELLED else text
    if category := read_text("category", fields.get("category"), limit=100):
        found["category"] = labels.value("category", category)
    if version := read_text("version", fields.get("version"), limit=100):
        found["product_version"] = version
    if tags := fields.get("tags"):
        left.extra["tags"] = plain(tags)
    if satisfaction := _satisfaction(fields, labels, left):
        found["satisfaction"] = satisfaction
    return found


def _satisfaction(fields: Mapping[str, Any], labels: Labels, left: LeftOver) -> str:
    """Read the level from 满意度, or from the head of 客户反馈 ("满意,处理及时")."""
    stated = read_text("satisfaction", fields.get("satisfaction"))
    feedback = read_text("feedback", fields.get("feedback"))
    if feedback:
        left.extra["feedback"] = feedback
    head = feedback.replace("，", ",").replace("；", ",").partition(",")[0].strip()
    level = labels.value("satisfaction", stated) if stated else labels.known("satisfaction", head)
    if len(level) > 50:  # noqa: PLR2004  # the column's width
        left.keep("satisfaction", stated, "a level")
        return ""
    return level


def _state(fields: Mapping[str, Any], labels: Labels, left: LeftOver) -> str:
    stated = read_text("state", fields.get("state"))
    known = labels.known("state", stated)
    if stated and not known:
        # Another system's state has no equal here; the resolution decides instead.
        left.extra["state"] = stated
    return known


def _number(fields: Mapping[str, Any], record: Mapping[str, Any], left: LeftOver) -> str:
    number = read_text("number", fields.get("number"), limit=40)
    if number and not record and fields.get("id"):
        left.extra["number"] = number
    return number if record else ""


def _source_id(fields: Mapping[str, Any], number: str, row: Row) -> str | None:
    stated = read_text("id", fields.get("id"), limit=400)
    if stated or number:
        return stated or None
    foreign = read_text("number", fields.get("number"), limit=400)
    return foreign or f"row:{fingerprint(row.values)[:32]}"


def _is_settled(ticket: Ticket, name: str) -> bool:
    settled: bool = getattr(ticket, f"{name}_by") == "person"
    return settled
