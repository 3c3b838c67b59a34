"""A week like any other is steady; one of other tickets drifts, and it is said in which way."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from kbservice.triage.classifier import ReleaseInfo, TicketText
from kbservice.triage.drift import (
    LEAST_TICKETS,
    DriftState,
    Sample,
    sample,
    signals,
    usual,
)
from kbservice.triage.linear_classifier import LinearClassifier
from kbservice.triage.training import train
from kbservice.triage.vocabulary import Vocabulary
from tests.unit.triage.lessons import lessons

MIX = {"network": 0.5, "printer": 0.3, "account": 0.15, "phone": 0.05}
REVIEW = 0.4


def tickets(count: int, seed: int, mix: dict[str, float] = MIX) -> Sample:
    """Return what a classifier would make of tickets of this mix: sure of nine in ten."""
    dice = np.random.default_rng(seed)
    labels = dice.choice(list(mix), size=count, p=list(mix.values()))
    confidences = np.where(dice.random(count) < 0.1, 0.3, 0.9)
    guesses = zip(map(str, labels), map(float, confidences), strict=True)
    return sample(guesses, dice.beta(2, 8, size=count).tolist())


def states(week: Sample, before: Sample | None = None) -> list[DriftState]:
    found = signals(before or tickets(1_000, seed=0), week, review=REVIEW)
    return [signal.state for signal in found]


@pytest.mark.parametrize("count", [30, 100, 1_000])
def test_weeks_of_the_same_tickets_hardly_ever_drift(count: int) -> None:
    found = [states(tickets(count, seed=seed)) for seed in range(1, 301)]
    alarms = sum("drifting" in week for week in found)
    assert alarms / len(found) < 0.02


def test_another_mix_drifts_and_names_what_grew() -> None:
    other = {"network": 0.1, "printer": 0.3, "account": 0.15, "phone": 0.45}
    week = tickets(200, seed=1, mix=other)
    _, labels, _ = signals(tickets(1_000, seed=0), week, review=REVIEW)
    assert labels.state == "drifting"
    assert {mover.label for mover in labels.movers[:2]} == {"network", "phone"}


def test_a_category_that_was_never_there_drifts() -> None:
    week = tickets(200, seed=1, mix={"network": 0.5, "robots": 0.5})
    assert states(week)[1] == "drifting"


def test_many_tickets_that_nothing_is_offered_for_drift() -> None:
    steady = tickets(200, seed=1)
    unsure = sample([("network", 0.2)] * 200, [0.2] * 200)
    assert (states(steady)[0], states(unsure)[0]) == ("steady", "drifting")


def test_many_unknown_words_drift() -> None:
    guesses = [("network", 0.9)] * 200
    week = sample(guesses, [0.6] * 200)
    assert states(week)[2] == "drifting"


def test_of_few_tickets_nothing_is_said() -> None:
    week = tickets(LEAST_TICKETS - 1, seed=1, mix={"robots": 1.0})
    assert set(states(week)) == {"unknown"}


def test_an_empty_week_can_be_compared() -> None:
    assert set(states(sample([], []))) == {"unknown"}


def test_what_was_usual_is_the_same_after_it_was_stored() -> None:
    before = tickets(100, seed=3)
    assert Sample.of(json.loads(json.dumps(before.plain()))).plain() == before.plain()


@pytest.fixture(scope="module")
def classifier() -> LinearClassifier:
    return train(lessons(), ReleaseInfo(release="r")).classifiers["category"]


def asked(texts: Sequence[str]) -> list[TicketText]:
    return [TicketText(title=text) for text in texts]


def test_words_of_the_lessons_are_known_and_others_are_not(classifier: LinearClassifier) -> None:
    vocabulary = Vocabulary.of(classifier.vectoriser)
    known, other = asked(["三楼网络中断", "量子纠缠实验"])
    assert vocabulary.unknown(known) < 0.2
    assert vocabulary.unknown(other) > 0.9
    assert vocabulary.unknown(TicketText(title="")) == 0.0


def test_the_usual_figures_tell_what_a_classifier_makes_of_unseen_tickets(
    classifier: LinearClassifier,
) -> None:
    unseen = asked(["三楼网络中断", "会议室打印机卡纸", "量子纠缠实验"])
    table = np.array([classifier.probabilities(ticket) for ticket in unseen])
    found = usual(classifier, unseen, table)
    assert found.tickets == 3
    assert sum(found.labels.values()) == sum(found.levels) == 3
    assert found.labels["network"] >= 1
    assert 0.3 < found.words < 0.5
