"""``kbservice ranker``: learns and releases the order of known fixes."""

from __future__ import annotations

import click

from kbservice.cli.invocation import Invocation, invoked, open_application, operator
from kbservice.cli.progress import shown_progress
from kbservice.cli.tables import flat, plain, print_facts, print_table


@click.group()
def ranker() -> None:
    """Look after the ranker of known fixes."""


@ranker.command()
@invoked
def train(invocation: Invocation) -> None:
    """Learn from the judged suggestions and judge on the newest of them."""
    application = open_application()
    with shown_progress(invocation) as progress:
        result = application.ranking.train(progress)
    invocation.answer(result)
    if not invocation.as_json:
        print_facts(flat(result))


@ranker.command("list")
@invoked
def list_(invocation: Invocation) -> None:
    """List the releases, newest first."""
    releases = open_application().ranking.releases()
    invocation.answer({"releases": releases})
    if not invocation.as_json:
        names = list(dict.fromkeys(name for item in releases for name in plain(item)))
        print_table(names, [[plain(item).get(name) for name in names] for item in releases])


@ranker.command()
@click.argument("release", required=False)
@invoked
def show(invocation: Invocation, release: str | None) -> None:
    """Show one release with its evaluation; the current one unless named."""
    shown = open_application().ranking.release(release or "")
    invocation.answer(shown)
    if not invocation.as_json:
        print_facts(flat(shown))


@ranker.command()
@click.argument("release")
@invoked
def promote(invocation: Invocation, release: str) -> None:
    """Let a release rank from now on."""
    open_application().ranking.promote(release, operator())
    invocation.answer({"release": release})
    invocation.say("Release {release} ranks from now on", release=release)


@ranker.command()
@invoked
def rollback(invocation: Invocation) -> None:
    """Let the previous release rank again."""
    release = open_application().ranking.rollback(operator())
    invocation.answer({"release": release})
    invocation.say("Release {release} ranks from now on", release=release)
