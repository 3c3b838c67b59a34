"""Ranking quality on judged queries, with the product's own engine and learner."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from kbservice.search.documents import SearchHit
from kbservice.search.engine import SearchEngine
from kbservice.search.judged_sets import QRELS, JudgedQueries, Judgements, corpus

DEPTH = 10
# As many as a suggestion considers.
_CANDIDATES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalReport:
    """Means over the judged queries; all but counts and times are ratios 0-1."""

    documents: int
    queries: int
    ndcg_at_10: float
    recall_at_10: float
    mrr: float
    hit_at_1: float
    hit_at_3: float
    index_s: float
    ms_per_query: float


class JudgedHits(NamedTuple):
    """What search found for an accepted question, and which of it was right."""

    text: str
    hits: Sequence[SearchHit]
    relevant: frozenset[str]


Reranker = Callable[[str, Sequence[SearchHit]], Sequence[str]]
"""Orders the hits of a text anew; returns their ids, best first."""


Learner = Callable[[Sequence[JudgedHits]], Reranker]
"""Learns an order from judged questions; search's own where they are too few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Other queries and judgements, taken as accepted suggestions.

    Attributes:
        wording: Their wording becomes symptoms of the documents.
        learner: Learns a ranker from them; None leaves the order to search.
    """

    folder: Path
    wording: bool = True
    learner: Learner | None = None


def evaluate(
    engine: SearchEngine,
    folder: Path,
    *,
    feedback: Feedback | None = None,
    exclude_self: bool = False,
    qrels: str = QRELS,
) -> RetrievalReport:
    """Index a folder's corpus and rank it for each judged query.

    Args:
        engine: An empty engine; its content is replaced.
        folder: The judged collection.
        feedback: What to learn from before.
        exclude_self: Leave the query's own record out: the document whose id ends as the
            query's does, after the first ``-`` of each; beside another ``qrels`` file, what
            ``qrels.tsv`` names for the query.
        qrels: Name of the judgement file.

    Raises:
        InvalidInput: A file is missing or not in this layout.
    """
    accepted: Mapping[str, Sequence[str]] = {}
    reranker: Reranker | None = None
    if feedback:
        asked = JudgedQueries.read(feedback.folder, qrels)
        lessons = _lessons(engine, folder, feedback, asked, qrels if exclude_self else None)
        reranker = feedback.learner(lessons) if feedback.learner else None
        accepted = asked.wordings(list(asked.judged)) if feedback.wording else {}
    started = time.perf_counter()
    _index(engine, folder, accepted)
    index_s = time.perf_counter() - started
    queries = JudgedQueries.read(folder, qrels)
    if exclude_self:
        queries = queries.without_own(folder, list(engine.ids()), qrels)
    started = time.perf_counter()
    rankings = {key: _ranking(engine, queries, key, reranker) for key in queries.judged}
    seconds = time.perf_counter() - started
    return _report(engine, queries.judged, rankings, index_s, 1000 * seconds / len(queries.judged))


def ndcg(ranking: Sequence[str], relevant: frozenset[str]) -> float:
    """Return the binary nDCG at 10 (Järvelin & Kekäläinen 2002)."""
    gain = sum(1 / math.log2(i + 2) for i, key in enumerate(ranking[:DEPTH]) if key in relevant)
    ideal = sum(1 / math.log2(i + 2) for i in range(min(DEPTH, len(relevant))))
    return gain / ideal if ideal else 0.0


def _index(engine: SearchEngine, folder: Path, accepted: Mapping[str, Sequence[str]]) -> None:
    with engine.rebuild() as writer:
        for document in corpus(folder, accepted):
            writer.put(document)


def _lessons(
    engine: SearchEngine, folder: Path, feedback: Feedback, asked: JudgedQueries, own: str | None
) -> list[JudgedHits]:
    """Search for each accepted question as if it came before its own acceptance.

    Questions are cut in two; each half finds what the wording of the other half led to. An
    index that holds a question's own wording would teach that wording is always right.
    """
    if feedback.learner is None:
        return []
    halves: tuple[list[str], list[str]] = ([], [])
    for key in asked.judged:
        halves[hashlib.sha256(key.encode()).digest()[0] % 2].append(key)
    lessons: list[JudgedHits] = []
    for half, other in (halves, halves[::-1]):
        _index(engine, folder, asked.wordings(other) if feedback.wording else {})
        if own:
            asked = asked.without_own(feedback.folder, list(engine.ids()), own)
        lessons += [
            JudgedHits(asked.texts[key], _hits(engine, asked, key, _CANDIDATES), asked.judged[key])
            for key in half
        ]
    return lessons


def _ranking(
    engine: SearchEngine, queries: JudgedQueries, key: str, reranker: Reranker | None
) -> Sequence[str]:
    if reranker is None:
        return [hit.id for hit in _hits(engine, queries, key, DEPTH)]
    return reranker(queries.texts[key], _hits(engine, queries, key, _CANDIDATES))[:DEPTH]


def _hits(engine: SearchEngine, queries: JudgedQueries, key: str, limit: int) -> list[SearchHit]:
    hidden = queries.hidden_from(key)
    hits = engine.similar(queries.texts[key], limit=limit + len(hidden))
    return [hit for hit in hits if hit.id not in hidden][:limit]


def _report(
    engine: SearchEngine,
    judged: Judgements,
    rankings: Mapping[str, Sequence[str]],
    index_s: float,
    ms_per_query: float,
) -> RetrievalReport:
    pairs = [(rankings[key], relevant) for key, relevant in judged.items()]
    return RetrievalReport(
        documents=engine.state().documents,
        queries=len(pairs),
        ndcg_at_10=_mean(ndcg(ranking, relevant) for ranking, relevant in pairs),
        recall_at_10=_mean(len(relevant & set(r[:DEPTH])) / len(relevant) for r, relevant in pairs),
        mrr=_mean(_reciprocal_rank(ranking, relevant) for ranking, relevant in pairs),
        hit_at_1=_mean(not relevant.isdisjoint(r[:1]) for r, relevant in pairs),
        hit_at_3=_mean(not relevant.isdisjoint(r[:3]) for r, relevant in pairs),
        index_s=round(index_s, 3),
        ms_per_query=round(ms_per_query, 3),
    )


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return round(sum(numbers) / len(numbers), 4)


def _reciprocal_rank(ranking: Sequence[str], relevant: frozenset[str]) -> float:
    return next((1 / (i + 1) for i, key in enumerate(ranking) if key in relevant), 0.0)
