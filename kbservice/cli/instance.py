"""``kbservice init``: makes an instance, or brings its schema up to date."""

from __future__ import annotations

import secrets

import click

from kbservice.bootstrap import Application, FirstLogin, init_instance
from kbservice.cli.invocation import Invocation, invoked, open_application, operator
from kbservice.domain.account import Role
from kbservice.errors import SchemaMismatch
from kbservice.settings import Settings
from kbservice.store.database import Database


@click.command()
@click.option("--admin", default="admin", show_default=True, help="Name of the administrator.")
@invoked
def init(invocation: Invocation, admin: str) -> None:
    """Make the instance and print the first administrator's login, once.

    An instance that exists keeps its content; an older schema is upgraded.
    """
    settings = Settings.load()
    home = str(settings.home.resolve())
    if not is_initialised(settings):
        login = init_instance(settings, admin=admin)
        _hand_over(invocation, home, login)
        return
    is_migrated = upgrade(settings)
    missing = first_login(open_application(settings), admin)
    if missing is not None:
        # An earlier init was cut off before it made the account.
        _hand_over(invocation, home, missing)
        return
    invocation.answer({"home": home, "created": False, "migrated": is_migrated})
    invocation.say("There is an instance in {home} already", home=home)
    if is_migrated:
        invocation.say("Its database schema was brought up to date")


def is_initialised(settings: Settings) -> bool:
    """Tell whether there is an instance in the home folder."""
    return (settings.instance_dir / "keys").exists()


def upgrade(settings: Settings) -> bool:
    """Migrate an older schema; tell whether there was anything to do."""
    database = Database(settings.effective_database_url)
    try:
        database.check_schema()
    except SchemaMismatch:
        database.migrate()
        return True
    finally:
        database.dispose()
    return False


def first_login(application: Application, admin: str) -> FirstLogin | None:
    """Make the first administrator if the instance has no account at all."""
    if application.accounts.all():
        return None
    password = secrets.token_urlsafe(12)
    application.accounts.create(admin, Role.ADMIN, password=password, actor=operator())
    return FirstLogin(name=admin, password=password)


def _hand_over(invocation: Invocation, home: str, login: FirstLogin) -> None:
    invocation.answer(
        {"home": home, "admin": login.name, "password": login.password, "created": True}
    )
    invocation.say("The instance is in {home}", home=home)
    invocation.say("Administrator: {name}", name=login.name)
    invocation.say("Password: {password} (shown only now)", password=login.password)
    invocation.say("Start it with: kbservice serve")
