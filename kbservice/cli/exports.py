"""``kbservice export``: articles and tickets into files that import takes back."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from kbservice.cli.invocation import Invocation, invoked, open_application, operator
from kbservice.cli.progress import shown_progress
from kbservice.services.exporting import What


@click.command()
@click.argument("what", type=click.Choice(["articles", "tickets", "all"]))
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--with-contacts", is_flag=True, help="Requesters unmasked; this is noted in the audit log."
)
@invoked
def export(invocation: Invocation, what: str, folder: Path, *, with_contacts: bool) -> None:
    """Write articles.jsonl, tickets.jsonl and a manifest with checksums into DIR."""
    application = open_application()
    with shown_progress(invocation) as progress:
        report = application.exporting.write(
            folder,
            cast("What", what),
            with_contacts=with_contacts,
            progress=progress,
            principal=operator(),
        )
    invocation.answer(report.to_json())
    for file in report.files:
        invocation.say(
            "{path}: {records} records, {size_bytes} bytes",
            path=str(folder / file.name),
            records=file.records,
            size_bytes=file.size_bytes,
        )
