from __future__ import annotations

import numpy as np
import pytest

from kbservice.triage.promise import check, report


def outcomes(precision: float, count: int = 400, seed: int = 5) -> list[bool]:
    return [bool(is_right) for is_right in np.random.default_rng(seed).random(count) < precision]


def test_nothing_is_known_without_outcomes() -> None:
    found = check([], 0.95)

    assert "unknown" == found.state
    assert found.precision is None
    assert (0.0, 1.0) == (found.lower, found.upper)


def test_a_promise_that_holds_is_seldom_called_broken() -> None:
    alarms = [check(outcomes(0.95, 300, seed), 0.95).state == "broken" for seed in range(200)]

    assert sum(alarms) <= 10


def test_a_shift_is_noticed_within_sixty_decisions() -> None:
    missed = [check(outcomes(0.71, 60, seed), 0.95).state != "broken" for seed in range(100)]

    assert sum(missed) <= 10


def test_an_old_good_record_does_not_hide_a_new_failure() -> None:
    assert "broken" == check(outcomes(0.99, 1000) + outcomes(0.6, 60), 0.95).state


def test_a_broken_promise_is_kept_again_only_when_it_is_proven() -> None:
    broken = outcomes(0.6, 60)

    assert "broken" == check(broken + [True] * 40, 0.95).state
    assert "kept" == check(broken + [True] * 200, 0.95).state


def test_the_figures_are_those_of_the_newest_outcomes() -> None:
    found = check([False] * 300 + [True] * 200, 0.95)

    assert (200, 200) == (found.right, found.decided)
    assert found.lower > 0.95


def test_a_failing_label_is_suspended_alone() -> None:
    good = [("network", is_right) for is_right in outcomes(0.99, 500)]
    bad = [("printer", is_right) for is_right in outcomes(0.4, 20)]

    found = report([*good[:400], *bad, *good[400:]], 0.95)

    assert frozenset({"printer"}) == found.suspended
    assert found.by_label["network"].state == "kept"


@pytest.mark.parametrize("promised", [0.8, 0.9, 0.95, 0.99])
def test_any_promise_can_be_checked(promised: float) -> None:
    assert "kept" == check(outcomes(1.0, 100), promised).state
    assert "broken" == check(outcomes(promised - 0.3, 200), promised).state
