"""``kbservice evaluate``: how well search and triage answer, judged on labelled data."""

from __future__ import annotations

import click


@click.group()
def evaluate() -> None:
    """Judge search and triage on labelled data, with the product's own engine and classifier."""
