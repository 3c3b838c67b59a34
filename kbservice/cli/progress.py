"""Shows how long work stands: a bar on a terminal, a line per stage elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from kbservice.cli.invocation import Invocation
from kbservice.services.progress import NullProgress, Progress


class LineProgress:
    """Writes one line when a stage begins."""

    def stage(self, name: str, total: int) -> None:
        """Write the stage and its size."""
        click.echo(f"{name} ({total})" if total else name, err=True)

    def advance(self, steps: int = 1) -> None:
        """Write nothing: a log of steps helps nobody."""


class BarProgress:
    """Moves a bar on the terminal."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task = bars.add_task("", total=None)

    def stage(self, name: str, total: int) -> None:
        """Begin a new bar in the same place."""
        self._bars.reset(self._task, description=name, total=total or None)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        self._bars.advance(self._task, steps)


@contextmanager
def shown_progress(invocation: Invocation) -> Iterator[Progress]:
    """Give a progress that suits where the command runs; it writes to stderr only."""
    if invocation.as_json:
        yield NullProgress()
    elif not sys.stderr.isatty():
        yield LineProgress()
    else:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
            yield BarProgress(bars)
