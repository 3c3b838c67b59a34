from __future__ import annotations

from datetime import timedelta

import pytest

from kbservice.domain.account import Account, ApiKey, Role, WebSession
from kbservice.errors import Conflict
from kbservice.store import accounts
from kbservice.store.database import Database
from tests.builders import NOW

pytestmark = pytest.mark.every_database


def an_account(name: str = "li") -> Account:
    return Account(name=name, role=Role.LEAD, created_at=NOW)


def a_key(account: Account, key_hash: str = "a" * 64) -> ApiKey:
    return ApiKey(
        account_id=account.id, name="form", role=Role.INTAKE, key_hash=key_hash, created_at=NOW
    )


def a_browser(account: Account, token_hash: str, hours: int) -> WebSession:
    ends_at = NOW + timedelta(hours=hours)
    return WebSession(
        token_hash=token_hash, account_id=account.id, created_at=NOW, expires_at=ends_at
    )


def test_an_account_is_found_by_name_with_its_role(database: Database):
    with database.transaction() as session:
        for name in ("wang", "li"):
            accounts.add(session, an_account(name))

    with database.reading() as session:
        found = accounts.by_name(session, "li")
        names = [row.name for row in accounts.all_accounts(session)]
        unknown = accounts.by_name(session, "Li")
    assert found is not None
    assert found.role.covers(Role.AGENT)
    assert names == ["li", "wang"]
    assert unknown is None


def test_a_taken_name_is_a_conflict(database: Database):
    with database.transaction() as session:
        accounts.add(session, an_account())
        with pytest.raises(Conflict, match="li exists already"):
            accounts.add(session, an_account())


def test_a_key_is_found_by_its_hash_with_the_account(database: Database):
    with database.transaction() as session:
        account = an_account()
        accounts.add(session, account)
        accounts.add_key(session, a_key(account))
        accounts.add_key(session, a_key(account, "b" * 64))
        with pytest.raises(Conflict):
            accounts.add_key(session, a_key(account))

    with database.reading() as session:
        found = accounts.by_key_hash(session, "a" * 64)
        unknown = accounts.by_key_hash(session, "c" * 64)
        everything = accounts.all_keys(session)
    assert found is not None
    assert (found.account.name, found.role) == ("li", Role.INTAKE)
    assert unknown is None
    assert [key.key_hash[0] for key in everything] == ["b", "a"]


def test_browser_sessions_end_one_by_one_by_account_and_by_time(database: Database):
    def open_ones() -> list[str]:
        with database.reading() as session:
            return [name for name in "abcd" if accounts.by_session(session, name)]

    with database.transaction() as session:
        li, wang = an_account("li"), an_account("wang")
        accounts.add(session, li)
        accounts.add(session, wang)
        for token, account, hours in (("a", li, 1), ("b", li, 2), ("c", li, 0), ("d", wang, 2)):
            accounts.add_session(session, a_browser(account, token, hours))
        with pytest.raises(Conflict):
            accounts.add_session(session, a_browser(li, "a", 1))
    assert open_ones() == ["a", "b", "c", "d"]

    with database.transaction() as session:
        accounts.drop_expired_sessions(session, NOW)
    assert open_ones() == ["a", "b", "d"]

    with database.transaction() as session:
        accounts.drop_session(session, "a")
        accounts.drop_session(session, "unknown")
    assert open_ones() == ["b", "d"]

    with database.transaction() as session:
        accounts.drop_sessions_of(session, li.id)
    assert open_ones() == ["d"]


def test_a_browser_session_brings_its_account(database: Database):
    with database.transaction() as session:
        account = an_account()
        accounts.add(session, account)
        accounts.add_session(session, a_browser(account, "a", 1))

    with database.reading() as session:
        found = accounts.by_session(session, "a")
    assert found is not None
    assert (found.account.name, found.account.is_active) == ("li", True)
