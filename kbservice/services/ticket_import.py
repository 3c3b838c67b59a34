"""Stores imported tickets: numbered, sealed, resolved where the source says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.ticket import Ticket
from kbservice.process.numbering import format_number, period_of
from kbservice.process.states import state_after
from kbservice.profiles.schema import Profile
from kbservice.services.cells import read_moment
from kbservice.services.import_report import ImportReport, Outcome
from kbservice.services.labels import Labels
from kbservice.services.profiles import ProfileBook
from kbservice.services.requesters import WORDING, masked, seal, unseal
from kbservice.services.rows import Row
from kbservice.services.solution_import import resolve, revise
from kbservice.services.ticket_rows import ReadTicket, read_ticket
from kbservice.services.ticket_solutions import IMPORT_AUTHOR
from kbservice.store import counters, outbox, tickets
from kbservice.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketImport:
    """One run over a file of tickets."""

    vault: Vault
    clock: Clock
    zone: ZoneInfo
    profiles: ProfileBook
    labels: Labels
    _other_labels: dict[tuple[str, int | None], Labels] = field(default_factory=dict)

    def store(self, session: Session, row: Row, report: ImportReport) -> None:
        """Create or update the ticket of a row.

        Raises:
            InvalidInput: The row cannot be a ticket.
        """
        labels = self._labels_of(row)
        read = read_ticket(row, labels, self.zone)
        ticket = _existing(session, read)
        outcome, warning = (
            self._create(session, read, labels.profile)
            if ticket is None
            else self._update(session, ticket, read)
        )
        report.count(outcome)
        report.unknown_columns.update(read.unknown)
        report.warn(row, (*read.warnings, *([warning] if warning else [])))

    def _labels_of(self, row: Row) -> Labels:
        """Return the labels of the profile that the row names, else of the run's."""
        stated = row.values.get("profile")
        if isinstance(stated, dict):
            version = stated.get("version")
            key = str(stated.get("key", "")), version if isinstance(version, int) else None
        else:
            key = stated if isinstance(stated, str) else "", None
        if not key[0]:
            return self.labels
        if key not in self._other_labels:
            self._other_labels[key] = Labels(self.profiles.get(*key))
        return self._other_labels[key]

    def _create(self, session: Session, read: ReadTicket, profile: Profile) -> tuple[Outcome, str]:
        opened_at = _opened_at(read) or self.clock.now()
        number = self._number(session, read, profile, opened_at)
        ticket = Ticket(
            number=number,
            source_id=read.source_id,
            profile_key=profile.key,
            profile_version=profile.version,
            requester_sealed=seal(self.vault, number, {**read.requester, **read.wording}),
            requester_masked=masked(read.requester),
            state=read.state or profile.initial_state.key,
            opened_at=opened_at,
            first_response_at=read.moments["first_response_at"],
            updated_at=opened_at,
            version=1,
            **_labelled(read.attributes) | _own_record(read.record, self.zone),
        )
        warning = self._resolve(session, ticket, read, profile)
        ticket.updated_at = read.moments["updated_at"] or ticket.updated_at
        ticket.version = _version(read.record) or ticket.version
        tickets.add(session, ticket)
        self._announce(session, ticket)
        return "created", warning

    def _update(self, session: Session, ticket: Ticket, read: ReadTicket) -> tuple[Outcome, str]:
        if read.is_known_to(ticket):
            return "unchanged", ""
        changes = read.changes_to(ticket)
        for name, value in _labelled(changes).items():
            setattr(ticket, name, value)
        is_resealed = self._reseal(ticket, read)
        is_solved_anew, warning = self._update_solution(session, ticket, read)
        if not (changes or is_resealed or is_solved_anew):
            return "unchanged", ""
        ticket.touch(read.moments["updated_at"] or self.clock.now())
        self._announce(session, ticket)
        return "updated", warning

    def _update_solution(
        self, session: Session, ticket: Ticket, read: ReadTicket
    ) -> tuple[bool, str]:
        if read.solution is None:
            return False, ""
        if ticket.resolution is not None:
            return revise(ticket.resolution, read.solution), ""
        profile = self.profiles.get(ticket.profile_key, ticket.profile_version)
        return True, self._resolve(session, ticket, read, profile)

    def _resolve(self, session: Session, ticket: Ticket, read: ReadTicket, profile: Profile) -> str:
        if read.solution is None:
            return ""
        state = read.state or state_after(profile, "resolve").key
        return resolve(session, ticket, read.solution, state=state, now=self.clock.now())

    def _reseal(self, ticket: Ticket, read: ReadTicket) -> bool:
        """Take over what the row knows better; a masked value says nothing new."""
        plain = unseal(self.vault, ticket.number, ticket.requester_sealed)
        shown = {**masked(plain), **{name: getattr(ticket, name) or "" for name in WORDING}}
        stated = {**read.requester, **read.wording}
        news = {n: v for n, v in stated.items() if v and v not in (plain.get(n), shown.get(n))}
        if news:
            plain |= news
            ticket.requester_sealed = seal(self.vault, ticket.number, plain)
            ticket.requester_masked = masked(plain)
        return bool(news)

    def _number(
        self, session: Session, read: ReadTicket, profile: Profile, opened_at: datetime
    ) -> str:
        local = opened_at.astimezone(self.zone)
        pattern = profile.number
        period = period_of(pattern, local)
        if not read.number or tickets.find(session, read.number):
            serial = tickets.next_serial(session, pattern.scope, period)
            return format_number(pattern, serial, local)
        start = len(format_number(pattern, 1, local)) - pattern.digits
        stated = read.number[start:]
        if (
            stated.isdecimal()
            and int(stated)
            and read.number == format_number(pattern, int(stated), local)
        ):
            counters.raise_to(session, pattern.scope, period, int(stated))
        return read.number

    def _announce(self, session: Session, ticket: Ticket) -> None:
        if ticket.resolution is not None:
            outbox.append(session, "ticket", ticket.number, ticket.version, self.clock.now())


def _existing(session: Session, read: ReadTicket) -> Ticket | None:
    found = tickets.find_by_source(session, read.source_id) if read.source_id else None
    if found is None and read.number:
        found = tickets.find(session, read.number)
    return found


def _opened_at(read: ReadTicket) -> datetime | None:
    known = [moment for moment in read.moments.values() if moment]
    return read.moments["created_at"] or min(known, default=None)


def _labelled(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes with the origin of the labels among them."""
    labels = ("category", "priority", "kind")
    origins = {f"{name}_by": IMPORT_AUTHOR for name in labels if attributes.get(name)}
    return {**attributes, **origins}


def _version(record: Mapping[str, Any]) -> int | None:
    version = record.get("version")
    return version if isinstance(version, int) and version > 0 else None


def _own_record(record: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Return what our own exports tell beyond the source's columns."""
    lists = ("clocks", "missing", "degraded")
    found: dict[str, Any] = {n: record[n] for n in lists if isinstance(record.get(n), list)}
    for name in ("response_due_at", "resolution_due_at"):
        found[name] = read_moment(record.get(name), zone)
    for name in ("category_by", "priority_by", "kind_by"):
        if isinstance(record.get(name), str):
            found[name] = record[name]
    return found
