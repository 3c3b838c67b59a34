from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kbservice.triage import measures
from kbservice.triage.calibration import (
    Fit,
    calibrate,
    doubted,
    log_loss,
    softmax,
    trusted,
    with_bias,
    with_curve,
    with_temperature,
)
from kbservice.triage.measures import Doubles, Ints


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


def test_the_curve_makes_a_bent_confidence_honest() -> None:
    scores, truth = boastful()
    bent = np.sign(scores) * np.abs(scores) ** 0.5

    plain = with_temperature(bent, truth)
    curved = with_curve(plain, bent, truth)

    error = measures.calibration_error(truth, plain.probabilities(bent))
    assert measures.calibration_error(truth, curved.probabilities(bent)) < min(0.03, error)


def test_the_curve_changes_neither_the_order_nor_the_sum() -> None:
    scores, truth = boastful(400)
    plain = with_temperature(scores, truth)
    bent = replace(plain, curve=(0.01, 0.01, -4.0))

    held = bent.probabilities(scores)

    assert np.allclose(1.0, held.sum(axis=1))
    assert (held.argmax(axis=1) == plain.probabilities(scores).argmax(axis=1)).all()
    assert np.allclose(held[0], bent.probabilities(scores[0]))


def easy(count: int) -> tuple[Doubles, Ints]:
    """Return scores that a little stretching tells apart without a mistake, and the truth."""
    truth = np.arange(count) % 3
    return np.eye(3)[truth] + np.random.default_rng(5).normal(0.0, 0.1, (count, 3)), truth


@pytest.mark.parametrize("fitted", [with_temperature, with_bias])
@pytest.mark.parametrize("count", [12, 24, 60, 300])
def test_nobody_is_surer_than_so_many_tickets_can_show(fitted: Fit, count: int) -> None:
    scores, truth = easy(count)

    held = fitted(scores, truth).probabilities(scores)

    assert held.max(axis=1).mean() <= (count + 1) / (count + 2) + 0.01
    assert (held.argmax(axis=1) == truth).all()


def test_a_label_is_as_sure_as_its_own_tickets_can_vouch_for() -> None:
    certain = np.array([[1.0, 0.0, 0.0]])

    sure = [trusted(certain, np.array([n, 5000, 5000]))[0, 0] for n in (0, 1, 2, 9)]

    assert [2 / 3, 5 / 6, 11 / 12, 1.0] == pytest.approx(sure, abs=1e-3)


@pytest.mark.parametrize("count", [12, 24, 60, 300])
def test_even_the_surest_ticket_is_no_surer_than_all_tickets_can_show(count: int) -> None:
    scores, truth = easy(count)

    held = calibrate(scores, truth).probabilities(10 * scores)

    assert trusted(held, np.bincount(truth)).max() < (count + 1.5) / (count + 2)


def test_doubt_changes_neither_the_order_nor_the_sum() -> None:
    scores, _ = boastful(50)
    held = softmax(scores)

    shy = doubted(held, 0.25)

    assert np.allclose(1.0, shy.sum(axis=1))
    assert (np.argsort(shy) == np.argsort(held)).all()
    assert (shy.max(axis=1) < 0.45).all()
