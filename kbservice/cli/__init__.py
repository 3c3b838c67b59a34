"""The ``kbservice`` command: one module per noun, the same services as web and worker.

Every command takes ``--json`` (one object on stdout) and exits 0 done, 1 failed, 2 wrong use.
"""

from __future__ import annotations

import click

from kbservice import __version__
from kbservice.cli import (
    accounts,
    classifier,
    config,
    demo,
    doctor,
    evaluate,
    exports,
    imports,
    index,
    instance,
    profile,
    ranker,
    serving,
    synonyms,
)
from kbservice.cli.invocation import PoliteGroup

__all__ = ["cli", "main"]


@click.group(cls=PoliteGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kbservice")
def cli() -> None:
    """Knowledge-base search with ticket triage for technical-support teams.

    An instance is the folder in KBSERVICE_HOME (default: the current one) that holds
    indexes/ and instance/.
    """


for command in (
    instance.init,
    demo.demo,
    serving.serve,
    serving.worker,
    doctor.doctor,
    config.config,
    imports.import_,
    exports.export,
    index.index,
    synonyms.synonyms,
    classifier.classifier,
    ranker.ranker,
    evaluate.evaluate,
    accounts.accounts,
    profile.profile,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line."""
    cli(prog_name="kbservice")
