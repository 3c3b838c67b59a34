"""Trains on the older tickets, judges on the newest, then learns from all of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np

from kbservice.errors import InvalidInput
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import LabelName, TrainingTicket, fingerprint, labelled
from kbservice.triage.fitting import Fitted, Recipe, fit, recipe_for
from kbservice.triage.goals import PLAIN, Goals
from kbservice.triage.linear_classifier import LinearClassifier
from kbservice.triage.measures import (
    Doubles,
    Ints,
    accuracy,
    calibration_error,
    f1_by_label,
    macro_f1,
)

LABELS: Final[tuple[LabelName, ...]] = ("category", "priority", "kind")
LEAST_TICKETS: Final = 20
LEAST_LABELS: Final = 2
HOLDOUT_RATIO: Final = 0.2
MAX_TICKETS: Final = 30_000
"""Of more than these only the newest are learned from: memory, and old tickets mislead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training made.

    Attributes:
        classifiers: By the kind of label they guess.
        metrics: By kind of label, how a classifier of the older tickets did on the newest.
        parameters: By kind of label, what was chosen on the way.
        skipped: Kinds of label that could not be learned, with the reason.
        data_hash: Changes with anything that the training read.
        window: When the oldest and the newest ticket came; None where times are not known.
        trials: By kind of label, what the metrics were measured with.
    """

    classifiers: Mapping[str, LinearClassifier]
    metrics: Mapping[str, Mapping[str, Any]]
    parameters: Mapping[str, Mapping[str, Any]]
    skipped: Mapping[str, str]
    tickets: int
    data_hash: str
    window: tuple[datetime, datetime] | None = None
    trials: Mapping[str, Trial] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A classifier of the older tickets, and the newest ones that it did not see."""

    classifier: LinearClassifier
    older: Sequence[TrainingTicket]
    holdout: Sequence[TrainingTicket]

    @cached_property
    def table(self) -> Doubles:
        """A row of probabilities for each of the newest tickets."""
        return probabilities(self.classifier, self.holdout)


class SecondOpinion(NamedTuple):
    """What a classifier that had not seen a ticket says of it.

    Attributes:
        confidence: Probability of what it says.
        own: Probability of the label that the ticket has.
    """

    ticket: TrainingTicket
    predicted: str
    confidence: float
    own: float


Screen = Callable[[Sequence[SecondOpinion]], Collection[str]]


def train(
    tickets: Sequence[TrainingTicket],
    info: ReleaseInfo,
    *,
    labels: Sequence[LabelName] = LABELS,
    holdout_ratio: float = HOLDOUT_RATIO,
    goals: Goals = PLAIN,
    screen: Screen | None = None,
) -> Trained:
    """Train every kind of label that there are tickets enough for.

    Args:
        tickets: Oldest first; the newest are held out for the figures.
        info: Under which name the classifiers answer.
        labels: Kinds of label to learn.
        holdout_ratio: Share that is held out, between 0 and 1.
        goals: What the profile wants: ``Goals.of(profile)``.
        screen: Is told what a classifier that had not seen them says of the categories, and
            returns the numbers of the tickets not to learn from.

    Raises:
        InvalidInput: None of them can be learned; says what is missing.
    """
    known = tickets[-MAX_TICKETS:]
    done: dict[str, _Lesson] = {}
    skipped: dict[str, InvalidInput] = {}
    for name in labels:
        recipe = recipe_for(name, goals)
        try:
            own_screen = screen if name == "category" else None
            done[name] = _learned(labelled(known, name), name, holdout_ratio, recipe, own_screen)
        except InvalidInput as error:
            skipped[name] = error
    if not done:
        raise next(iter(skipped.values()))
    return Trained(
        classifiers={name: item.classifier.released_as(info) for name, item in done.items()},
        metrics={name: item.metrics for name, item in done.items()},
        parameters={
            name: {"penalty": item.penalty, "synthetic": item.uses_synthetic}
            for name, item in done.items()
        },
        skipped={name: str(error) for name, error in skipped.items()},
        tickets=len(known),
        data_hash=data_hash(tickets),
        window=_window(known),
        trials={name: item.trial for name, item in done.items()},
    )


def data_hash(tickets: Sequence[TrainingTicket]) -> str:
    """Return what changes with anything that a training of these tickets reads."""
    return fingerprint(tickets[-MAX_TICKETS:])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lesson:
    classifier: LinearClassifier
    metrics: dict[str, Any]
    penalty: float
    uses_synthetic: bool
    trial: Trial


def _window(tickets: Sequence[TrainingTicket]) -> tuple[datetime, datetime] | None:
    times = [ticket.created_at for ticket in tickets if ticket.created_at]
    return (min(times), max(times)) if times else None


def _learned(
    tickets: Sequence[TrainingTicket],
    name: LabelName,
    holdout_ratio: float,
    recipe: Recipe,
    screen: Screen | None,
) -> _Lesson:
    _check(name, tickets)
    started = time.perf_counter()
    newest = max(1, round(len(tickets) * holdout_ratio))
    judged = _fitted(name, tickets[:-newest], recipe)
    trial = Trial(classifier=judged.classifier, older=tickets[:-newest], holdout=tickets[-newest:])
    kept = tickets
    if screen is not None:
        left_out = screen(_second_opinions(name, judged, trial))
        kept = [ticket for ticket in tickets if ticket.number not in left_out]
    final = _fitted(name, kept, replace(recipe, penalties=(judged.penalty,)))
    metrics = figures(name, trial.classifier, trial.older, trial.holdout, trial.table)
    metrics["train_s"] = round(time.perf_counter() - started, 3)
    return _Lesson(
        classifier=final.classifier,
        metrics=metrics,
        penalty=judged.penalty,
        uses_synthetic=final.uses_synthetic,
        trial=trial,
    )


def _second_opinions(name: LabelName, judged: Fitted, trial: Trial) -> list[SecondOpinion]:
    table = np.vstack([judged.unseen, trial.table])
    labels = trial.classifier.labels
    place = {label: at for at, label in enumerate(labels)}
    found = []
    for ticket, row in zip((*trial.older, *trial.holdout), table, strict=True):
        own = place.get(str(ticket.label(name)))
        # A label that only the newest tickets have is nothing that can be doubted.
        if own is not None:
            best = int(row.argmax())
            opinion = SecondOpinion(ticket, labels[best], float(row[best]), float(row[own]))
            found.append(opinion)
    return found


def _check(name: LabelName, tickets: Sequence[TrainingTicket]) -> None:
    if len(tickets) < LEAST_TICKETS:
        raise InvalidInput(
            "Training needs {least} tickets with a {label}; {missing} are missing",
            label=name,
            least=LEAST_TICKETS,
            missing=LEAST_TICKETS - len(tickets),
        )
    values = {ticket.label(name) for ticket in tickets}
    if len(values) < LEAST_LABELS:
        raise InvalidInput(
            "Training needs {least} different values of {label}; all tickets have {value}",
            label=name,
            least=LEAST_LABELS,
            value=str(next(iter(values))),
        )


def _fitted(name: LabelName, tickets: Sequence[TrainingTicket], recipe: Recipe) -> Fitted:
    words = [ticket.words for ticket in tickets]
    return fit(words, [str(ticket.label(name)) for ticket in tickets], recipe)


def figures(
    name: LabelName,
    classifier: LinearClassifier,
    older: Sequence[TrainingTicket],
    holdout: Sequence[TrainingTicket],
    table: Doubles | None = None,
) -> dict[str, Any]:
    """Return the figures; a label that only the holdout has counts as missed.

    Args:
        name: Kind of label.
        classifier: What is judged.
        older: What it learned from.
        holdout: What it is judged on.
        table: Its probabilities of these, if they are known.
    """
    names = list(classifier.labels)
    names += sorted({str(ticket.label(name)) for ticket in holdout} - set(names))
    place = {label: at for at, label in enumerate(names)}
    truth = np.array([place[str(ticket.label(name))] for ticket in holdout], dtype=np.int64)
    table = probabilities(classifier, holdout) if table is None else table
    guess = table.argmax(axis=1)
    commonest = Counter(str(ticket.label(name)) for ticket in older).most_common(1)[0][0]
    constant = np.full_like(truth, place[commonest])
    measured = {
        "accuracy": accuracy(truth, guess),
        "macro_f1": macro_f1(truth, guess),
        "ece": calibration_error(truth, table),
        "majority_accuracy": accuracy(truth, constant),
        "majority_macro_f1": macro_f1(truth, constant),
    }
    return {
        "tickets": len(older) + len(holdout),
        "holdout": len(holdout),
        "labels": len(classifier.labels),
        **{figure: round(value, 4) for figure, value in measured.items()},
        **_automatic(truth, table, classifier, holdout),
        "per_label": _per_label(names, truth, guess),
    }


def probabilities(classifier: LinearClassifier, tickets: Sequence[TrainingTicket]) -> Doubles:
    """Return a row of probabilities for each ticket."""
    return np.array([classifier.probabilities(ticket.words) for ticket in tickets])


def _automatic(
    truth: Ints,
    table: Doubles,
    classifier: LinearClassifier,
    holdout: Sequence[TrainingTicket],
) -> dict[str, Any]:
    """Return which share would be filled in unasked, and which share of that rightly."""
    guess = table.argmax(axis=1)
    readings = [classifier.reading(ticket.words).learned.thresholds for ticket in holdout]
    bars = [row[at].automatic for row, at in zip(readings, guess, strict=True)]
    taken = table.max(axis=1) >= np.array(bars)
    right = guess[taken] == truth[taken]
    return {
        "auto_ratio": round(float(taken.mean()), 4),
        "auto_precision": round(float(right.mean()), 4) if taken.any() else None,
    }


def _per_label(names: Sequence[str], truth: Ints, guess: Ints) -> list[dict[str, Any]]:
    """Return precision, recall and F1 of each label that the holdout has, the commonest first."""
    rows = []
    for at, f1 in f1_by_label(truth, guess).items():
        hits = int(((truth == at) & (guess == at)).sum())
        held, guessed = int((truth == at).sum()), int((guess == at).sum())
        rows.append(
            {
                "label": names[at],
                "tickets": held,
                "precision": round(hits / guessed, 4) if guessed else 0.0,
                "recall": round(hits / held, 4),
                "f1": round(f1, 4),
            }
        )
    return sorted(rows, key=lambda row: -row["tickets"])
