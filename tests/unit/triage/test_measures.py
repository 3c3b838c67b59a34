from __future__ import annotations

import math

import numpy as np

from kbservice.triage import measures


def test_macro_f1_counts_every_label_the_same() -> None:
    truth, guess = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])

    assert math.isclose((6 / 7 + 0) / 2, measures.macro_f1(truth, guess))


def test_calibration_error_is_the_mean_gap_between_confidence_and_accuracy() -> None:
    probabilities = np.array([[0.9, 0.1]] * 10)
    truth = np.array([0] * 5 + [1] * 5)

    assert math.isclose(0.4, measures.calibration_error(truth, probabilities))


def test_top_three_accuracy_looks_at_three_labels() -> None:
    probabilities = np.array([[0.4, 0.3, 0.2, 0.1]] * 2)

    assert 0.5 == measures.top_k_accuracy(np.array([2, 3]), probabilities)


def test_a_priority_too_low_costs_more_than_one_too_high() -> None:
    costs = measures.cost_matrix(3, under=3.0, over=1.0)

    assert [[0.0, 3.0, 6.0], [1.0, 0.0, 3.0], [2.0, 1.0, 0.0]] == costs.tolist()


def test_the_area_under_the_curve_counts_ties_half() -> None:
    positive = np.array([True, True, False, False])

    assert 0.875 == measures.area_under_curve(positive, np.array([0.9, 0.5, 0.5, 0.1]))


def test_the_area_is_unknown_without_both_sides() -> None:
    assert math.isnan(measures.area_under_curve(np.array([True]), np.array([0.9])))
