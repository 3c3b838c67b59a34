from __future__ import annotations

import numpy as np
import pytest

from kbservice.triage import measures
from kbservice.triage.calibration import (
    NEVER,
    Doubles,
    Ints,
    automatic_threshold,
    calibrate,
    label_set_threshold,
    log_loss,
    softmax,
    wilson_lower_bound,
    with_temperature,
)


def boastful(count: int = 3000) -> tuple[Doubles, Ints]:
    """Return scores ten times surer than they may be, and the truth."""
    random = np.random.default_rng(7)
    honest = random.normal(size=(count, 4))
    draws = random.random(count)
    truth = (softmax(honest).cumsum(axis=1) < draws[:, None]).sum(axis=1).clip(max=3)
    return honest * 10.0, truth


def test_a_temperature_makes_boastful_scores_honest() -> None:
    scores, truth = boastful()

    before = measures.calibration_error(truth, softmax(scores))
    after = measures.calibration_error(truth, with_temperature(scores, truth).probabilities(scores))

    assert before > 0.3
    assert after < 0.05


def test_priors_are_kept_where_costs_are_weighed() -> None:
    scores, truth = boastful()
    scores[:, 0] += 8.0

    held = calibrate(scores, truth, keep_priors=True).probabilities(scores)

    assert (truth == 0).mean() == pytest.approx(held[:, 0].mean(), abs=0.02)


def test_calibration_never_loses_against_a_plain_temperature() -> None:
    scores, truth = boastful(600)
    scores[:, 2] -= 3.0

    plain = with_temperature(scores, truth).probabilities(scores)

    assert log_loss(calibrate(scores, truth).probabilities(scores), truth) <= log_loss(plain, truth)


def test_few_tickets_promise_no_precision() -> None:
    sure = np.tile([0.99, 0.01], (30, 1))

    assert NEVER == automatic_threshold(sure, np.zeros(30, dtype=np.int64))


def test_many_right_answers_promise_precision() -> None:
    sure = np.tile([0.99, 0.01], (200, 1))

    assert 0.99 == automatic_threshold(sure, np.zeros(200, dtype=np.int64))


def test_the_label_set_holds_the_truth_as_often_as_promised() -> None:
    scores, truth = boastful()
    probabilities = softmax(scores / 10.0)
    bar = label_set_threshold(probabilities[:1500], truth[:1500])

    covered = probabilities[1500:][np.arange(1500), truth[1500:]] >= bar

    assert 0.9 == pytest.approx(covered.mean(), abs=0.025)


def test_the_lower_bound_of_a_share_grows_with_the_trials() -> None:
    few, many = wilson_lower_bound([9, 900], [10, 1000])

    assert few < many < 0.9
