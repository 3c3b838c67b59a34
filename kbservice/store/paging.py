"""Cursor pages: a page and the opaque place where the next one starts."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from kbservice.errors import InvalidInput

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some records in order; ``next`` is the cursor of the page after, None at the end."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class NewestFirst(Generic[T]):
    """An order by a moment, then by a key, both falling; the key makes it total."""

    moment: InstrumentedAttribute[datetime]
    key: InstrumentedAttribute[Any]

    def page(self, session: Session, query: Select[T], after: str | None, limit: int) -> Page[T]:
        """Run ``query`` from the cursor ``after`` on.

        Raises:
            InvalidInput: The cursor does not come from this order.
        """
        if after:
            query = query.where(self._follows(after))
        ordered = query.order_by(self.moment.desc(), self.key.desc()).limit(limit + 1)
        found = list(session.scalars(ordered))
        return Page(items=found[:limit], next=self._cursor(found, limit))

    def _cursor(self, found: Sequence[T], limit: int) -> str | None:
        if len(found) <= limit:
            return None
        last = found[limit - 1]
        moment: datetime = getattr(last, self.moment.key)
        place = [moment.astimezone(UTC).isoformat(), getattr(last, self.key.key)]
        return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")

    def _follows(self, cursor: str) -> ColumnElement[bool]:
        moment, key = _place(cursor, self.key.type.python_type)
        return or_(self.moment < moment, and_(self.moment == moment, self.key < key))


def _place(cursor: str, key_type: type) -> tuple[datetime, Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        written, key = json.loads(raw)
        moment = datetime.fromisoformat(written)
        if type(key) is not key_type or moment.tzinfo is None:
            raise _bad(cursor)
        return moment.astimezone(UTC), key
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _bad(cursor) from error


def _bad(cursor: str) -> InvalidInput:
    return InvalidInput.of("after", "the cursor of an earlier page", cursor)
