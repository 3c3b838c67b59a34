"""The memory of answered requests, by Idempotency-Key and principal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from kbservice.domain.audit import AnsweredRequest
from kbservice.errors import Conflict
from kbservice.store.inserting import insert


def remember(
    session: Session,
    key: str,
    principal: str,
    *,
    fingerprint: str,
    reference: str,
    now: datetime,
) -> None:
    """Store what was answered, in the transaction that did the work.

    Raises:
        Conflict: The key was used already.
    """
    answered = AnsweredRequest(
        key=key,
        principal=principal,
        fingerprint=fingerprint,
        reference=reference,
        created_at=now,
    )
    insert(session, answered, Conflict("Idempotency-Key {key} was used already", key=key))


def recall(session: Session, key: str, principal: str, fingerprint: str) -> str | None:
    """Return the reference of what this principal was answered under this key, or None.

    Two writers with the same key take turns until the end of their transaction, so the
    second one finds what the first one did.

    Raises:
        Conflict: The key was used for another request.
    """
    if session.get_bind().dialect.name == "postgresql":
        # SQLite has one writer anyway.
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        session.execute(lock, {"name": f"{principal}\n{key}"})
    answered = session.get(AnsweredRequest, (key, principal))
    if answered is None:
        return None
    if answered.fingerprint != fingerprint:
        raise Conflict("Idempotency-Key {key} was used for another request", key=key)
    return answered.reference


def forget_before(session: Session, moment: datetime) -> None:
    """Drop answers given before ``moment``."""
    session.execute(delete(AnsweredRequest).where(AnsweredRequest.created_at < moment))
