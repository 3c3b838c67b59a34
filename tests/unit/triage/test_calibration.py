from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kbservice.triage import measures
from kbservice.triage.calibration import (
    calibrate,
    log_loss,
    softmax,
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
