"""``kbservice classifier``: trains and releases the ticket classifier."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from kbservice.cli.invocation import Invocation, invoked, open_application, operator
from kbservice.cli.progress import shown_progress
from kbservice.cli.tables import print_facts, print_table
from kbservice.services.drift import Week
from kbservice.triage.card import Card


@click.group()
def classifier() -> None:
    """Look after the ticket classifier."""


@classifier.command()
@click.option("--profile", default="", help="Learn from this profile's tickets [the instance's].")
@invoked
def train(invocation: Invocation, profile: str) -> None:
    """Learn from the ticket store and judge on its newest tickets."""
    application = open_application()
    with shown_progress(invocation) as progress:
        result = application.training.train(progress, profile_key=profile)
    invocation.answer(result)
    if not invocation.as_json:
        print_facts(_flat(result))


@classifier.command("list")
@invoked
def list_(invocation: Invocation) -> None:
    """List the releases, newest first."""
    releases = open_application().training.releases()
    invocation.answer({"releases": releases})
    if not invocation.as_json:
        names = list(dict.fromkeys(name for item in releases for name in _plain(item)))
        print_table(names, [[_plain(item).get(name) for name in names] for item in releases])


@classifier.command()
@click.argument("release", required=False)
@invoked
def show(invocation: Invocation, release: str | None) -> None:
    """Show one release with its cards; the one that the instance's profile uses unless named."""
    shown = open_application().training.release(release or "")
    cards = {name: card.plain() for name, card in shown.cards.items()}
    invocation.answer({**shown.facts, "cards": cards})
    if invocation.as_json:
        return
    print_facts(_flat(dict(shown.facts)))
    for name, card in shown.cards.items():
        click.echo(f"\n{name}")
        _print_card(card)


@classifier.command()
@click.argument("release")
@invoked
def promote(invocation: Invocation, release: str) -> None:
    """Let a release classify its profile's tickets from now on."""
    open_application().training.promote(release, operator())
    invocation.answer({"release": release})
    invocation.say("Release {release} classifies from now on", release=release)


@classifier.command()
@click.option("--profile", default="", help="Of this profile [the instance's].")
@invoked
def rollback(invocation: Invocation, profile: str) -> None:
    """Let the previous release classify again."""
    release = open_application().training.rollback(operator(), profile)
    invocation.answer({"release": release})
    invocation.say("Release {release} classifies from now on", release=release)


@classifier.command()
@invoked
def drift(invocation: Invocation) -> None:
    """Compare the last weeks' tickets with those that the classifier learned from."""
    report = open_application().drift.report()
    invocation.answer(
        {
            "release": report.release,
            "state": report.state,
            "weeks": [_plain_week(week) for week in report.weeks],
        }
    )
    for told in report.sentences():
        invocation.say(told.message, **told.facts)
    if report.weeks and not invocation.as_json:
        rows = [_plain_week(week) for week in report.weeks if week.tickets]
        print_table(list(rows[0]) if rows else [], [list(row.values()) for row in rows])


def _print_card(card: Card) -> None:
    """Print the labels, how sure it was against how often right, and what it confuses."""
    rows = [asdict(row) for row in card.labels]
    print_table(list(rows[0]), [list(row.values()) for row in rows])
    click.echo()
    bins = [asdict(item) for item in card.reliability]
    print_table(list(bins[0]), [list(item.values()) for item in bins])
    if card.confusions:
        click.echo()
        print_table(
            ["label", "guess", "tickets", "example"],
            [[item.label, item.guess, item.tickets, item.examples[0]] for item in card.confusions],
        )


def _plain_week(week: Week) -> dict[str, object]:
    figures: dict[str, object] = {s.name: round(s.value, 4) for s in week.signals}
    return {"start": f"{week.start:%Y-%m-%d}", "tickets": week.tickets, **figures}


def _plain(item: dict[str, Any]) -> dict[str, object]:
    return {name: value for name, value in item.items() if not isinstance(value, dict | list)}


def _flat(item: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for name, value in item.items():
        if isinstance(value, dict):
            pairs += _flat(value, f"{prefix}{name}.")
        else:
            pairs.append((f"{prefix}{name}", value))
    return pairs
