"""Trains on the older tickets, judges on the newest, then learns from all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kbservice.errors import InvalidInput
from kbservice.triage import measures
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import LabelName, TrainingTicket, fingerprint, labelled
from kbservice.triage.fitting import fit, recipe_for
from kbservice.triage.linear_classifier import LinearClassifier

TRAINED: tuple[LabelName, ...] = ("category", "priority")
MIN_TICKETS = 20
HOLDOUT_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Classifiers by the label they guess, and how they did on tickets they never saw."""

    classifiers: Mapping[str, LinearClassifier]
    metrics: Mapping[str, Mapping[str, Any]]
    parameters: Mapping[str, Any]
    tickets: int
    data_hash: str


def train(tickets: Sequence[TrainingTicket], info: ReleaseInfo) -> Trained:
    """Train one classifier for each kind of label that enough tickets have.

    Args:
        tickets: Oldest first; the newest fifth is held out for the figures.
        info: Under which name the classifiers answer.

    Raises:
        InvalidInput: No kind of label has enough tickets; says how many are missing.
    """
    classifiers: dict[str, LinearClassifier] = {}
    metrics: dict[str, Mapping[str, Any]] = {}
    parameters: dict[str, Any] = {}
    for name in TRAINED:
        known = labelled(tickets, name)
        if not _is_enough(known, name):
            continue
        figures, penalty = _judged(known, name)
        metrics[name] = figures
        parameters[name] = {"penalty": penalty}
        fitted = fit([t.words for t in known], _labels(known, name), recipe_for(name, penalty))
        classifiers[name] = fitted.classifier.released_as(info)
    if not classifiers:
        _refuse(tickets)
    return Trained(
        classifiers=classifiers,
        metrics=metrics,
        parameters=parameters,
        tickets=len(tickets),
        data_hash=fingerprint(tickets),
    )


def judge(
    classifier: LinearClassifier, tickets: Sequence[TrainingTicket], name: LabelName
) -> dict[str, Any]:
    """Return the figures of a classifier on labelled tickets it never saw."""
    place = {label: at for at, label in enumerate(classifier.labels)}
    known = [ticket for ticket in tickets if ticket.label(name) in place]
    if not known:
        return {"tickets": len(tickets), "unknown_labels": len(tickets)}
    probabilities = np.array([classifier.probabilities(ticket.words) for ticket in known])
    truth = np.array([place[str(ticket.label(name))] for ticket in known], dtype=np.int64)
    guesses = probabilities.argmax(axis=1)
    confident = probabilities.max(axis=1) >= classifier.learned.automatic
    return {
        "tickets": len(known),
        "unknown_labels": len(tickets) - len(known),
        "accuracy": round(measures.accuracy(truth, guesses), 4),
        "macro_f1": round(measures.macro_f1(truth, guesses), 4),
        "ece": round(measures.calibration_error(truth, probabilities), 4),
        "auto_share": round(float(confident.mean()), 4),
        "auto_precision": (
            round(float((guesses == truth)[confident].mean()), 4) if confident.any() else None
        ),
        "f1_by_label": {
            classifier.labels[at]: round(value, 4)
            for at, value in measures.f1_by_label(truth, guesses).items()
        },
    }


def _judged(known: list[TrainingTicket], name: LabelName) -> tuple[dict[str, Any], float]:
    border = len(known) - max(1, round(len(known) * HOLDOUT_SHARE))
    older, newer = known[:border], known[border:]
    started = time.perf_counter()
    fitted = fit([t.words for t in older], _labels(older, name), recipe_for(name))
    figures = judge(fitted.classifier, newer, name)
    figures["train_s"] = round(time.perf_counter() - started, 3)
    return figures, fitted.penalty


def _labels(tickets: Sequence[TrainingTicket], name: LabelName) -> list[str]:
    return [str(ticket.label(name)) for ticket in tickets]


def _is_enough(known: Sequence[TrainingTicket], name: LabelName) -> bool:
    border = len(known) - max(1, round(len(known) * HOLDOUT_SHARE))
    return len(known) >= MIN_TICKETS and len(set(_labels(known[:border], name))) > 1


def _refuse(tickets: Sequence[TrainingTicket]) -> None:
    counts = {name: len(labelled(tickets, name)) for name in TRAINED}
    raise InvalidInput.of(
        "tickets",
        f"at least {MIN_TICKETS} tickets labelled with two or more values",
        ", ".join(f"{count} with a {name}" for name, count in counts.items()),
    )
