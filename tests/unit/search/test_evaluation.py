"""Ranking measures against values computed by hand."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest

from kbservice.errors import InvalidInput
from kbservice.search.evaluation import Feedback, evaluate, ndcg
from kbservice.search.memory_engine import MemoryEngine

CORPUS: list[dict[str, object]] = [
    {"id": "d-1", "title": "printer", "text": "paper jam"},
    {"id": "d-2", "title": "screen", "text": "black screen after boot"},
    {"id": "d-3", "title": "printer offline", "text": "restart spooler"},
    {"id": "d-4", "title": "密码", "text": "重置密码", "tags": ["login"]},
]


def write(
    folder: Path,
    corpus: list[dict[str, object]],
    queries: dict[str, str],
    qrels: list[tuple[str, str, int]],
) -> Path:
    folder.mkdir(exist_ok=True)
    rows = [json.dumps(row, ensure_ascii=False) for row in corpus]
    (folder / "corpus.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    asked = [json.dumps({"id": key, "text": text}) for key, text in queries.items()]
    (folder / "queries.jsonl").write_text("\n".join(asked), "utf-8")
    lines = ["query\tdocument\trelevance"]
    lines += [f"{query}\t{key}\t{value}" for query, key, value in qrels]
    (folder / "qrels.tsv").write_text("\n".join(lines), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("ranking", "relevant", "expected"),
    [
        (["a", "b"], {"a"}, 1.0),
        (["b", "a"], {"a"}, 1 / math.log2(3)),
        (["x", "y"], {"a"}, 0.0),
        ([], {"a"}, 0.0),
        (["a", "x", "b"], {"a", "b"}, (1 + 0.5) / (1 + 1 / math.log2(3))),
        (["x"] * 10 + ["a"], {"a"}, 0.0),
        (["a"], set(), 0.0),
    ],
)
def test_ndcg_at_10(ranking: list[str], relevant: set[str], expected: float) -> None:
    assert ndcg(ranking, frozenset(relevant)) == pytest.approx(expected)


def test_the_report_has_the_means_over_the_judged_queries(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        CORPUS,
        {"q-10": "black screen", "q-11": "spooler printer", "q-12": "xyzzy", "q-13": "unjudged"},
        [("q-10", "d-2", 1), ("q-11", "d-1", 1), ("q-11", "d-2", 0), ("q-12", "d-4", 1)],
    )
    report = evaluate(MemoryEngine(), folder)
    assert (report.documents, report.queries) == (4, 3)
    assert report.hit_at_1 == round(1 / 3, 4)
    assert report.hit_at_3 == round(2 / 3, 4)
    assert report.recall_at_10 == round(2 / 3, 4)
    assert report.mrr == 0.5
    assert report.ndcg_at_10 == round((1 + 1 / math.log2(3)) / 3, 4)


def test_a_query_finds_itself_unless_it_is_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path, CORPUS, {"q-3": "printer offline"}, [("q-3", "d-1", 1)])
    assert evaluate(MemoryEngine(), folder).hit_at_1 == 0.0
    assert evaluate(MemoryEngine(), folder, exclude_self=True).hit_at_1 == 1.0


def test_feedback_becomes_wording_of_the_documents(tmp_path: Path) -> None:
    folder = write(tmp_path / "test", CORPUS, {"q-1": "fusing unit"}, [("q-1", "d-1", 1)])
    accepted = write(tmp_path / "train", [], {"t-1": "fusing unit dirty"}, [("t-1", "d-1", 1)])
    assert evaluate(MemoryEngine(), folder).hit_at_1 == 0.0
    assert evaluate(MemoryEngine(), folder, feedback=Feedback(folder=accepted)).hit_at_1 == 1.0


def test_packed_files_are_read_too(tmp_path: Path) -> None:
    folder = write(tmp_path, CORPUS, {"q-10": "black screen"}, [("q-10", "d-2", 1)])
    plain = folder / "corpus.jsonl"
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert evaluate(MemoryEngine(), folder).mrr == 1.0


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"a file .+\.jsonl"):
        evaluate(MemoryEngine(), tmp_path)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, CORPUS, {"q-10": "black"}, [("q-10", "d-2", 1)])
    with (folder / "corpus.jsonl").open("a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    with pytest.raises(InvalidInput, match=r"corpus\.jsonl:5"):
        evaluate(MemoryEngine(), folder)


def test_queries_without_judgements_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, CORPUS, {"q-10": "black"}, [("q-99", "d-2", 1)])
    with pytest.raises(InvalidInput):
        evaluate(MemoryEngine(), folder)
