"""Ticket numbers: how they look, and when their serial starts anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kbservice.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from kbservice.profiles.schema import NumberPattern

_PERIOD_FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


def period_of(pattern: NumberPattern, at: datetime) -> str:
    """Return the counting period of ``at`` (local time), such as ``2023-10-25``."""
    return at.strftime(_PERIOD_FORMATS[pattern.period])


def format_number(pattern: NumberPattern, serial: int, at: datetime) -> str:
    """Return the number of the ``serial``-th ticket of the period of ``at`` (local time).

    A serial wider than the pattern's digits is written in full, so that no number returns.

    Raises:
        InvalidInput: The serial is below 1.
    """
    if serial < 1:
        raise InvalidInput.of("serial", "1 or more", serial)
    return (
        f"{pattern.prefix}{at.strftime(pattern.date_format)}"
        f"{pattern.separator}{serial:0{pattern.digits}d}"
    )
