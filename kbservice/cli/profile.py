"""``kbservice profile``: the process profiles."""

from __future__ import annotations

from pathlib import Path

import click

from kbservice.cli.invocation import FAILED, Invocation, invoked
from kbservice.cli.tables import print_facts, print_table
from kbservice.profiles import Profile, check, parse
from kbservice.services.profiles import ProfileBook
from kbservice.settings import Settings


@click.group()
def profile() -> None:
    """Look at the process profiles: the shipped ones and the instance's own."""


@profile.command("list")
@invoked
def list_(invocation: Invocation) -> None:
    """List the profiles, the default one first."""
    book = _book()
    profiles = [book.get(key) for key in book.available()]
    rows = [
        {
            "key": item.key,
            "version": item.version,
            "label": item.label(item, invocation.locale),
            "sources": list(item.sources),
            "default": item.key == book.default_key,
        }
        for item in profiles
    ]
    invocation.answer({"profiles": rows})
    if not invocation.as_json:
        words = ("key", "version", "label", "default")
        print_table(
            [invocation.text(word) for word in words],
            [
                (row["key"], row["version"], row["label"], "*" if row["default"] else "")
                for row in rows
            ],
        )


@profile.command()
@click.argument("key", required=False, default="")
@invoked
def show(invocation: Invocation, key: str) -> None:
    """Show a profile; the default one unless named."""
    found = _book().get(key)
    invocation.answer(found.model_dump(mode="json"))
    if not invocation.as_json:
        print_facts(_summary(found, invocation))


@profile.command("check")
@click.argument("what", metavar="KEY|FILE")
@invoked
def check_(invocation: Invocation, what: str) -> None:
    """Find contradictions in a profile, given by key or as a TOML file; exit 1 if any."""
    path = Path(what)
    found = parse(path.read_text(encoding="utf-8")) if path.is_file() else _book().get(what)
    findings = [{"place": item.place, "problem": item.problem} for item in check(found)]
    invocation.answer({"key": found.key, "ok": not findings, "findings": findings})
    for finding in findings:
        invocation.say("{place}: {problem}", **finding)
    if findings:
        click.get_current_context().exit(FAILED)
    invocation.say("Profile {key} is sound", key=found.key)


def _book() -> ProfileBook:
    settings = Settings.load()
    return ProfileBook(settings.instance_dir / "profiles", settings.profile)


def _summary(found: Profile, invocation: Invocation) -> list[tuple[str, object]]:
    def named(things: tuple[object, ...]) -> str:
        return ", ".join(
            f"{found.label(thing, invocation.locale)}"  # type: ignore[arg-type]  # all have labels
            for thing in things
        )

    return [
        (invocation.text("key"), f"{found.key}@{found.version}"),
        (invocation.text("label"), found.label(found, invocation.locale)),
        (invocation.text("ticket number"), found.number.example),
        (invocation.text("categories"), named(found.categories)),
        (invocation.text("kinds"), named(found.kinds)),
        (invocation.text("priorities"), named(found.priorities_by_rank)),
        (invocation.text("states"), named(found.states)),
    ]
