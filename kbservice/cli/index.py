"""``kbservice index``: the search index and its generations."""

from __future__ import annotations

from dataclasses import asdict

import click

from kbservice.cli.invocation import Invocation, invoked, open_application, operator
from kbservice.cli.progress import shown_progress
from kbservice.cli.tables import print_facts


@click.group()
def index() -> None:
    """Look after the search index."""


@index.command()
@invoked
def status(invocation: Invocation) -> None:
    """Show what the index holds and how far it is behind the store."""
    found = asdict(open_application().indexing.status())
    state = found.pop("state") or {}
    facts = {**state, **found}
    invocation.answer(facts)
    if not invocation.as_json:
        print_facts((name, value) for name, value in facts.items() if value != "")


@index.command()
@invoked
def rebuild(invocation: Invocation) -> None:
    """Build a new generation from the store and switch to it; searches go on meanwhile."""
    application = open_application()
    with shown_progress(invocation) as progress:
        result = application.indexing.rebuild(progress)
    invocation.answer(result)
    invocation.say("Generation {generation} holds {documents} documents ({took_s} s)", **result)


@index.command()
@invoked
def rollback(invocation: Invocation) -> None:
    """Make the previous generation answer again."""
    state = open_application().indexing.rollback(operator())
    invocation.answer({"generation": state.generation, "documents": state.documents})
    invocation.say(
        "Generation {generation} holds {documents} documents",
        generation=state.generation,
        documents=state.documents,
    )
