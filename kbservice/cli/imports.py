"""``kbservice import``: articles and tickets from files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from kbservice.cli.invocation import FAILED, Invocation, invoked, open_application, operator
from kbservice.cli.progress import shown_progress
from kbservice.services.import_report import ImportReport
from kbservice.services.progress import Progress

_FILES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Report what would happen, change nothing.")


@click.group("import")
def import_() -> None:
    """Bring articles or tickets in from files.

    JSON lines, JSON, CSV and XLSX with Chinese or English headings; articles also from text,
    Markdown and HTML files or a folder of them. A second import of the same id updates it.
    """


@import_.command()
@_FILES
@_DRY_RUN
@click.option("--publish", is_flag=True, help="Make the articles searchable at once.")
@invoked
def articles(
    invocation: Invocation, files: tuple[Path, ...], *, dry_run: bool, publish: bool
) -> None:
    """Import known fixes."""
    service = open_application().importing

    def read(path: Path, progress: Progress) -> ImportReport:
        return service.articles(
            path, publish=publish, dry_run=dry_run, progress=progress, principal=operator()
        )

    _import(invocation, files, read)


@import_.command()
@_FILES
@_DRY_RUN
@click.option("--profile", default="", help="Process profile of the tickets [the instance's].")
@invoked
def tickets(
    invocation: Invocation, files: tuple[Path, ...], *, dry_run: bool, profile: str
) -> None:
    """Import tickets, resolved ones with their solution."""
    service = open_application().importing

    def read(path: Path, progress: Progress) -> ImportReport:
        return service.tickets(
            path, profile=profile, dry_run=dry_run, progress=progress, principal=operator()
        )

    _import(invocation, files, read)


def _import(
    invocation: Invocation, files: Sequence[Path], read: Callable[[Path, Progress], ImportReport]
) -> None:
    whole = ImportReport()
    with shown_progress(invocation) as progress:
        for path in files:
            whole.merge(read(path, progress))
    invocation.answer(whole.to_json())
    if not invocation.as_json:
        _print(invocation, whole.to_json())
    if whole.rejected and not (whole.created or whole.updated or whole.unchanged):
        click.get_current_context().exit(FAILED)


def _print(invocation: Invocation, report: dict[str, Any]) -> None:
    if report["dry_run"]:
        invocation.say("Dry run: nothing was changed")
    invocation.say(
        "{read} read: {created} created, {updated} updated, {unchanged} unchanged, "
        "{rejected} rejected",
        **{**report, "rejected": len(report["rejected"])},
    )
    for item in report["rejected"][:20]:
        invocation.say("rejected {file}:{line}: {reason}", **item)
    for kind, count in report["removals"]["counts"].items():
        invocation.say("hygiene took out {count} × {kind}", kind=kind, count=count)
    for item in report["warnings"][:20]:
        invocation.say("warning {file}:{line}: {warning}", **item)
    for name, count in report["unknown_columns"].items():
        invocation.say("unknown column kept as metadata: {name} ({count})", name=name, count=count)
