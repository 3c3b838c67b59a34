"""Repeated requests: the same Idempotency-Key gets the first answer again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A client's name for one request, bound to its content.

    Attributes:
        fingerprint: SHA-256 of method, path and body: another request under the same
            key is refused.
    """

    key: str
    fingerprint: str
