"""The ``kbservice`` command: one module per noun, the same services as web and worker.

Every command takes ``--json`` (one object on stdout) and exits 0 done, 1 failed, 2 wrong use.
"""

from __future__ import annotations

import click

from kbservice import __version__
from kbservice.cli.accounts import accounts
from kbservice.cli.classifier import classifier
from kbservice.cli.config import config
from kbservice.cli.demo import demo
from kbservice.cli.doctor import doctor
from kbservice.cli.evaluate import evaluate
from kbservice.cli.exports import export
from kbservice.cli.imports import import_
from kbservice.cli.index import index
from kbservice.cli.instance import init
from kbservice.cli.invocation import PoliteGroup
from kbservice.cli.profile import profile
from kbservice.cli.serving import serve, worker

__all__ = ["cli", "main"]


@click.group(cls=PoliteGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kbservice")
def cli() -> None:
    """Knowledge-base search with ticket triage for technical-support teams.

    An instance is the folder in KBSERVICE_HOME (default: the current one) that holds
    indexes/ and instance/.
    """


for command in (
    init,
    demo,
    serve,
    worker,
    doctor,
    config,
    import_,
    export,
    index,
    classifier,
    evaluate,
    accounts,
    profile,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line."""
    cli(prog_name="kbservice")
