"""``kbservice evaluate`` on a collection small enough to judge by eye."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kbservice.cli import cli


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    documents = [
        {"id": "d1", "title": "打印机卡纸", "text": "打开后盖取出纸张"},
        {"id": "d2", "title": "数据库连接超时", "text": "优化连接池配置"},
        {"id": "d3", "title": "忘记密码", "text": "在登录页重置密码"},
    ]
    queries = [{"id": "q1", "text": "数据库连不上,连接超时"}, {"id": "q2", "text": "如何重置密码"}]
    for name, rows in (("corpus", documents), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td2\t1\nq2\td3\t1\n")
    return tmp_path


def test_retrieval_answers_with_the_promised_keys(collection: Path):
    result = CliRunner().invoke(cli, ["evaluate", "retrieval", str(collection), "--json"])

    report = json.loads(result.stdout)
    assert [
        "documents",
        "queries",
        "ndcg_at_10",
        "recall_at_10",
        "mrr",
        "hit_at_1",
        "hit_at_3",
        "index_s",
        "ms_per_query",
    ] == list(report)
    assert (3, 2, 1.0) == (report["documents"], report["queries"], report["ndcg_at_10"])


def test_retrieval_is_a_table_for_people(collection: Path):
    result = CliRunner().invoke(cli, ["evaluate", "retrieval", str(collection)])

    assert "ndcg_at_10    1" in result.stdout


def test_a_folder_that_is_no_collection_is_refused(tmp_path: Path):
    result = CliRunner().invoke(cli, ["evaluate", "retrieval", str(tmp_path)])

    assert 1 == result.exit_code
    assert "corpus.jsonl" in result.stderr


TRIAGE_KEYS = [
    "train",
    "test",
    "labels",
    "accuracy",
    "macro_f1",
    "top3_accuracy",
    "ece",
    "coverage_at_95_precision",
    "conformal_coverage",
    "conformal_set_size",
    "majority_accuracy",
    "majority_macro_f1",
    "train_s",
    "ms_per_ticket",
    "release_bytes",
]


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    words = {"打印机卡纸": "low", "数据库宕机": "high", "忘记登录密码": "normal"}
    rows = [
        {"id": f"{number}-{text}", "title": f"{text}，第{number}次", "priority": priority}
        for number in range(12)
        for text, priority in words.items()
    ]
    path = tmp_path / "tickets.jsonl"
    path.write_text("\n".join(map(json.dumps, [*rows, {"id": "x", "title": "无标签"}])))
    return path


def test_triage_answers_with_the_promised_keys(tickets: Path):
    arguments = ["evaluate", "triage", str(tickets), str(tickets), "--label", "priority", "--json"]

    plain = json.loads(CliRunner().invoke(cli, arguments).stdout)
    ordered = json.loads(CliRunner().invoke(cli, [*arguments, "--order", "high,normal,low"]).stdout)

    intervals = ["accuracy_interval", "macro_f1_interval"]
    costs = ["expected_cost", "best_constant_cost", "urgent_auc"]
    assert [*TRIAGE_KEYS, *intervals] == list(plain)
    assert [*TRIAGE_KEYS, *costs, *intervals] == list(ordered)
    assert (36, 36, 3) == (plain["train"], plain["test"], plain["labels"])


def test_an_order_that_lacks_a_label_is_refused(tickets: Path):
    arguments = ["evaluate", "triage", str(tickets), str(tickets), "--label", "priority"]

    result = CliRunner().invoke(cli, [*arguments, "--order", "high,low"])

    assert 1 == result.exit_code
    assert "order" in result.stderr


def test_the_interval_of_a_figure_holds_it(tickets: Path):
    arguments = ["evaluate", "triage", str(tickets), str(tickets), "--label", "priority", "--json"]

    report = json.loads(CliRunner().invoke(cli, arguments).stdout)

    lower, upper = report["accuracy_interval"]
    assert lower <= report["accuracy"] <= upper


def test_a_learning_curve_ends_with_all_tickets(tmp_path: Path):
    words = {"打印机卡纸": "printer", "数据库宕机": "database"}
    path = tmp_path / "tickets.jsonl"
    rows = [
        {"title": f"{text} {n}", "category": word}
        for n in range(30)
        for text, word in words.items()
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    arguments = ["evaluate", "triage", str(path), str(path), "--label", "category", "--curve"]

    report = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).stdout)
    shown = CliRunner().invoke(cli, arguments).stdout

    assert [50, 60] == [point["train"] for point in report["curve"]]
    assert "curve 50" in shown
