"""What feedback teaches on real judged queries: it lifts what is asked again and harms no other."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kbservice.bootstrap import temporary_engine
from kbservice.search.evaluation import Feedback, RetrievalReport, evaluate
from kbservice.search.judged_sets import JudgedQueries
from kbservice.services.candidates import learned_order
from tests.evaluation_sets import FOLDER

pytestmark = [pytest.mark.quality, pytest.mark.timeout(1200)]

QUERIES = "queries.jsonl"
QRELS = "qrels.tsv"
THREADS, CLOUD = "en_stackfaq", "zh_aliyun_faq"
Half = Callable[[str, frozenset[str]], bool]


def is_first(name: str) -> bool:
    """Deal names into halves, the same in every run."""
    return hashlib.sha256(name.encode()).digest()[0] < 128


def by_question(query: str, _documents: frozenset[str]) -> bool:
    """Both halves ask for the same documents: questions come again."""
    return is_first(query)


def by_document(_query: str, documents: frozenset[str]) -> bool:
    """The halves share no document: what one teaches can only harm the other."""
    return is_first(min(documents))


def dealt(name: str, folder: Path, half: Half) -> tuple[Path, Path]:
    """Write a set twice, each with half of its queries: to teach, and to judge."""
    asked = JudgedQueries.read(FOLDER / name, QRELS)
    chosen = {key for key, documents in asked.judged.items() if half(key, frozenset(documents))}
    halves = chosen, set(asked.judged) - chosen
    for part, keys in zip(("teach", "judge"), halves, strict=True):
        _write(folder / part, FOLDER / name, keys)
    return folder / "teach", folder / "judge"


def _write(part: Path, whole: Path, keys: set[str]) -> None:
    part.mkdir()
    for file in whole.glob("corpus*"):
        shutil.copy(file, part)
    queries = (whole / QUERIES).read_text(encoding="utf-8").splitlines(keepends=True)
    (part / QUERIES).write_text("".join(q for q in queries if json.loads(q)["id"] in keys))
    head, *judged = (whole / QRELS).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = (line for line in judged if line.split("\t")[0] in keys)
    (part / QRELS).write_text("".join((head, *kept)))


@functools.cache
def taught(name: str, half: Half) -> tuple[RetrievalReport, RetrievalReport]:
    """Return how a set's second half is ranked without feedback, and with that of the first."""
    with tempfile.TemporaryDirectory() as folder:
        teach, judge = dealt(name, Path(folder), half)
        with temporary_engine() as engine:
            without = evaluate(engine, judge)
        with temporary_engine() as engine:
            feedback = Feedback(folder=teach, learner=learned_order)
            return without, evaluate(engine, judge, feedback=feedback)


def test_questions_asked_again_are_answered_first() -> None:
    without, with_feedback = taught(THREADS, by_question)

    assert with_feedback.hit_at_1 >= max(0.81, without.hit_at_1 + 0.02)
    assert with_feedback.ndcg_at_10 >= without.ndcg_at_10 + 0.02


@pytest.mark.parametrize("name", [THREADS, CLOUD])
def test_feedback_does_no_harm_to_other_questions(name: str) -> None:
    without, with_feedback = taught(name, by_document)

    assert with_feedback.ndcg_at_10 >= without.ndcg_at_10 - 0.01
