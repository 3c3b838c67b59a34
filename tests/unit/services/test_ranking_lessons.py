from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from kbservice.services.ranking_lessons import lessons_of
from kbservice.store.judgements import Act, JudgedSuggestion
from kbservice.suggestion.features import COLUMN, NAMES
from kbservice.suggestion.learning import train
from kbservice.suggestion.ranker import Certainty
from tests.builders import NOW
from tests.unit.suggestion.lessons import a_lesson

SHOWN: Final = ("KB-1", "KB-2", "KB-3", "KB-4")
UNSEEN: Final = "KB-5"


def judged(*acts: Act, shown: tuple[str, ...] = SHOWN, number: int = 0) -> JudgedSuggestion:
    dice = np.random.default_rng(number)
    rows = [[key, *dice.uniform(size=len(NAMES)).tolist()] for key in (*SHOWN, UNSEEN)]
    return JudgedSuggestion(
        id=f"s{number}",
        at=NOW,
        considered={"features": list(NAMES), "rows": rows},
        places={key: place for place, key in enumerate(shown, start=1)},
        lots={},
        acts=acts,
    )


def unrelated(key: str, principal: str = "lilei") -> Act:
    return Act(action="rejected", article_id=key, principal=principal, reason="unrelated")


def test_what_was_rejected_as_unrelated_belongs_below_the_others_that_were_shown() -> None:
    asked = judged(unrelated("KB-2"))
    (lesson,) = lessons_of([asked])

    assert (SHOWN, ["KB-2"]) == (lesson.ids, [*lesson.judged_ids])
    assert [1.0, 0.0, 1.0, 1.0] == lesson.right.tolist()
    assert np.allclose(lesson.features[1], asked.considered["rows"][1][1:])
    assert ("lilei", 0.25) == (lesson.identity, lesson.weight)
    assert lesson.is_telling


@pytest.mark.parametrize(
    ("acts", "shown"),
    [
        ((unrelated("KB-1"),), ("KB-1",)),
        (tuple(map(unrelated, SHOWN)), SHOWN),
        ((replace(unrelated("KB-2"), reason="outdated"),), SHOWN),
    ],
    ids=["nothing to compare with", "nothing left", "the fix is at fault"],
)
def test_a_rejection_that_compares_nothing_teaches_nothing(
    acts: tuple[Act, ...], shown: tuple[str, ...]
) -> None:
    assert [] == lessons_of([judged(*acts, shown=shown)])


def test_where_somebody_said_what_was_right_that_is_the_lesson() -> None:
    right = Act(action="solved", article_id="KB-3", principal="hanmeimei")
    (lesson,) = lessons_of([judged(unrelated("KB-2"), right)])

    assert (False, {"KB-3"}) == (lesson.is_comparison, lesson.right_ids)


def test_a_success_that_was_taken_back_is_no_lesson() -> None:
    solved = Act(action="solved", article_id="KB-3", principal="hanmeimei")
    outdated = replace(solved, action="rejected", reason="outdated")
    resolved = replace(solved, action="resolved")

    assert [] == lessons_of([judged(solved, outdated)])
    assert {"KB-3"} == lessons_of([judged(outdated, solved)])[0].right_ids
    assert {"KB-3"} == lessons_of([judged(resolved, outdated)])[0].right_ids


def rejections(*, identity: str = "") -> list[JudgedSuggestion]:
    """Build rejections of what has least of the tags."""
    found = []
    for number in range(120):
        asked = judged(number=number)
        column = 1 + COLUMN["tags"]
        worst = min(asked.considered["rows"][: len(SHOWN)], key=lambda row: row[column])
        act = unrelated(str(worst[0]), identity or f"agent-{number}")
        found.append(replace(asked, acts=(act,)))
    return found


def test_a_ranker_learns_from_rejections_but_not_how_sure_to_be() -> None:
    ranker = train(lessons_of(rejections()), release="1").ranker

    assert ranker.learned is not None
    assert ranker.learned.linear[1 + COLUMN["tags"]] > 0.0
    assert ranker.certainty == Certainty()


def test_one_persons_rejections_are_too_few_to_learn_from_beside_others() -> None:
    others = [a_lesson(number) for number in range(30)]
    alone = lessons_of(rejections(identity="mallory"))

    assert 32 == train([*others, *alone], release="1").lessons
