from __future__ import annotations

from typing import Any

import pytest

from kbservice.suggestion.candidate import Candidate, Wanted
from kbservice.suggestion.fixes import LEAST, Fix, rank

WANTED = Wanted(title="打印机卡纸无法打印", body="财务部的打印机一直提示卡纸")
ENGLISH = Wanted(title="Printer paper jam", body="The printer in accounting reports a jam")


def an_article(wanted: Wanted, article_id: str = "KB-1", **values: Any) -> Candidate:
    given: dict[str, Any] = {
        "id": article_id,
        "kind": "article",
        "title": wanted.title,
        "score": 20.0,
        "sections": (("problem", wanted.text),),
    }
    return Candidate(**(given | values))


def fixes(wanted: Wanted, **outcomes: Any) -> tuple[Fix, ...]:
    stranger = Candidate(id="KB-9", kind="article", title="VPN", score=9.0)
    return rank(wanted, [an_article(wanted, **outcomes), stranger], limit=5).fixes


@pytest.mark.parametrize("wanted", [WANTED, ENGLISH])
def test_many_failures_by_many_people_leave_nothing_to_be_sure_of(wanted: Wanted) -> None:
    assert "high" == fixes(wanted)[0].band
    found = fixes(wanted, failed_count=36, voices=30)

    assert {"low"} >= {fix.band for fix in found}
    assert "low" == fixes(wanted, solved_count=2, failed_count=20, voices=12)[0].band


def test_a_single_failure_hardly_matters() -> None:
    before, after = fixes(WANTED)[0], fixes(WANTED, failed_count=1, voices=1)[0]

    assert "high" == after.band
    assert 0.85 * before.confidence < after.confidence < before.confidence


def test_failures_matter_little_where_it_helped_far_more_often() -> None:
    assert "high" == fixes(WANTED, solved_count=100, failed_count=10, voices=30)[0].band


@pytest.mark.parametrize("score", [20.0, 12.0, 10.0, 9.2])
def test_one_person_never_takes_a_fix_below_the_bar(score: float) -> None:
    before = fixes(WANTED, score=score)
    after = fixes(WANTED, score=score, failed_count=36, failures_heard=3, voices=1)

    assert [fix.article_id for fix in before] == [fix.article_id for fix in after]
    assert min(before[0].confidence, LEAST) <= after[0].confidence < before[0].confidence


@pytest.mark.parametrize(("heard", "voices", "place"), [(0, 0, 0), (3, 1, 1), (36, 30, 4)])
def test_what_failed_goes_behind_what_is_surer_as_far_as_people_reach(
    heard: int, voices: int, place: int
) -> None:
    failed = an_article(
        WANTED, failed_count=36 if heard else 0, failures_heard=heard, voices=voices
    )
    others = [
        an_article(WANTED, f"KB-{n}", title="打印机提示卡纸，无法打印", score=20.0 - n / 10)
        for n in range(2, 6)
    ]

    considered = rank(WANTED, [failed, *others], limit=5).considered

    assert place == [item.article_id for item in considered].index("KB-1")
