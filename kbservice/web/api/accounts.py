"""Accounts and their API keys."""

from __future__ import annotations

from flask import url_for

from kbservice.domain.account import Role
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.idempotency import never_shown_again
from kbservice.web.api.schemas.base import PageOut
from kbservice.web.api.schemas.operation import AccountOut, IssuedKeyOut, KeyIn, NewAccountIn
from kbservice.web.context import application, principal
from kbservice.web.security import requires


@api.get("/accounts")
@requires(Role.ADMIN)
@contract(tag="accounts", answers=PageOut[AccountOut])
def account_list() -> PageOut[AccountOut]:
    """List accounts with their keys."""
    keys = application().accounts.keys()
    found = application().accounts.all()
    return PageOut[AccountOut](items=[AccountOut.of(account, keys) for account in found])


@api.post("/accounts")
@requires(Role.ADMIN)
@contract(tag="accounts", answers=AccountOut, status=201)
def account_create(json: NewAccountIn) -> tuple[AccountOut, int, dict[str, str]]:
    """Add an account."""
    account = application().accounts.create(
        json.name, Role(json.role), password=json.password, actor=principal()
    )
    return AccountOut.of(account, []), 201, {"Location": url_for("api.account_list")}


@api.post("/accounts/<path:name>/keys")
@requires(Role.ADMIN)
@never_shown_again
@contract(tag="accounts", answers=IssuedKeyOut, status=201)
def key_create(name: str, json: KeyIn) -> tuple[IssuedKeyOut, int]:
    """Make an API key; it is shown this once."""
    issued = application().accounts.issue_key(
        name, Role(json.role), label=json.label, actor=principal()
    )
    return IssuedKeyOut(id=issued.id, key=issued.key, role=issued.role.value), 201


@api.delete("/keys/<int:key_id>")
@requires(Role.ADMIN)
@contract(tag="accounts", status=204)
def key_revoke(key_id: int) -> tuple[str, int]:
    """Disable an API key at once."""
    application().accounts.revoke_key(key_id, actor=principal())
    return "", 204


@api.post("/accounts/<path:name>/disable")
@requires(Role.ADMIN)
@contract(tag="accounts", status=204)
def account_disable(name: str) -> tuple[str, int]:
    """Shut an account out: its keys and sessions stop working."""
    application().accounts.disable(name, actor=principal())
    return "", 204
