"""A key is not looked up at every request, and never works longer than half a second too long."""

from __future__ import annotations

from kbservice.domain.account import Principal, Role
from kbservice.services.known_keys import LIFETIME_S, KnownKeys

OWNER = Principal(name="form", role=Role.INTAKE, account_id=1, via="key")


class Store:
    """Counts questions; ``owner`` is what it answers."""

    def __init__(self) -> None:
        self.owner: Principal | None = OWNER
        self.asked = 0

    def __call__(self) -> Principal | None:
        self.asked += 1
        return self.owner


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_valid_key_is_asked_for_once() -> None:
    store, keys = Store(), KnownKeys(Clock())
    assert [OWNER, OWNER] == [keys.find("hash", store), keys.find("hash", store)]
    assert 1 == store.asked


def test_a_key_revoked_elsewhere_stops_working_within_a_second() -> None:
    store, clock = Store(), Clock()
    keys = KnownKeys(clock)
    keys.find("hash", store)
    store.owner = None
    clock.now_s += LIFETIME_S
    assert keys.find("hash", store) is None
    assert LIFETIME_S < 1


def test_a_key_revoked_here_stops_working_at_once() -> None:
    store, keys = Store(), KnownKeys(Clock())
    keys.find("hash", store)
    store.owner = None
    keys.forget()
    assert keys.find("hash", store) is None


def test_an_answer_from_before_the_revocation_is_not_remembered() -> None:
    store, keys = Store(), KnownKeys(Clock())

    def revoked_meanwhile() -> Principal | None:
        keys.forget()
        return OWNER

    keys.find("hash", revoked_meanwhile)
    store.owner = None
    assert keys.find("hash", store) is None


def test_a_new_key_works_at_once() -> None:
    store, keys = Store(), KnownKeys(Clock())
    store.owner = None
    keys.find("hash", store)
    store.owner = OWNER
    assert OWNER == keys.find("hash", store)


def test_keys_are_told_apart() -> None:
    keys = KnownKeys(Clock())
    keys.find("hash", Store())
    assert keys.find("other", lambda: None) is None
