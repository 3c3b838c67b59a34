"""Ranking quality on judged queries, with the product's own engine.

A folder in BEIR layout: ``corpus.jsonl`` (or ``.gz``) with {id, title, text, tags?},
``queries.jsonl`` with {id, text}, ``qrels.tsv`` with a header and query, document, relevance.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from kbservice.errors import InvalidInput
from kbservice.search.documents import SearchDocument
from kbservice.search.engine import SearchEngine

DEPTH = 10
QRELS = "qrels.tsv"


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


Judgements = Mapping[str, frozenset[str]]


def evaluate(
    engine: SearchEngine,
    folder: Path,
    *,
    feedback: Path | None = None,
    exclude_self: bool = False,
    qrels: str = QRELS,
) -> RetrievalReport:
    """Index a folder's corpus and rank it for each judged query.

    Args:
        engine: An empty engine; its content is replaced.
        folder: The judged collection.
        feedback: A folder of other queries and judgements, taken as accepted suggestions:
            their wording becomes symptoms of the documents.
        exclude_self: Leave the query's own record out: the document whose id ends as the
            query's does, after the first ``-`` of each; beside another ``qrels`` file, what
            ``qrels.tsv`` names for the query.
        qrels: Name of the judgement file.

    Raises:
        InvalidInput: A file is missing or not in this layout.
    """
    accepted = _accepted(feedback, qrels) if feedback else {}
    started = time.perf_counter()
    with engine.rebuild() as writer:
        for document in _corpus(folder, accepted):
            writer.put(document)
    index_s = time.perf_counter() - started
    queries = dict(_queries(folder))
    judged = {key: ids for key, ids in _judgements(folder / qrels).items() if key in queries}
    if not judged:
        raise InvalidInput.of("qrels", "judgements of the queries", "none")
    own = _own_records(engine, folder, qrels) if exclude_self else {}
    started = time.perf_counter()
    rankings = {
        key: _ranking(engine, queries[key], own.get(_tail(key), frozenset())) for key in judged
    }
    seconds = time.perf_counter() - started
    return _report(engine, judged, rankings, index_s, 1000 * seconds / len(judged))


def ndcg(ranking: Sequence[str], relevant: frozenset[str]) -> float:
    """Return the binary nDCG at 10 (Järvelin & Kekäläinen 2002)."""
    gain = sum(1 / math.log2(i + 2) for i, key in enumerate(ranking[:DEPTH]) if key in relevant)
    ideal = sum(1 / math.log2(i + 2) for i in range(min(DEPTH, len(relevant))))
    return gain / ideal if ideal else 0.0


def _ranking(engine: SearchEngine, text: str, own: frozenset[str]) -> list[str]:
    hits = engine.similar(text, limit=DEPTH + len(own))
    return [hit.id for hit in hits if hit.id not in own][:DEPTH]


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


def _tail(key: str) -> str:
    return key.partition("-")[2] or key


def _own_records(engine: SearchEngine, folder: Path, qrels: str) -> dict[str, frozenset[str]]:
    """Return each query's own records, by what its id ends with."""
    own = {_tail(key): frozenset((key,)) for key in engine.ids()}
    if qrels != QRELS and (folder / QRELS).exists():
        own |= {_tail(key): ids for key, ids in _judgements(folder / QRELS).items()}
    return own


def _accepted(folder: Path, qrels: str) -> dict[str, list[str]]:
    queries = dict(_queries(folder))
    accepted: dict[str, list[str]] = defaultdict(list)
    for key, documents in _judgements(folder / qrels).items():
        for document in documents if key in queries else ():
            accepted[document].append(queries[key])
    return accepted


def _corpus(folder: Path, accepted: Mapping[str, Sequence[str]]) -> Iterator[SearchDocument]:
    for row in _rows(folder / "corpus.jsonl"):
        key = str(row["id"])
        yield SearchDocument(
            id=key,
            kind="article",
            title=str(row.get("title") or ""),
            sections=(("text", str(row.get("text") or "")),),
            tags=tuple(str(tag) for tag in row.get("tags") or ()),
            symptoms=tuple(accepted.get(key, ())),
        )


def _queries(folder: Path) -> Iterator[tuple[str, str]]:
    for row in _rows(folder / "queries.jsonl"):
        yield str(row["id"]), str(row["text"])


def _judgements(path: Path) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    with _opened(path) as lines:
        for row in list(csv.reader(lines, delimiter="\t"))[1:]:
            if len(row) >= 3 and float(row[2]) > 0:  # noqa: PLR2004  # query, document, relevance
                found[row[0]].add(row[1])
    return {key: frozenset(ids) for key, ids in found.items()}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with _opened(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InvalidInput.of(f"{path.name}:{number}", "JSON", line[:80]) from error
            yield row


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    packed = path.with_name(path.name + ".gz")
    try:
        stream = (
            path.open(encoding="utf-8", newline="")
            if path.exists()
            else gzip.open(packed, "rt", encoding="utf-8", newline="")  # noqa: SIM115  # closed below
        )
    except FileNotFoundError as error:
        raise InvalidInput.of("folder", f"a file {path.name} or {packed.name}", path) from error
    with stream:
        yield stream
