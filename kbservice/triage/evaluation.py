"""Judges the product's own classifier on labelled tickets; figures as in the command's JSON."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from kbservice.errors import InvalidInput
from kbservice.triage.classifier import Prediction
from kbservice.triage.dataset import LabelName, TrainingTicket, labelled, read_tickets
from kbservice.triage.fitting import fit, recipe_for
from kbservice.triage.goals import Goals
from kbservice.triage.linear_classifier import LinearClassifier
from kbservice.triage.measures import (
    Doubles,
    Ints,
    accuracy,
    area_under_curve,
    calibration_error,
    cost_matrix,
    interval,
    macro_f1,
    top_k_accuracy,
    wilson_lower_bound,
)
from kbservice.triage.packing import pack
from kbservice.triage.priority import Costs

_UNDER: Final = 3.0
_OVER: Final = 1.0
_URGENT_LEVELS: Final = 2
_SHORT_SCALE: Final = 3
_CURVE: Final = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_SEED: Final = 20231001


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """How well a classifier of the first tickets does; ratios are 0-1."""

    train: int
    labels: int
    accuracy: float
    macro_f1: float
    coverage_at_95_precision: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageReport:
    """How well triage does; ratios are 0-1.

    Attributes:
        train: Labelled tickets learned from.
        test: Labelled tickets judged; those with a label that ``train`` lacks are left out.
        labels: Number of different labels.
        coverage_at_95_precision: Share filled in unasked at the threshold that promises a
            precision of .95; the threshold was chosen on the training tickets.
        conformal_coverage: Share whose true label is in the label set; .9 is promised.
        conformal_set_size: Mean size of the label set.
        auto_precision: Share of what would be filled in unasked that is right; None where
            nothing would be.
        auto_precision_lower_bound: Its Wilson lower bound.
        accuracy_interval: Bounds that hold 95 % of the accuracies of resampled test tickets.
        curve: How well fewer training tickets do, where that was asked for.
        expected_cost: Mean cost of the chosen levels, too low 3 and too high 1 a level.
        best_constant_cost: The least that always naming one level would cost.
        urgent_auc: Chance that an urgent ticket (the two upper levels, of three the first)
            is ranked above another one.
    """

    train: int
    test: int
    labels: int
    accuracy: float
    macro_f1: float
    top3_accuracy: float
    ece: float
    coverage_at_95_precision: float
    conformal_coverage: float
    conformal_set_size: float
    majority_accuracy: float
    majority_macro_f1: float
    train_s: float
    ms_per_ticket: float
    release_bytes: int
    expected_cost: float | None = None
    best_constant_cost: float | None = None
    urgent_auc: float | None = None
    accuracy_interval: tuple[float, float]
    macro_f1_interval: tuple[float, float]
    auto_precision: float | None = None
    auto_precision_lower_bound: float | None = None
    curve: tuple[CurvePoint, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the figures; those of an order only where there is one."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def evaluate_triage(
    train_path: Path,
    test_path: Path,
    label: LabelName,
    *,
    order: Sequence[str] | None = None,
    has_curve: bool = False,
) -> TriageReport:
    """Train on one file and judge on another.

    Args:
        train_path: Ticket JSONL; its labels are the label set.
        test_path: Ticket JSONL.
        label: The kind of label to guess.
        order: Every label of an ordered scale, the most urgent first.
        has_curve: Also learn from 50, 100, 200 ... tickets, drawn at random.

    Raises:
        InvalidInput: A file cannot be read, has too few labels, or the order lacks some.
    """
    lessons = labelled(read_tickets(train_path), label)
    known = {ticket.label(label) for ticket in lessons}
    if order is not None and (known - set(order) or len(set(order)) != len(order)):
        raise InvalidInput.of("order", ", ".join(sorted(map(str, known))), ", ".join(order))
    judged = [
        ticket
        for ticket in labelled(read_tickets(test_path), label)
        if ticket.label(label) in known
    ]
    if not judged:
        raise InvalidInput.of("test", f"tickets with a {label} that the training file has", "none")
    report = evaluated(lessons, judged, label, order)
    return replace(report, curve=_curve(lessons, judged, label)) if has_curve else report


def evaluated(
    lessons: Sequence[TrainingTicket],
    judged: Sequence[TrainingTicket],
    label: LabelName,
    order: Sequence[str] | None = None,
) -> TriageReport:
    """Train on some tickets and judge on others, whose labels the first all have."""
    started = time.perf_counter()
    classifier = _fitted(lessons, label, order or ())
    trained = time.perf_counter()
    predictions = [classifier.predict(ticket.words) for ticket in judged]
    done = time.perf_counter()
    place = {name: at for at, name in enumerate(classifier.labels)}
    truth = np.array([place[ticket.label(label) or ""] for ticket in judged], dtype=np.int64)
    table = _table(predictions, classifier.labels)
    guess = table.argmax(axis=1)
    commonest = Counter(ticket.label(label) or "" for ticket in lessons).most_common(1)[0][0]
    constant = np.full_like(truth, place[commonest])
    names = [classifier.labels[at] for at in truth]
    return TriageReport(
        train=len(lessons),
        test=len(judged),
        labels=len(place),
        accuracy=accuracy(truth, guess),
        macro_f1=macro_f1(truth, guess),
        top3_accuracy=top_k_accuracy(truth, table),
        ece=calibration_error(truth, table),
        majority_accuracy=accuracy(truth, constant),
        majority_macro_f1=macro_f1(truth, constant),
        train_s=round(trained - started, 3),
        ms_per_ticket=round((done - trained) * 1000 / len(judged), 3),
        release_bytes=len(pack(classifier)),
        accuracy_interval=interval(accuracy, truth, guess),
        macro_f1_interval=interval(macro_f1, truth, guess),
        **_decided(predictions, names),
        **(_ordered(predictions, names, order, classifier.frequencies) if order else {}),
    )


def _fitted(
    lessons: Sequence[TrainingTicket], label: LabelName, order: Sequence[str]
) -> LinearClassifier:
    names = [ticket.label(label) or "" for ticket in lessons]
    words = [ticket.words for ticket in lessons]
    return fit(words, names, recipe_for(label, Goals(order=tuple(order)))).classifier


def _decided(predictions: Sequence[Prediction], truth: Sequence[str]) -> dict[str, Any]:
    """Return how well what is filled in and what is offered keep their promises."""
    both = list(zip(predictions, truth, strict=True))
    rights = [item.value == name for item, name in both if item.decision == "auto"]
    figures = {
        "coverage_at_95_precision": len(rights) / len(both),
        "conformal_coverage": float(np.mean([name in item.label_set for item, name in both])),
        "conformal_set_size": float(np.mean([len(item.label_set) for item in predictions])),
    }
    if rights:
        figures["auto_precision"] = float(np.mean(rights))
        figures["auto_precision_lower_bound"] = float(wilson_lower_bound(sum(rights), len(rights)))
    return figures


def _curve(
    lessons: Sequence[TrainingTicket], judged: Sequence[TrainingTicket], label: LabelName
) -> tuple[CurvePoint, ...]:
    order = np.random.default_rng(_SEED).permutation(len(lessons))
    sizes = [size for size in _CURVE if size < len(lessons)]
    points = []
    for size in [*sizes, len(lessons)]:
        drawn = [lessons[at] for at in order[:size]]
        if len({ticket.label(label) for ticket in drawn}) > 1:
            points.append(_point(drawn, judged, label))
    return tuple(points)


def _point(
    lessons: Sequence[TrainingTicket], judged: Sequence[TrainingTicket], label: LabelName
) -> CurvePoint:
    """Judge on all tickets: a label that was not among the lessons counts as missed."""
    classifier = _fitted(lessons, label, ())
    names = sorted({ticket.label(label) or "" for ticket in judged} | set(classifier.labels))
    place = {name: at for at, name in enumerate(names)}
    predictions = [classifier.predict(ticket.words) for ticket in judged]
    truth = np.array([place[ticket.label(label) or ""] for ticket in judged], dtype=np.int64)
    guess = np.array([place[item.value or ""] for item in predictions], dtype=np.int64)
    return CurvePoint(
        train=len(lessons),
        labels=len(classifier.labels),
        accuracy=accuracy(truth, guess),
        macro_f1=macro_f1(truth, guess),
        coverage_at_95_precision=float(np.mean([item.decision == "auto" for item in predictions])),
    )


def _table(predictions: Sequence[Prediction], labels: Sequence[str]) -> Doubles:
    place = {name: at for at, name in enumerate(labels)}
    table = np.zeros((len(predictions), len(labels)))
    for row, prediction in enumerate(predictions):
        for name, held in prediction.probabilities:
            table[row, place[name]] = held
    return table


def _ordered(
    predictions: Sequence[Prediction],
    truth: Sequence[str],
    order: Sequence[str],
    usual: Mapping[str, float],
) -> dict[str, Any]:
    """Return the figures of an ordered scale, with the levels as triage chooses them."""
    costs = Costs(levels=tuple(order), under=_UNDER, over=_OVER)
    place = {name: at for at, name in enumerate(order)}
    true = np.array([place[name] for name in truth], dtype=np.int64)
    chosen = [costs.cheapest(dict(item.probabilities), usual) for item in predictions]
    guess: Ints = np.array([place[name] for name in chosen], dtype=np.int64)
    matrix = cost_matrix(len(order), under=_UNDER, over=_OVER)
    urgent = set(order[: _URGENT_LEVELS if len(order) > _SHORT_SCALE else 1])
    scores = [sum(p for name, p in item.probabilities if name in urgent) for item in predictions]
    return {
        "expected_cost": float(matrix[true, guess].mean()),
        "best_constant_cost": float(matrix[true].mean(axis=0).min()),
        "urgent_auc": area_under_curve(
            np.array([name in urgent for name in truth]), np.array(scores)
        ),
    }
