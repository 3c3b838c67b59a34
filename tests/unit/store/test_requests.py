from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from kbservice.errors import Conflict
from kbservice.store import requests
from kbservice.store.database import Database
from tests.builders import NOW

pytestmark = pytest.mark.every_database

PRINT = "f" * 64


def remember(session: Session, key: str, principal: str = "form", *, now: datetime = NOW) -> None:
    requests.remember(session, key, principal, fingerprint=PRINT, reference="TS1", now=now)


def test_an_answer_is_recalled_by_key_and_principal(database: Database):
    with database.transaction() as session:
        assert requests.recall(session, "k1", "form", PRINT) is None
        remember(session, "k1")

    with database.transaction() as session:
        assert requests.recall(session, "k1", "form", PRINT) == "TS1"
        assert requests.recall(session, "k1", "other form", PRINT) is None
        assert requests.recall(session, "k2", "form", PRINT) is None


def test_a_key_is_bound_to_its_request(database: Database):
    with database.transaction() as session:
        remember(session, "k1")
        with pytest.raises(Conflict, match="k1 was used for another request"):
            requests.recall(session, "k1", "form", "e" * 64)


def test_a_key_is_answered_once_for_each_principal(database: Database):
    with database.transaction() as session:
        remember(session, "k1")
        remember(session, "k1", "other form")
        with pytest.raises(Conflict, match="k1 was used already"):
            remember(session, "k1")


def test_old_answers_are_forgotten(database: Database):
    with database.transaction() as session:
        remember(session, "old")
        remember(session, "new", now=NOW + timedelta(days=1))
        requests.forget_before(session, NOW + timedelta(days=1))

        assert requests.recall(session, "old", "form", PRINT) is None
        assert requests.recall(session, "new", "form", PRINT) == "TS1"
