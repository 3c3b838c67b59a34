"""``kbservice doctor``: examines the instance, and repairs what can be derived anew."""

from __future__ import annotations

import click

from kbservice.cli.invocation import FAILED, Invocation, invoked, open_application, operator
from kbservice.cli.tables import print_table


@click.command()
@click.option("--repair", is_flag=True, help="Bring the index back in line with the store.")
@invoked
def doctor(invocation: Invocation, *, repair: bool) -> None:
    """Examine store, index, classifier, worker and files; exit 1 if something is wrong."""
    application = open_application()
    findings = application.doctor.repair(operator()) if repair else application.doctor.check()
    is_well = all(finding.is_ok for finding in findings)
    invocation.answer(
        {
            "ok": is_well,
            "findings": [
                {"part": item.part, "ok": item.is_ok, "message": item.message} for item in findings
            ],
        }
    )
    if not invocation.as_json:
        print_table(
            (invocation.text("Part"), "", invocation.text("Finding")),
            [
                (
                    invocation.text(item.part),
                    "✓" if item.is_ok else "✗",
                    invocation.text(item.message),
                )
                for item in findings
            ],
        )
    if not is_well:
        click.get_current_context().exit(FAILED)
