"""The audit log: appended to and checked, never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kbservice.domain.audit import FIRST_HASH, AuditEntry

_BATCH = 1000
# Any number that no other program on the same PostgreSQL database uses.
_CHAIN_LOCK = 7_310_561_002


def append(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> AuditEntry:
    """Add an entry; writers take turns until the end of their transaction."""
    if session.get_bind().dialect.name == "postgresql":
        # SQLite has one writer anyway; here two would chain to the same entry.
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    last = session.scalar(select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1))
    entry = AuditEntry(
        at=now.astimezone(UTC),
        actor=actor,
        action=action,
        subject=subject,
        # As they will be read back: the hash is over that.
        facts=json.loads(json.dumps(dict(facts), ensure_ascii=False)),
        previous_hash=last or FIRST_HASH,
    )
    entry.hash = entry.compute_hash()
    session.add(entry)
    session.flush()
    return entry


def verify(session: Session) -> int | None:
    """Return the id of the first entry that was edited or whose predecessor is not there.

    None means that the chain holds. Entries cut off at the end cannot be noticed from
    the inside: compare ``last_hash`` with a copy that was kept elsewhere.
    """
    expected, last_id = FIRST_HASH, 0
    query = select(AuditEntry).order_by(AuditEntry.id).limit(_BATCH)
    while entries := list(session.scalars(query.where(AuditEntry.id > last_id))):
        for entry in entries:
            if entry.previous_hash != expected or entry.hash != entry.compute_hash():
                return entry.id
            expected = entry.hash
        last_id = entries[-1].id
    return None


def last_hash(session: Session) -> str:
    """Return the hash that stands for the whole log so far."""
    query = select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)
    return session.scalar(query) or FIRST_HASH


def of_subject(session: Session, subject: str, limit: int = 200) -> list[AuditEntry]:
    """Return what was done to one record, latest first."""
    query = select(AuditEntry).where(AuditEntry.subject == subject)
    return list(session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)))
