from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from kbservice.suggestion.fixes import Candidate, Wanted, rank
from kbservice.suggestion.influence import bounded
from kbservice.suggestion.learning import train
from tests.unit.suggestion.lessons import a_lesson

WANTED = Wanted(title="打印机卡纸无法打印", body="财务部的打印机一直提示卡纸")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@given(some.lists(some.floats(-5, 5), min_size=1, max_size=30), some.integers(0, 40))
def test_nothing_moves_further_than_so_many_people_say(scores: list[float], people: int) -> None:
    after = bounded(list(range(len(scores))), np.array(scores), people)

    assert sorted(after) == list(range(len(scores)))
    assert all(abs(place - at) <= people for place, at in enumerate(after))


@given(some.lists(some.floats(-5, 5), min_size=2, max_size=30, unique=True))
def test_enough_people_decide_the_whole_order(scores: list[float]) -> None:
    after = bounded(list(range(len(scores))), np.array(scores), len(scores))

    assert after == sorted(range(len(scores)), key=lambda at: -scores[at])


def articles(**last: Any) -> list[Candidate]:
    found = [
        Candidate(
            id=f"KB-{number}",
            kind="article",
            title="打印机卡纸的处理",
            score=20.0 - 0.01 * number,
            sections=(("problem", "打印机提示卡纸，无法打印"),),
        )
        for number in range(6)
    ]
    given_last = {"id": "KB-5", "kind": "article", "title": found[5].title, "score": 19.95}
    return [*found[:5], Candidate(**given_last, sections=found[5].sections, **last)]


def place(found: list[Candidate]) -> int:
    fixes = rank(WANTED, found, limit=10).fixes
    return [fix.article_id for fix in fixes].index("KB-5")


@pytest.mark.parametrize(("voices", "expected"), [(0, 5), (1, 4), (3, 2), (None, 0)])
def test_an_article_rises_one_place_for_each_person_who_says_it_helped(
    voices: int | None, expected: int
) -> None:
    # Forty outcomes, however few people they come from.
    solved = 40 if voices != 0 else 0

    assert place(articles(solved_count=solved, voices=voices)) == expected


def test_a_ranker_taught_by_one_person_moves_nothing_by_more_than_one_place() -> None:
    taught = [a_lesson(number, rule="text_length", identity="mallory") for number in range(200)]
    ranker = train(taught, release="1").ranker
    found = [
        Candidate(
            id=f"KB-{number}",
            kind="article",
            title="打印机卡纸的处理",
            score=20.0 - number,
            sections=(("problem", "打印机提示卡纸，无法打印。" * (1 + 3 * number)),),
        )
        for number in range(8)
    ]

    before = [item.article_id for item in rank(WANTED, found, limit=20).considered]
    after = [item.article_id for item in rank(WANTED, found, limit=20, ranker=ranker).considered]

    assert 1 == ranker.identities
    assert before != after
    assert all(abs(before.index(key) - at) <= 1 for at, key in enumerate(after))
