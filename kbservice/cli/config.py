"""``kbservice config``: the settings in effect."""

from __future__ import annotations

import os

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from kbservice.cli.invocation import Invocation, invoked
from kbservice.cli.tables import print_table
from kbservice.settings import Settings


@click.group()
def config() -> None:
    """Show the settings."""


@config.command()
@invoked
def show(invocation: Invocation) -> None:
    """Show every setting, its value and where that comes from; passwords are hidden."""
    settings = Settings.load()
    values = {name: _shown(name, getattr(settings, name)) for name in Settings.model_fields}
    values["database_url"] = _without_password(settings.effective_database_url)
    invocation.answer(values)
    if not invocation.as_json:
        rows = []
        for name, field in Settings.model_fields.items():
            variable = f"KBSERVICE_{name.upper()}"
            source = "environment" if variable in os.environ else "default"
            rows.append((variable, values[name], invocation.text(source), field.description or ""))
        print_table([invocation.text(word) for word in ("name", "value", "from", "meaning")], rows)


def _shown(name: str, value: object) -> object:
    if name == "home":
        return str(Settings.load().home.resolve())
    return value if isinstance(value, bool | int | float) else str(value)


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "***"
