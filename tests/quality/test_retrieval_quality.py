"""Ranking on real judged queries must not fall: floors a little under what was reached."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kbservice.bootstrap import temporary_engine
from kbservice.search.evaluation import Feedback, evaluate
from tests.evaluation_sets import FOLDER

pytestmark = [pytest.mark.quality, pytest.mark.timeout(1200)]

# nDCG@10 reached with the recipe of ``kbservice/search/recipe.py``, less about .01; the
# collections of 63 queries get .03.
FLOORS = {
    "zh_aliyun_faq": 0.715,
    "en_stackfaq": 0.805,
    "en_hadoop_duplicates": 0.60,
}
OWN_RECORD_OUT = {"en_hadoop_duplicates"}
FURTHER = os.environ.get("KBSERVICE_EVAL_DATA", "")


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_ranking_stays_above_its_floor(name: str) -> None:
    with temporary_engine() as engine:
        report = evaluate(engine, FOLDER / name, exclude_self=name in OWN_RECORD_OUT)

    assert report.ndcg_at_10 >= FLOORS[name]


def test_accepted_wording_lifts_the_documents_it_led_to() -> None:
    with temporary_engine() as engine:
        without = evaluate(engine, FOLDER / "en_stackfaq")
        with_feedback = evaluate(
            engine, FOLDER / "en_stackfaq", feedback=Feedback(folder=FOLDER / "en_stackfaq")
        )

    assert with_feedback.hit_at_1 > without.hit_at_1


if FURTHER:

    @pytest.mark.parametrize("folder", sorted(p.parent for p in Path(FURTHER).glob("*/qrels.tsv")))
    def test_further_collections_are_ranked(folder: Path) -> None:
        with temporary_engine() as engine:
            report = evaluate(engine, folder, exclude_self="duplicates" in folder.name)

        print(folder.name, report)  # noqa: T201
        assert report.ndcg_at_10 > 0
