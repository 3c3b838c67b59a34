"""``kbservice evaluate``: how well search and triage answer, judged on labelled data."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import cast

import click

from kbservice.bootstrap import temporary_engine
from kbservice.cli.invocation import Invocation, invoked
from kbservice.cli.tables import print_facts
from kbservice.search import evaluation as retrieval_evaluation
from kbservice.services.candidates import learned_order
from kbservice.triage.dataset import LabelName
from kbservice.triage.evaluation import evaluate_triage

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def evaluate() -> None:
    """Judge search and triage on labelled data, with the product's own engine and classifier.

    Works in a temporary folder; no instance is needed or touched.
    """


@evaluate.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option(
    "--feedback", type=_FOLDER, help="Queries and judgements taken as accepted suggestions."
)
@click.option(
    "--use",
    type=click.Choice(["both", "wording", "ranker"]),
    default="both",
    show_default=True,
    help="What the feedback teaches.",
)
@click.option("--exclude-self", is_flag=True, help="Leave a query's own record out of its ranking.")
@click.option("--qrels", default="qrels.tsv", show_default=True, help="Name of the judgement file.")
@invoked
def retrieval(
    invocation: Invocation,
    folder: Path,
    feedback: Path | None,
    use: str,
    qrels: str,
    *,
    exclude_self: bool,
) -> None:
    """Measure ranking on a folder in BEIR layout: corpus.jsonl, queries.jsonl, qrels.tsv."""
    taught = (
        retrieval_evaluation.Feedback(
            folder=feedback,
            wording=use != "ranker",
            learner=None if use == "wording" else learned_order,
        )
        if feedback
        else None
    )
    with temporary_engine() as engine:
        report = retrieval_evaluation.evaluate(
            engine, folder, feedback=taught, exclude_self=exclude_self, qrels=qrels
        )
    facts = asdict(report)
    invocation.answer(facts)
    if not invocation.as_json:
        print_facts(facts.items())


@evaluate.command()
@click.argument("train", type=_FILE)
@click.argument("test", type=_FILE)
@click.option(
    "--label",
    required=True,
    type=click.Choice(["category", "priority"]),
    help="What is learned and judged; rows without it are left out.",
)
@click.option("--order", help="Labels from most to least urgent, by comma: adds figures of cost.")
@invoked
def triage(invocation: Invocation, train: Path, test: Path, label: str, order: str | None) -> None:
    """Measure triage: learn from the tickets of TRAIN, judge on those of TEST (JSONL)."""
    ranked = [name.strip() for name in order.split(",")] if order else None
    report = evaluate_triage(train, test, cast("LabelName", label), order=ranked)
    # The figures of cost are there only with an order.
    facts = {name: value for name, value in asdict(report).items() if value is not None}
    invocation.answer(facts)
    if not invocation.as_json:
        print_facts(facts.items())
