from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests import evaluation_sets

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "kbservice" / "sample"
TEST_DATA_LIMIT_BYTES = 8_000_000
SAMPLE_LIMIT_BYTES = 5_000_000


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_committed_data_stays_small() -> None:
    assert size(evaluation_sets.FOLDER) <= TEST_DATA_LIMIT_BYTES
    assert size(SAMPLE) <= SAMPLE_LIMIT_BYTES


@pytest.mark.parametrize("name", evaluation_sets.TRIAGE)
def test_a_split_keeps_equal_texts_together_and_loses_nothing(name: str, tmp_path: Path) -> None:
    train, test = map(rows, evaluation_sets.split_tickets(name, tmp_path))

    def texts(tickets: list[dict[str, Any]]) -> set[tuple[str, str]]:
        return {(ticket["title"].strip(), ticket["body"].strip()) for ticket in tickets}

    label = evaluation_sets.TRIAGE[name]
    assert texts(train) & texts(test) == set()
    assert len(train) / (len(train) + len(test)) == pytest.approx(
        evaluation_sets.TRAIN_SHARE, abs=0.05
    )
    assert {row[label] for row in test} <= {row[label] for row in train}


def test_every_set_is_attributed_where_it_lies_and_in_the_docs() -> None:
    beside = (evaluation_sets.FOLDER / "README.md").read_text("utf-8")
    docs = (ROOT / "docs" / "data-sources.md").read_text("utf-8")
    folders = {path.name for path in evaluation_sets.FOLDER.iterdir() if path.is_dir()}
    assert folders == {*evaluation_sets.RETRIEVAL, *evaluation_sets.TRIAGE}
    assert [name for name in sorted(folders) if f"`{name}`" not in beside] == []
    assert [name for name in sorted(folders) if f"`{name}`" not in docs] == []


def test_every_sample_file_is_attributed_in_the_wheel_and_in_the_docs() -> None:
    notice = (SAMPLE / "NOTICE.md").read_text("utf-8")
    docs = (ROOT / "docs" / "data-sources.md").read_text("utf-8")
    names = [path.name for path in SAMPLE.iterdir() if path.suffix in {".jsonl", ".toml"}]
    assert [name for name in names if f"`{name}`" not in notice] == []
    assert [name for name in names if name not in docs] == []


def test_sample_articles_have_what_an_import_needs() -> None:
    articles = [row for path in SAMPLE.glob("articles-*.jsonl") for row in rows(path)]
    assert [a["id"] for a in articles if not a["title"].strip() or not a["text"].strip()] == []
    assert [id_ for id_, count in Counter(a["id"] for a in articles).items() if count > 1] == []


def test_sample_tickets_link_to_sample_articles_only() -> None:
    known = {row["id"] for path in SAMPLE.glob("articles-*.jsonl") for row in rows(path)}
    tickets = [row for path in SAMPLE.glob("tickets-*.jsonl") for row in rows(path)]
    linked = {ticket["article_id"] for ticket in tickets if "article_id" in ticket}
    assert linked
    assert linked - known == set()


def test_sample_tickets_hold_no_people_and_no_invented_dates() -> None:
    tickets = [row for path in SAMPLE.glob("tickets-*.jsonl") for row in rows(path)]
    assert {"requester", "created_at", "resolved_at"} & {key for row in tickets for key in row} == (
        set()
    )
