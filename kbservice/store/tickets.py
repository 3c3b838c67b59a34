"""Tickets: numbering, pages, and the rows that rebuilds and training read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, text
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from kbservice.domain.ticket import Resolution, Ticket
from kbservice.errors import Conflict, NotFound
from kbservice.store.inserting import insert
from kbservice.store.paging import NewestFirst, Page

_BATCH = 500
# One statement on both databases, so that two writers never get the same serial.
_NEXT_SERIAL = text(
    "INSERT INTO counters (scope, period, value) VALUES (:scope, :period, 1) "
    "ON CONFLICT (scope, period) DO UPDATE SET value = counters.value + 1 RETURNING value"
)
# Labels that somebody vouched for; a classifier must not learn from its own guesses.
_TRUSTED = ("person", "import")
_ORDER: NewestFirst[Ticket] = NewestFirst(Ticket.opened_at, Ticket.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """What a listed ticket must satisfy; an empty field restricts nothing.

    Values within one field are alternatives; fields are combined with AND.

    Attributes:
        due_before: Not yet answered or not yet resolved, and due before this moment.
    """

    state: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    is_resolved: bool | None = None
    due_before: datetime | None = None


NO_FILTER = TicketFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTicket:
    """What training needs of a ticket; a label is None unless a person or an import set it."""

    number: str
    title: str
    body: str
    product: str
    version: str
    environment: str
    channel: str
    opened_at: datetime
    category: str | None
    priority: str | None
    kind: str | None


def next_serial(session: Session, scope: str, period: str) -> int:
    """Return the next serial of the period, from 1 on; a rollback gives it back."""
    found = session.execute(_NEXT_SERIAL, {"scope": scope, "period": period})
    return int(found.scalar_one())


def add(session: Session, ticket: Ticket) -> None:
    """Store a new ticket; its id is known afterwards.

    Raises:
        Conflict: The number or the source id is taken.
    """
    insert(session, ticket, Conflict("Ticket {number} exists already", number=ticket.number))
    if "resolution" not in ticket.__dict__:
        # Readable after the session without a query: a new ticket has none.
        set_committed_value(ticket, "resolution", None)


def get(session: Session, number: str, *, for_update: bool = False) -> Ticket:
    """Return the ticket with its resolution.

    Args:
        session: The unit of work.
        number: The ticket's number.
        for_update: Hold the row until the end of the transaction, so that two writers
            take turns instead of one being refused.

    Raises:
        NotFound: There is no such ticket.
    """
    query = _whole().where(Ticket.number == number)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    ticket = session.scalar(query)
    if ticket is None:
        raise NotFound("Ticket {number} does not exist", number=number)
    return ticket


def find(session: Session, number: str) -> Ticket | None:
    """Return the ticket, or None."""
    return session.scalar(_whole().where(Ticket.number == number))


def by_numbers(session: Session, numbers: Sequence[str]) -> list[Ticket]:
    """Return those of the tickets that exist."""
    found: list[Ticket] = []
    for start in range(0, len(numbers), _BATCH):
        wanted = Ticket.number.in_(numbers[start : start + _BATCH])
        found.extend(session.scalars(_whole().where(wanted)))
    return found


def by_ids(session: Session, ids: Sequence[int]) -> list[Ticket]:
    """Return those of the tickets that exist, oldest first."""
    return list(session.scalars(_whole().where(Ticket.id.in_(ids)).order_by(Ticket.id)))


def find_by_source(session: Session, source_id: str) -> Ticket | None:
    """Return the ticket that was imported under this id, or None."""
    return session.scalar(_whole().where(Ticket.source_id == source_id))


def page(
    session: Session,
    wanted: TicketFilter = NO_FILTER,
    *,
    after: str | None = None,
    limit: int = 50,
) -> Page[Ticket]:
    """Return tickets, newest first, from the cursor ``after`` on.

    Raises:
        InvalidInput: The cursor does not come from an earlier page.
    """
    return _ORDER.page(session, _whole().where(*_conditions(wanted)), after, limit)


def resolved(session: Session, after_id: int = 0, limit: int | None = None) -> Iterator[Ticket]:
    """Yield tickets that have a resolution, by id from ``after_id`` (exclusive) on.

    Args:
        session: A reader sees one state throughout.
        after_id: The last id seen before.
        limit: At most so many; None: all.
    """
    left = limit
    query = _whole().join(Resolution).order_by(Ticket.id)
    while left is None or left > 0:
        size = _BATCH if left is None else min(_BATCH, left)
        found = list(session.scalars(query.where(Ticket.id > after_id).limit(size)))
        yield from found
        if len(found) < size:
            return
        after_id = found[-1].id
        left = None if left is None else left - size


def count_resolved(session: Session) -> int:
    """Return how many tickets have a resolution."""
    return session.scalars(select(func.count(Resolution.id))).one()


def count_labelled(session: Session) -> dict[str, int]:
    """Return how many tickets of each profile have a trusted label."""
    query = select(Ticket.profile_key, func.count()).where(_is_labelled())
    rows = session.execute(query.group_by(Ticket.profile_key)).all()
    return {row[0]: row[1] for row in rows}


def count_categories(session: Session, profile_key: str) -> dict[str, int]:
    """Return how many tickets of a profile have each category by a trusted word."""
    query = select(Ticket.category, func.count()).where(
        Ticket.profile_key == profile_key,
        Ticket.category.is_not(None),
        Ticket.category_by.in_(_TRUSTED),
    )
    rows = session.execute(query.group_by(Ticket.category)).all()
    return {row[0]: row[1] for row in rows if row[0]}


def labelled(session: Session, profile_key: str) -> Iterator[LabelledTicket]:
    """Yield the profile's tickets with at least one trusted label, oldest first."""
    rows = session.execute(
        select(
            Ticket.number,
            Ticket.title,
            Ticket.body,
            Ticket.product,
            Ticket.product_version,
            Ticket.environment,
            Ticket.channel,
            Ticket.opened_at,
            Ticket.category,
            Ticket.category_by,
            Ticket.priority,
            Ticket.priority_by,
            Ticket.kind,
            Ticket.kind_by,
        )
        .where(Ticket.profile_key == profile_key, _is_labelled())
        .order_by(Ticket.opened_at, Ticket.id)
        .execution_options(yield_per=_BATCH)
    )
    return (_labelled(row) for row in rows)


def _is_labelled() -> ColumnElement[bool]:
    return or_(
        Ticket.category_by.in_(_TRUSTED),
        Ticket.priority_by.in_(_TRUSTED),
        Ticket.kind_by.in_(_TRUSTED),
    )


def categories(session: Session, profile_key: str) -> tuple[str, ...]:
    """Return every category that a ticket of a profile has, sorted."""
    query = select(Ticket.category).where(Ticket.profile_key == profile_key).distinct()
    return tuple(sorted(value for value in session.scalars(query) if value))


def _whole() -> Select[Ticket]:
    return select(Ticket).options(selectinload(Ticket.resolution))


def _labelled(row: Row[*tuple[object, ...]]) -> LabelledTicket:
    return LabelledTicket(
        number=row.number,
        title=row.title,
        body=row.body,
        product=row.product or "",
        version=row.product_version or "",
        environment=row.environment or "",
        channel=row.channel or "",
        opened_at=row.opened_at,
        category=row.category if row.category_by in _TRUSTED else None,
        priority=row.priority if row.priority_by in _TRUSTED else None,
        kind=row.kind if row.kind_by in _TRUSTED else None,
    )


def _conditions(wanted: TicketFilter) -> Iterator[ColumnElement[bool]]:
    for column, values in (
        (Ticket.state, wanted.state),
        (Ticket.category, wanted.category),
        (Ticket.priority, wanted.priority),
        (Ticket.kind, wanted.kind),
        (Ticket.profile_key, wanted.profile),
        (Ticket.product, wanted.product),
    ):
        if values:
            yield column.in_(values)
    yield from _time_conditions(wanted)


def _time_conditions(wanted: TicketFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield Ticket.opened_at >= wanted.since
    if wanted.until is not None:
        yield Ticket.opened_at < wanted.until
    if wanted.is_resolved is not None:
        known = Ticket.resolved_at.is_not(None)
        yield known if wanted.is_resolved else ~known
    if wanted.due_before is not None:
        yield or_(
            Ticket.first_response_at.is_(None) & (Ticket.response_due_at < wanted.due_before),
            Ticket.resolved_at.is_(None) & (Ticket.resolution_due_at < wanted.due_before),
        )
