"""The outbox: what the search index has yet to see.

There is no watermark: PostgreSQL hands out sequences before the commit, so a lower one
may appear later. A row is pending for as long as it exists and is not parked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete as delete_from
from sqlalchemy import exists, func, or_, select, text, update
from sqlalchemy.orm import Session

from kbservice.domain.outbox import ChangedKind, OutboxEvent

MAX_ATTEMPTS = 5
_BACK_OFF_S = (1, 2, 4, 8)
_POSTPONED_S = 2
_BATCH = 500
_MAX_ERROR_LENGTH = 2000
# The rows themselves do not tell: they go once the index has them.
_LAST_SEQUENCE = {
    "sqlite": text("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'"),
    "postgresql": text(
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM outbox_sequence_seq"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """How far the index is behind.

    Attributes:
        oldest_at: When the longest-waiting change was made; None if none waits.
    """

    count: int
    oldest_at: datetime | None

    def lag_s(self, now: datetime) -> float:
        """Return the age of the oldest change, 0 if none waits."""
        if self.oldest_at is None:
            return 0.0
        return max(0.0, (now - self.oldest_at).total_seconds())


def append(session: Session, kind: ChangedKind, key: str, version: int, now: datetime) -> int:
    """Note a change in the transaction that makes it; return its sequence."""
    event = OutboxEvent(kind=kind, key=key, version=version, created_at=now)
    session.add(event)
    session.flush()
    return event.sequence


def batch(session: Session, limit: int, *, now: datetime | None = None) -> list[OutboxEvent]:
    """Return waiting changes by sequence.

    Args:
        session: Any session; changes committed later come with a later call.
        limit: At most so many.
        now: Leave out failed changes whose next try is later; None: take all.
    """
    query = select(OutboxEvent).where(OutboxEvent.parked_at.is_(None))
    if now is not None:
        query = query.where(or_(OutboxEvent.retry_at.is_(None), OutboxEvent.retry_at <= now))
    return list(session.scalars(query.order_by(OutboxEvent.sequence).limit(limit)))


def delete(session: Session, sequences: Collection[int]) -> None:
    """Forget changes that a committed index holds; unknown ones are ignored."""
    wanted = sorted(sequences)
    for start in range(0, len(wanted), _BATCH):
        done = wanted[start : start + _BATCH]
        session.execute(delete_from(OutboxEvent).where(OutboxEvent.sequence.in_(done)))


def record_failure(session: Session, sequence: int, error: str, now: datetime) -> None:
    """Count a failed try; the fifth parks the change, so that others are not held up."""
    event = session.get_one(OutboxEvent, sequence)
    event.attempts += 1
    event.error = error[:_MAX_ERROR_LENGTH]
    if event.attempts >= MAX_ATTEMPTS:
        event.parked_at, event.retry_at = now, None
    else:
        event.retry_at = now + timedelta(seconds=_BACK_OFF_S[event.attempts - 1])
    session.flush()


def postpone(session: Session, sequences: Collection[int], error: str, now: datetime) -> None:
    """Have changes tried again soon, and ever again: what went wrong is no fault of theirs."""
    session.execute(
        update(OutboxEvent)
        .where(OutboxEvent.sequence.in_(sequences))
        .values(error=error[:_MAX_ERROR_LENGTH], retry_at=now + timedelta(seconds=_POSTPONED_S))
    )


def parked(session: Session, limit: int = 100) -> list[OutboxEvent]:
    """Return the changes that failed too often, oldest first."""
    query = select(OutboxEvent).where(OutboxEvent.parked_at.is_not(None))
    return list(session.scalars(query.order_by(OutboxEvent.sequence).limit(limit)))


def parked_count(session: Session) -> int:
    """Return how many changes failed too often."""
    query = select(func.count()).where(OutboxEvent.parked_at.is_not(None))
    return session.scalars(query).one()


def retry_parked(session: Session) -> int:
    """Let every parked change be tried anew; return how many."""
    freed = session.scalars(
        update(OutboxEvent)
        .where(OutboxEvent.parked_at.is_not(None))
        .values(parked_at=None, attempts=0, retry_at=None)
        .returning(OutboxEvent.sequence)
    )
    return len(freed.all())


def pending(session: Session) -> Pending:
    """Tell how many changes wait, and since when; parked ones are not counted."""
    query = select(func.count(), func.min(OutboxEvent.created_at)).where(
        OutboxEvent.parked_at.is_(None)
    )
    count, oldest_at = session.execute(query).one()
    return Pending(count=count, oldest_at=oldest_at)


def last_sequence(session: Session) -> int:
    """Return the highest sequence handed out so far, 0 before the first.

    On PostgreSQL it may belong to a change that is not committed yet.
    """
    return session.scalar(_LAST_SEQUENCE[session.get_bind().dialect.name]) or 0


def is_visible(session: Session, sequence: int) -> bool:
    """Tell whether the change of this sequence left the outbox, so a search can see it."""
    return not session.scalar(select(exists().where(OutboxEvent.sequence == sequence)))
