"""The card says of each label how it did on unseen tickets, and stays small."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kbservice.triage.card import MOST_IN_MATRIX, Card, LabelRow, card
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import TrainingTicket
from kbservice.triage.thresholds import NEVER, LabelThreshold
from kbservice.triage.training import train
from tests.unit.triage.lessons import lessons

LABELS = ("a", "b", "c")
RELEASED = {
    "a": LabelThreshold(automatic=0.8, in_set=0.1, tickets=50),
    "b": LabelThreshold(automatic=NEVER, in_set=0.1, tickets=9, needed=11),
    "c": LabelThreshold(automatic=NEVER, in_set=0.1, tickets=60, needed=None),
}
TABLE = np.array([[0.9, 0.1, 0.0], [0.7, 0.3, 0.0], [0.1, 0.9, 0.0], [0.2, 0.8, 0.0]])


def tickets(*labels: str) -> list[TrainingTicket]:
    return [
        TrainingTicket(title=f"张三 13812345678 的工单 {number}", category=label)
        for number, label in enumerate(labels)
    ]


@pytest.fixture
def small() -> Card:
    return card("category", tickets("a", "b", "b", "b"), LABELS, TABLE, RELEASED)


def row_of(found: Card, label: str) -> LabelRow:
    return next(row for row in found.labels if row.label == label)


def test_precision_and_recall_are_those_of_the_unseen_tickets(small: Card) -> None:
    a, b = row_of(small, "a"), row_of(small, "b")
    assert (a.tickets, a.guessed, a.precision, a.recall) == (1, 2, 0.5, 1.0)
    assert (b.tickets, b.guessed, b.precision, b.recall) == (3, 2, 1.0, 0.6667)


def test_a_label_without_unseen_tickets_has_no_figures(small: Card) -> None:
    c = row_of(small, "c")
    assert (c.tickets, c.precision, c.recall, c.f1) == (0, None, None, None)


def test_thresholds_say_when_a_label_is_filled_in(small: Card) -> None:
    found = {row.label: (row.automatic, row.needed) for row in small.labels}
    assert found == {"a": (0.8, 0), "b": (None, 11), "c": (None, None)}


def test_the_matrix_is_in_the_order_of_the_labels(small: Card) -> None:
    assert [row.label for row in small.labels] == ["b", "a", "c"]
    assert small.matrix == ((2, 1, 0), (0, 1, 0), (0, 0, 0))


def test_reliability_counts_every_ticket_once(small: Card) -> None:
    assert sum(item.tickets for item in small.reliability) == 4
    lowest = small.reliability[0]
    assert (lowest.confidence, lowest.accuracy) == (0.7, 0.0)


def test_confusions_carry_masked_titles(small: Card) -> None:
    (confusion,) = small.confusions
    assert (confusion.label, confusion.guess, confusion.tickets) == ("b", "a", 1)
    assert "138****5678" in confusion.examples[0]


def test_it_is_the_same_after_it_was_stored(small: Card) -> None:
    assert Card.of(json.loads(json.dumps(small.plain()))) == small


def test_it_stays_small_with_very_many_labels() -> None:
    labels = [f"分类{number:03}" for number in range(300)]
    dice = np.random.default_rng(1)
    unseen = [
        TrainingTicket(title="打印机" * 100, category=labels[at])
        for at in dice.integers(300, size=3_000)
    ]
    table = dice.dirichlet([0.1] * 300, size=3_000)
    found = card("category", unseen, labels, table, {})
    assert len(labels) > MOST_IN_MATRIX
    assert found.matrix == ()
    assert len(found.confusions) == 20
    assert len(json.dumps(found.plain(), ensure_ascii=False).encode()) < 100_000


def test_a_training_has_what_a_card_needs() -> None:
    trained = train(lessons(), ReleaseInfo(release="r"))
    trial = trained.trials["category"]
    thresholds = trained.classifiers["category"].thresholds()
    found = card("category", trial.holdout, trial.classifier.labels, trial.table, thresholds)
    assert found.tickets == trained.metrics["category"]["holdout"]
    right = sum(found.matrix[at][at] for at in range(len(found.labels)))
    assert right / found.tickets == pytest.approx(trained.metrics["category"]["accuracy"], abs=1e-4)
