"""``kbservice synonyms``: words that stand for the same, applied to searches at once."""

from __future__ import annotations

from typing import TextIO

import click

from kbservice.cli.invocation import FAILED, Invocation, invoked, open_application, operator
from kbservice.cli.tables import print_table
from kbservice.services.synonyms import QueryPreview


@click.group()
def synonyms() -> None:
    """Look after the synonym book."""


@synonyms.command("list")
@invoked
def list_(invocation: Invocation) -> None:
    """List the rules."""
    rules = open_application().synonyms.all(operator())
    rows = [
        {"id": rule.id, "rule": rule.rule, "author": rule.author, "version": rule.version}
        for rule in rules
    ]
    invocation.answer({"rules": rows})
    if not invocation.as_json:
        print_table(
            [invocation.text(word) for word in ("id", "rule", "author")],
            [(row["id"], row["rule"], row["author"]) for row in rows],
        )


@synonyms.command()
@click.argument("rule")
@invoked
def add(invocation: Invocation, rule: str) -> None:
    """Add a rule: "a, b" for equal words, "a => b" for one way."""
    record = open_application().synonyms.add(rule, operator())
    invocation.answer({"id": record.id, "rule": record.rule})
    invocation.say("Rule {id} is added: {rule}", id=record.id, rule=record.rule)


@synonyms.command()
@click.argument("rule_id", type=int)
@invoked
def remove(invocation: Invocation, rule_id: int) -> None:
    """Delete a rule."""
    open_application().synonyms.remove(rule_id, expected_version=None, principal=operator())
    invocation.answer({"id": rule_id})
    invocation.say("Rule {id} is removed", id=rule_id)


@synonyms.command("import")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@invoked
def import_(invocation: Invocation, file: TextIO) -> None:
    """Add the rules of a text file, one a line; "#" begins a remark. Fails if a line is no rule."""
    report = open_application().synonyms.import_lines(file.read(), operator())
    refused = [
        {
            "line": item.line,
            "text": item.text,
            "reason": invocation.text(item.error.message, **item.error.facts),
        }
        for item in report.refused
    ]
    invocation.answer({"added": report.added, "known": report.known, "refused": refused})
    invocation.say(
        "{added} rules are added, {known} were known", added=report.added, known=report.known
    )
    for item in refused:
        invocation.say("Line {line}: {reason}", line=item["line"], reason=item["reason"])
    if refused:
        click.get_current_context().exit(FAILED)


@synonyms.command()
@click.argument("rule")
@click.option("--query", "queries", multiple=True, help="A search to try; repeat for more.")
@invoked
def preview(invocation: Invocation, rule: str, queries: tuple[str, ...]) -> None:
    """Show what searches would find with a rule, without storing it."""
    found = open_application().synonyms.preview(rule, queries, operator())
    invocation.answer({"queries": [_facts(item) for item in found]})
    for item in found if not invocation.as_json else ():
        invocation.say(
            "{query}: {before} hits without the rule, {after} with it",
            query=item.query,
            before=item.total_before,
            after=item.total_after,
        )
        for hit in item.after:
            click.echo(f"  {'+' if hit.id in item.gained else ' '} {hit.id}  {hit.document.title}")
        for key in item.lost:
            click.echo(f"  - {key}")


def _facts(item: QueryPreview) -> dict[str, object]:
    return {
        "query": item.query,
        "total_before": item.total_before,
        "total_after": item.total_after,
        "before": [hit.id for hit in item.before],
        "after": [hit.id for hit in item.after],
        "gained": item.gained,
        "lost": item.lost,
    }
