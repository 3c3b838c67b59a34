"""Counters that imports move past the numbers they bring along."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_RAISE = text(
    "INSERT INTO counters (scope, period, value) VALUES (:scope, :period, :value) "
    "ON CONFLICT (scope, period) DO UPDATE SET value = "
    "CASE WHEN counters.value < :value THEN :value ELSE counters.value END"
)


def raise_to(session: Session, scope: str, period: str, value: int) -> None:
    """Make the next serial of the period come after ``value``."""
    session.execute(_RAISE, {"scope": scope, "period": period, "value": value})
