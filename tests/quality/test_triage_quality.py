"""Triage on real labelled tickets must not fall: floors a little under what was reached."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kbservice.bootstrap import evaluate_triage
from tests.evaluation_sets import split_tickets

pytestmark = [pytest.mark.quality, pytest.mark.timeout(1200)]

FURTHER = os.environ.get("KBSERVICE_EVAL_DATA", "")
PRIORITIES = ("Blocker", "Critical", "Major", "Minor", "Trivial")


@pytest.mark.parametrize(
    ("name", "macro_f1"), [("zh_aliyun_faq_routing", 0.70), ("en_banking77", 0.87)]
)
def test_categories_stay_above_their_floor(name: str, macro_f1: float, tmp_path: Path) -> None:
    report = evaluate_triage(*split_tickets(name, tmp_path), "category")

    assert report.macro_f1 >= macro_f1
    assert report.macro_f1 > report.majority_macro_f1
    assert 0.85 <= report.conformal_coverage <= 0.97


def test_priority_costs_less_than_the_best_constant_answer(tmp_path: Path) -> None:
    report = evaluate_triage(
        *split_tickets("en_hadoop_priority", tmp_path), "priority", order=PRIORITIES
    )

    assert report.expected_cost is not None
    assert report.best_constant_cost is not None
    assert report.expected_cost <= report.best_constant_cost


if FURTHER:

    @pytest.mark.parametrize(
        "folder", sorted(p.parent for p in Path(FURTHER).glob("*/train.jsonl"))
    )
    def test_further_tickets_are_sorted_better_than_by_the_majority(folder: Path) -> None:
        report = evaluate_triage(folder / "train.jsonl", folder / "test.jsonl", "category")

        print(folder.name, report)  # noqa: T201
        assert report.macro_f1 > report.majority_macro_f1
