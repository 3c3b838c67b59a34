from __future__ import annotations

import pytest

from kbservice.domain.account import SYSTEM, Account, Principal, Role
from kbservice.errors import NotPermitted
from tests.builders import NOW


def test_each_role_covers_the_ones_before_it():
    covered = {role: [other for other in Role if role.covers(other)] for role in Role}

    assert covered == {
        Role.INTAKE: [Role.INTAKE],
        Role.AGENT: [Role.INTAKE, Role.AGENT],
        Role.LEAD: [Role.INTAKE, Role.AGENT, Role.LEAD],
        Role.ADMIN: [Role.INTAKE, Role.AGENT, Role.LEAD, Role.ADMIN],
    }


def test_a_principal_without_the_role_is_refused():
    form = Principal(name="form", role=Role.INTAKE)

    form.demand(Role.INTAKE)
    with pytest.raises(NotPermitted) as caught:
        form.demand(Role.AGENT)
    assert caught.value.facts == {"needed": "agent", "role": "intake"}
    assert not form.is_staff


def test_the_system_may_do_everything():
    assert SYSTEM.is_staff
    SYSTEM.demand(Role.ADMIN)


def test_an_account_is_active_until_disabled():
    account = Account(name="li", role=Role.AGENT, created_at=NOW)
    assert account.is_active

    account.disabled_at = NOW
    assert not account.is_active
