"""The synonym book: its rules, and a version that changes with every one of them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbservice.domain.synonym import SynonymRule
from kbservice.domain.ticket import Counter
from kbservice.errors import Conflict, NotFound
from kbservice.store.inserting import insert
from kbservice.store.tickets import next_serial

_SCOPE, _PERIOD = "synonyms", "book"


def all_rules(session: Session) -> list[SynonymRule]:
    """Return every rule, oldest first."""
    return list(session.scalars(select(SynonymRule).order_by(SynonymRule.id)))


def get(session: Session, rule_id: int, *, for_update: bool = False) -> SynonymRule:
    """Return the rule.

    Args:
        session: The unit of work.
        rule_id: The rule's id.
        for_update: Hold the row until the end of the transaction.

    Raises:
        NotFound: There is no such rule.
    """
    query = select(SynonymRule).where(SynonymRule.id == rule_id)
    found = session.scalar(query.with_for_update() if for_update else query)
    if found is None:
        raise NotFound("Synonym rule {id} does not exist", id=rule_id)
    return found


def by_text(session: Session, rule: str) -> SynonymRule | None:
    """Return the rule of this canonical form, or None."""
    return session.scalar(select(SynonymRule).where(SynonymRule.rule == rule))


def add(session: Session, rule: SynonymRule) -> None:
    """Store a new rule; its id is known afterwards.

    Raises:
        Conflict: The same rule is stored already.
    """
    insert(session, rule, Conflict("The rule {rule} exists already", rule=rule.rule))
    touch(session)


def remove(session: Session, rule: SynonymRule) -> None:
    """Delete a rule."""
    session.delete(rule)
    session.flush()
    touch(session)


def touch(session: Session) -> int:
    """Give the book a new version, so that every process reads it again."""
    return next_serial(session, _SCOPE, _PERIOD)


def version(session: Session) -> int:
    """Return the version of the book, 0 before its first rule."""
    query = select(Counter.value).where(Counter.scope == _SCOPE, Counter.period == _PERIOD)
    return session.scalar(query) or 0
