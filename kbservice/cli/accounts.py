"""``kbservice accounts``: who may use the service, and their API keys."""

from __future__ import annotations

import secrets

import click

from kbservice.cli.invocation import Invocation, invoked, open_application, operator
from kbservice.cli.tables import print_table
from kbservice.domain.account import Role

_ROLE = click.option(
    "--role", required=True, type=click.Choice([role.value for role in Role]), help="Its rights."
)


@click.group()
def accounts() -> None:
    """Look after accounts and API keys."""


@accounts.command()
@click.argument("name")
@_ROLE
@click.option("--api-only", is_flag=True, help="No password: it acts through API keys.")
@invoked
def create(invocation: Invocation, name: str, role: str, *, api_only: bool) -> None:
    """Make an account and print its password, once."""
    password = None if api_only else secrets.token_urlsafe(12)
    application = open_application()
    application.accounts.create(name, Role(role), password=password, actor=operator())
    invocation.answer({"name": name, "role": role, "password": password})
    invocation.say("Account {name} ({role}) is made", name=name, role=role)
    if password:
        invocation.say("Password: {password} (shown only now)", password=password)


@accounts.command("list")
@invoked
def list_(invocation: Invocation) -> None:
    """List accounts with their keys."""
    service = open_application().accounts
    issued = [item for item in service.keys() if item.disabled_at is None]  # noqa: SIM118  # no dict
    rows = [
        {
            "name": account.name,
            "role": str(account.role),
            "active": account.is_active,
            "created_at": account.created_at.isoformat(),
            "keys": [
                {"id": item.id, "name": item.name, "role": str(item.role)}
                for item in issued
                if item.account_id == account.id
            ],
        }
        for account in service.all()
    ]
    invocation.answer({"accounts": rows})
    if not invocation.as_json:
        print_table(
            [invocation.text(word) for word in ("name", "role", "active", "keys")],
            [(row["name"], row["role"], row["active"], _key_list(row["keys"])) for row in rows],
        )


@accounts.command()
@click.argument("name")
@invoked
def disable(invocation: Invocation, name: str) -> None:
    """Shut an account out at once, with its keys and sessions."""
    open_application().accounts.disable(name, actor=operator())
    invocation.answer({"name": name, "active": False})
    invocation.say("Account {name} is disabled", name=name)


@accounts.command()
@click.argument("name")
@invoked
def password(invocation: Invocation, name: str) -> None:
    """Give an account a new password and print it, once; its sessions end."""
    fresh = secrets.token_urlsafe(12)
    open_application().accounts.set_password(name, fresh, actor=operator())
    invocation.answer({"name": name, "password": fresh})
    invocation.say("Password: {password} (shown only now)", password=fresh)


@accounts.command()
@click.argument("name")
@_ROLE
@click.option("--label", default="", help="What the key is for.")
@invoked
def key(invocation: Invocation, name: str, role: str, label: str) -> None:
    """Make an API key for an account and print it, once."""
    issued = open_application().accounts.issue_key(name, Role(role), label=label, actor=operator())
    invocation.answer({"id": issued.id, "key": issued.key})
    invocation.say(
        "Key {id} ({role}): {key} (shown only now)", id=issued.id, role=role, key=issued.key
    )


@accounts.command()
@click.argument("key_id", type=int)
@invoked
def revoke(invocation: Invocation, key_id: int) -> None:
    """Make an API key invalid."""
    open_application().accounts.revoke_key(key_id, actor=operator())
    invocation.answer({"id": key_id, "active": False})
    invocation.say("Key {id} is revoked", id=key_id)


def _key_list(keys: object) -> str:
    if not isinstance(keys, list):
        return ""
    return ", ".join(f"{key['id']} ({key['role']})" for key in keys)
