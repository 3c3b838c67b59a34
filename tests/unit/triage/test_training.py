from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from kbservice.errors import InvalidInput
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import fingerprint, read_tickets
from kbservice.triage.evaluation import evaluate_triage
from kbservice.triage.training import train
from tests.unit.triage.lessons import lessons

INFO = ReleaseInfo(release="000001")


def test_a_training_is_judged_by_its_newest_tickets() -> None:
    trained = train(lessons(), INFO)

    figures = trained.metrics["category"]
    assert 72 == figures["tickets"]
    assert 14 == figures["holdout"]
    assert figures["macro_f1"] > figures["majority_macro_f1"]
    assert 14 == sum(row["tickets"] for row in figures["per_label"])


def test_classifiers_learn_from_all_tickets_and_carry_the_name_of_the_release() -> None:
    info = train(lessons(), INFO).classifiers["category"].info

    assert "000001" == info.release


def test_a_label_that_only_the_newest_tickets_have_counts_as_missed() -> None:
    tickets = lessons()
    tickets[-1] = replace(tickets[-1], category="brand-new")

    per_label = train(tickets, INFO).metrics["category"]["per_label"]

    assert {"f1": 0.0, "recall": 0.0}.items() <= next(
        row for row in per_label if row["label"] == "brand-new"
    ).items()


def test_too_few_tickets_are_refused_with_the_number_missing() -> None:
    with pytest.raises(InvalidInput, match="20 tickets with a category; 8 are missing"):
        train(lessons(12), INFO)


def test_a_single_category_is_refused_by_name() -> None:
    tickets = [replace(ticket, category="vpn", priority=None) for ticket in lessons()]

    with pytest.raises(InvalidInput, match="all tickets have vpn"):
        train(tickets, INFO)


def test_what_cannot_be_learned_is_skipped_and_reported() -> None:
    trained = train([replace(ticket, priority=None) for ticket in lessons()], INFO)

    assert {"category"} == set(trained.classifiers)
    assert "20 are missing" in trained.skipped["priority"]


def test_the_data_hash_changes_with_one_label() -> None:
    tickets = lessons()

    assert fingerprint(tickets) == fingerprint(lessons())
    assert fingerprint(tickets) != fingerprint([replace(tickets[0], category="x"), *tickets[1:]])


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def files(folder: Path) -> tuple[Path, Path]:
    rows = [
        {
            "id": str(at),
            "title": t.title,
            "body": t.body,
            "category": t.category,
            "priority": t.priority,
            "odd": 1,
        }
        for at, t in enumerate(lessons(90))
    ]
    rows[0]["category"] = None
    return write(folder / "train.jsonl", rows[:60]), write(folder / "test.jsonl", rows[60:])


def test_an_evaluation_reports_the_promised_figures(tmp_path: Path) -> None:
    report = evaluate_triage(*files(tmp_path), "category").as_json()

    assert {
        "train", "test", "labels", "accuracy", "macro_f1", "top3_accuracy", "ece",
        "coverage_at_95_precision", "conformal_coverage", "conformal_set_size",
        "majority_accuracy", "majority_macro_f1", "train_s", "ms_per_ticket", "release_bytes",
        "accuracy_interval", "macro_f1_interval",
    } == set(report)  # fmt: skip
    assert (59, 30, 3) == (report["train"], report["test"], report["labels"])
    assert report["macro_f1"] > 0.9


def test_an_order_adds_the_figures_of_a_scale(tmp_path: Path) -> None:
    report = evaluate_triage(*files(tmp_path), "priority", order=["urgent", "normal"]).as_json()

    assert report["expected_cost"] <= report["best_constant_cost"]
    assert report["urgent_auc"] > 0.9


def test_an_order_must_name_every_label(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="order"):
        evaluate_triage(*files(tmp_path), "priority", order=["urgent"])


def test_test_tickets_with_foreign_labels_are_left_out(tmp_path: Path) -> None:
    train_path, test_path = files(tmp_path)
    with test_path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"title": "x", "category": "unheard of"}) + "\n")

    assert 30 == evaluate_triage(train_path, test_path, "category").test


def test_tickets_are_read_from_gzip_too(tmp_path: Path) -> None:
    path = tmp_path / "tickets.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.write(
            '{"title": "卡纸", "category": "printer", "created_at": "2026-01-05T09:00:00Z"}\n\n'
        )

    (ticket,) = read_tickets(path)

    assert ("卡纸", "printer", None, 2026) == (
        ticket.title, ticket.category, ticket.priority, ticket.created_at and ticket.created_at.year
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2"),
        ("[]", "line 2"),
        ('{"id": "1"}', "a title or a body"),
        ('{"title": "x", "created_at": "yesterday"}', "line 2: created_at"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "tickets.jsonl"
    path.write_text(f'{{"title": "ok"}}\n{line}\n', "utf-8")

    with pytest.raises(InvalidInput, match=message):
        read_tickets(path)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="readable ticket JSONL"):
        read_tickets(tmp_path / "none.jsonl")
