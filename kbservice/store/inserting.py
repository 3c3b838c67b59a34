"""Adding a record so that a taken key is a conflict and the transaction stays usable."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kbservice.domain.base import Base
from kbservice.errors import Conflict
from kbservice.store.drivers import is_duplicate


def insert(session: Session, record: Base, taken: Conflict) -> None:
    """Write ``record`` now; its generated key is known afterwards.

    Raises:
        Conflict: ``taken``, if a unique key of the record is in use.
    """
    try:
        with session.begin_nested():
            session.add(record)
    except IntegrityError as error:
        if is_duplicate(error):
            raise taken from error
        raise
