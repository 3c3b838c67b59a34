from __future__ import annotations

import numpy as np
import pytest

from kbservice.triage.calibration import softmax
from kbservice.triage.measures import Doubles, Ints, wilson_lower_bound, wilson_upper_bound
from kbservice.triage.thresholds import (
    LEAST_LABELLED,
    NEVER,
    USUAL,
    Promises,
    label_set_thresholds,
    needed_at_first,
    thresholds,
)


def honest(count: int = 4000, spread: float = 2.0) -> tuple[Doubles, Ints]:
    """Return calibrated probabilities of four labels, and the truth drawn from them."""
    random = np.random.default_rng(7)
    held = softmax(random.normal(size=(count, 4)) * spread)
    draws = random.random(count)
    truth = (held.cumsum(axis=1) < draws[:, None]).sum(axis=1).clip(max=3)
    return held, truth


def sure(count: int, rights: int) -> tuple[Doubles, Ints]:
    """Return tickets all thought to be of the first label, of which ``rights`` are."""
    truth = np.zeros(count, dtype=np.int64)
    truth[rights:] = 1
    return np.tile([0.97, 0.03], (count, 1)), truth


def test_few_tickets_promise_nothing_and_say_how_many_are_missing() -> None:
    few, _ = thresholds(*sure(12, 12), USUAL)

    assert not few.may_fill_in
    assert few.needed is not None
    assert few.needed >= LEAST_LABELLED - 12


def test_many_right_answers_are_filled_in() -> None:
    first, other = thresholds(*sure(200, 199), USUAL)

    assert first.automatic == pytest.approx(0.97)
    assert 0 == first.needed
    assert other.automatic == NEVER


def test_a_label_that_is_often_wrong_asks_for_more_confidence_than_one_that_is_not() -> None:
    random = np.random.default_rng(3)
    held, truth = honest(spread=5.0)
    guess = held.argmax(axis=1)
    spoilt = (guess == 0) & (random.random(len(truth)) < 0.3) & (held[:, 0] < 0.999)
    truth = np.where(spoilt, 1, truth)

    first, _, third, _ = thresholds(held, truth, USUAL)

    assert first.automatic > third.automatic


def test_what_is_filled_in_keeps_its_promise_on_tickets_never_seen() -> None:
    held, truth = honest(8000, spread=4.0)
    for precision in (0.9, 0.95):
        promises = Promises(precision=precision)
        bars = np.array([t.automatic for t in thresholds(held[:4000], truth[:4000], promises)])
        guess = held[4000:].argmax(axis=1)
        taken = held[4000:].max(axis=1) >= bars[guess]

        assert taken.mean() > 0.3
        assert (guess == truth[4000:])[taken].mean() == pytest.approx(precision, abs=0.02)


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_the_label_set_holds_the_truth_as_often_as_promised(coverage: float) -> None:
    held, truth = honest()
    bars = label_set_thresholds(held[:2000], truth[:2000], coverage)

    kept = held[2000:] >= bars

    assert kept[np.arange(2000), truth[2000:]].mean() == pytest.approx(coverage, abs=0.025)


def test_a_label_seldom_seen_does_not_blow_up_the_label_sets() -> None:
    held, truth = honest(600)
    widened = np.hstack([held * 0.999, np.full((len(truth), 1), 0.001)])
    truth[:3] = 4

    bars = label_set_thresholds(widened, truth, 0.9)

    assert (widened[:, 4] >= bars[4]).mean() < 0.1


def test_a_label_without_any_ticket_needs_the_least_number() -> None:
    assert LEAST_LABELLED == needed_at_first(0)
    assert 0 == needed_at_first(500)


def test_the_bounds_of_a_share_close_in_with_the_trials() -> None:
    few, many = wilson_lower_bound([9, 900], [10, 1000])
    above_few, above_many = wilson_upper_bound([9, 900], [10, 1000])

    assert few < many < 0.9 < above_many < above_few
