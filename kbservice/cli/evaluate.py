"""``kbservice evaluate``: how well search and triage answer, judged on labelled data."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

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
    type=click.Choice(["category", "priority", "kind"]),
    help="What is learned and judged; rows without it are left out.",
)
@click.option("--order", help="Labels from most to least urgent, by comma: adds figures of cost.")
@click.option(
    "--curve", "has_curve", is_flag=True, help="Also learn from 50, 100, 200 ... tickets only."
)
@invoked
def triage(
    invocation: Invocation,
    train: Path,
    test: Path,
    label: str,
    order: str | None,
    *,
    has_curve: bool,
) -> None:
    """Measure triage: learn from the tickets of TRAIN, judge on those of TEST (JSONL)."""
    ranked = [name.strip() for name in order.split(",")] if order else None
    name = cast("LabelName", label)
    report = evaluate_triage(train, test, name, order=ranked, has_curve=has_curve)
    facts = report.as_json()
    invocation.answer(facts)
    if not invocation.as_json:
        print_facts(_flat(facts).items())


def _flat(facts: dict[str, Any]) -> dict[str, Any]:
    """Return intervals and the points of a curve as one line each."""
    shown = {name: value for name, value in facts.items() if name != "curve"}
    for name in [name for name in shown if name.endswith("_interval")]:
        shown[name] = " - ".join(f"{bound:.4f}" for bound in shown[name])
    for point in facts.get("curve", ()):
        figures = (f"{name} {value:.3f}" for name, value in point.items() if name != "train")
        shown[f"curve {point['train']}"] = ", ".join(figures)
    return shown
