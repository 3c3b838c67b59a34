from __future__ import annotations

import time

import numpy as np
import pytest

from kbservice.suggestion.features import COLUMN, DIRECTIONS, NAMES
from kbservice.suggestion.fixed_weights import order_scores
from kbservice.suggestion.learning import ndcg, stacked, train
from kbservice.suggestion.lessons import Lesson
from kbservice.suggestion.linear import fit_linear
from kbservice.suggestion.ranker import Ranker
from kbservice.suggestion.trees import grow
from tests.unit.suggestion.lessons import a_lesson, noise_lesson


def quality(ranker: Ranker, lessons: list[Lesson]) -> float:
    return float(np.mean([ndcg(lesson, ranker.scores(lesson.features)) for lesson in lessons]))


FRESH = [a_lesson(number) for number in range(1000, 1100)]
NOISY = [noise_lesson(number) for number in range(1000, 1100)]


def test_a_rule_in_the_feedback_is_learned() -> None:
    ranker = train([a_lesson(number) for number in range(200)], release="1").ranker

    assert quality(ranker, FRESH) > quality(Ranker(), FRESH) + 0.2


@pytest.mark.parametrize("lessons", [20, 50, 120])
def test_feedback_without_a_rule_does_no_harm(lessons: int) -> None:
    ranker = train([noise_lesson(number) for number in range(lessons)], release="1").ranker

    assert quality(ranker, NOISY) >= quality(Ranker(), NOISY) - 0.01


def test_fewer_than_twenty_lessons_leave_the_fixed_weights() -> None:
    trained = train([a_lesson(number) for number in range(19)], release="1")

    assert trained.ranker.learned is None
    assert 0.0 == trained.gain


def test_trust_grows_with_feedback() -> None:
    blends = [
        train([a_lesson(number) for number in range(count)], release="1").blend
        for count in (20, 60, 200)
    ]

    assert blends == sorted(blends)
    assert blends[0] <= 0.4 < blends[-1]


def test_what_can_only_help_is_never_held_against_an_article() -> None:
    # Here the right article has least of the tags: a rule that no sane ranker may learn.
    lessons = [a_lesson(number, rule="tags") for number in range(120)]
    for lesson in lessons:
        lesson.features[:, COLUMN["tags"]] *= -1.0
    weights = fit_linear(stacked(lessons))
    trees = grow(stacked(lessons))

    assert all(
        weight * direction >= 0
        for weight, direction in zip(weights[1:], DIRECTIONS, strict=True)
        if direction
    )
    # More of a feature alone, with all else equal, never lowers what the trees say.
    rows = np.zeros((9, len(NAMES)))
    rows[:, COLUMN["tags"]] = np.linspace(-1, 1, 9)
    assert (np.diff(trees.scores(rows, rows)) >= -1e-12).all()


def test_the_trees_read_by_numpy_say_what_scikit_learn_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kbservice.suggestion import trees

    grown: list[trees.DecisionTreeRegressor] = []
    whole = trees._completed
    monkeypatch.setattr(trees, "_completed", lambda tree: grown.append(tree) or whole(tree))
    stack = stacked([a_lesson(number) for number in range(60)])
    found = trees.grow(stack)
    rows = np.hstack([stack.standard, stack.features])
    expected = sum(0.1 * np.clip(tree.predict(rows.astype(np.float32)), -4, 4) for tree in grown)

    assert np.allclose(expected, found.scores(stack.standard, stack.features), atol=1e-6)


def test_a_flood_from_one_account_moves_what_it_favours_by_less_than_one_place() -> None:
    honest = [a_lesson(number) for number in range(100)]
    # The same account says four hundred times that the longest text is right.
    flood = [
        a_lesson(500 + number, rule="text_length", noise=0.0, identity="mallory")
        for number in range(400)
    ]
    fresh = [a_lesson(number) for number in range(1000, 1100)]
    dice = np.random.default_rng(7)
    for lesson in (*honest, *fresh):
        lesson.features[:, COLUMN["text_length"]] = dice.uniform(0.0, 1.0, len(lesson.ids))

    before = train(honest, release="1").ranker
    after = train([*honest, *flood], release="1").ranker

    favoured = [int(lesson.features[:, COLUMN["text_length"]].argmax()) for lesson in fresh]
    rises = [
        places(before, lesson)[at] - places(after, lesson)[at]
        for lesson, at in zip(fresh, favoured, strict=True)
    ]
    assert float(np.mean(rises)) < 1.0
    assert abs(quality(before, fresh) - quality(after, fresh)) < 0.02


def places(ranker: Ranker, lesson: Lesson) -> np.ndarray:
    order = np.argsort(-ranker.scores(lesson.features), kind="stable")
    found = np.empty(len(order), dtype=int)
    found[order] = np.arange(len(order))
    return found


def test_thirty_candidates_take_less_than_two_milliseconds() -> None:
    ranker = train([a_lesson(number) for number in range(200)], release="1").ranker
    features = np.tile(FRESH[0].features, (3, 1))[:30]
    taken = []
    for _ in range(50):
        started = time.perf_counter()
        ranker.scores(features)
        taken.append(time.perf_counter() - started)

    assert ranker.learned is not None
    assert float(np.median(taken)) < 0.002


def test_the_same_lessons_give_the_same_ranker() -> None:
    lessons = [a_lesson(number) for number in range(60)]
    first, second = (train(lessons, release="1").ranker for _ in range(2))

    assert (first.scores(FRESH[0].features) == second.scores(FRESH[0].features)).all()
    assert (order_scores(FRESH[0].features) != first.scores(FRESH[0].features)).any()
