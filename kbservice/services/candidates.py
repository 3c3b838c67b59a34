"""Between search and ranking: a found document as a candidate, a judged question as a lesson."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kbservice.search.documents import SearchDocument, SearchHit
from kbservice.search.evaluation import JudgedHits, Reranker
from kbservice.suggestion.agreement import Asked
from kbservice.suggestion.candidate import Candidate, Wanted
from kbservice.suggestion.features import features_of, matrix
from kbservice.suggestion.learning import train
from kbservice.suggestion.lessons import Lesson
from kbservice.suggestion.ranker import Ranker


def candidate(document: SearchDocument, score: float) -> Candidate:
    """Return a found document as ranking sees it."""
    return Candidate(
        id=document.id,
        kind=document.kind,
        title=document.title,
        score=score,
        product=document.product,
        version=document.version,
        category=document.category,
        tags=document.tags,
        symptoms=document.symptoms,
        solved_count=document.solved_count,
        failed_count=document.failed_count,
        voices=document.voices,
        failures_heard=document.failures_heard,
        last_success_at=document.last_success_at,
        updated_at=document.updated_at,
        verification=document.verification,
        article_id=document.article_id,
        sections=document.sections,
    )


def learned_order(judged: Sequence[JudgedHits]) -> Reranker:
    """Learn a ranker as the product does; search's order stays where that is too little.

    Every question is taken as another person's.
    """
    lessons = [
        _lesson(number, item, wanted)
        for number, item in enumerate(judged)
        if item.hits and (wanted := Wanted(title="", body=item.text))
    ]
    ranker = train(lessons, release="evaluation").ranker
    return lambda text, hits: _ranked(ranker, text, hits)


def _lesson(number: int, judged: JudgedHits, wanted: Wanted) -> Lesson:
    ids = tuple(hit.id for hit in judged.hits)
    return Lesson(
        ids=ids,
        features=matrix(_features(wanted, judged.hits)),
        right=np.array([float(key in judged.relevant) for key in ids]),
        identity=str(number),
        relevant=len(judged.relevant),
    )


def _features(wanted: Wanted, hits: Sequence[SearchHit]) -> list[tuple[float, ...]]:
    candidates = [candidate(hit.document, hit.score) for hit in hits]
    return list(features_of(wanted, Asked(wanted.title, wanted.body), candidates))


def _ranked(ranker: Ranker, text: str, hits: Sequence[SearchHit]) -> list[str]:
    if not hits or ranker.learned is None:
        return [hit.id for hit in hits]
    scores = ranker.scores(matrix(_features(Wanted(title="", body=text), hits)))
    return [hits[at].id for at in np.argsort(-scores, kind="stable")]
