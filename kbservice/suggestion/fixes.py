"""Known fixes for a ticket: found articles, ranked, each with its confidence and evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from kbservice.suggestion.agreement import Asked
from kbservice.suggestion.candidate import Candidate, Wanted
from kbservice.suggestion.evidence import Evidence, evidence_of
from kbservice.suggestion.features import Features, Matrix, features_of, matrix
from kbservice.suggestion.fixed_weights import Scores, order_scores, without_outcomes
from kbservice.suggestion.influence import bounded
from kbservice.suggestion.ranker import Ranker
from kbservice.suggestion.steps import preview
from kbservice.suggestion.trust import borne_out, refuted_last

__all__ = ["Candidate", "Considered", "Fix", "Ranked", "Wanted", "rank"]

Band = Literal["high", "medium", "low"]

HIGH: Final = 0.7
MEDIUM: Final = 0.4
# Where the best is below this, nothing is offered: a wrong fix costs more than none. Beside a
# good one, further ones are looked through quickly.
LEAST: Final = 0.15
LEAST_FURTHER: Final = 0.1
_WHY: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """An article that may solve the ticket.

    Attributes:
        score: What the order goes by.
        confidence: Probability 0-1 that it is the right one; ``high`` from .7, ``medium``
            from .4.
        why: What the ticket and the article both say.
    """

    article_id: str
    title: str
    snippet_html: str
    score: float
    confidence: float
    band: Band
    why: tuple[str, ...]
    evidence: Evidence
    steps_preview: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """An article that was ranked, shown or not: what a later ranker learns from."""

    article_id: str
    features: Features


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """The outcome of ranking.

    Attributes:
        fixes: What is worth offering, best first; empty where nothing fits well enough.
        considered: All that were ranked, best first.
        release: Of the ranker.
    """

    fixes: tuple[Fix, ...]
    considered: tuple[Considered, ...]
    release: str


def rank(
    wanted: Wanted, candidates: Sequence[Candidate], *, limit: int, ranker: Ranker | None = None
) -> Ranked:
    """Rank what was found; the fixed weights do it where no ranker is given."""
    ranker = ranker or Ranker()
    asked = Asked(wanted.title, wanted.body)
    features = features_of(wanted, asked, candidates)
    articles = [candidate for candidate in candidates if candidate.kind == "article"]
    if not articles:
        return Ranked(fixes=(), considered=(), release=ranker.release)
    table = matrix(features)
    fitting = ranker.confidences(table)
    sure = borne_out(fitting, articles, bar=LEAST)
    scores, order = ordered(ranker, articles, table, (fitting, sure))
    fixes: list[Fix] = []
    if sure[order[0]] >= LEAST:
        worthy = _falling(order, sure)
        fixes = [
            _fix(wanted, asked, articles[at], float(scores[at]), confidence)
            for (at, confidence), _ in zip(worthy, range(limit), strict=False)
        ]
    considered = [Considered(article_id=articles[at].id, features=features[at]) for at in order]
    return Ranked(fixes=tuple(fixes), considered=tuple(considered), release=ranker.release)


def ordered(
    ranker: Ranker,
    articles: Sequence[Candidate],
    table: Matrix,
    confidences: tuple[Scores, Scores],
) -> tuple[Scores, list[int]]:
    """Return the scores and the order, each article within its reach of the words' order.

    Args:
        ranker: Gives the scores.
        articles: What is ordered.
        table: Their features.
        confidences: By words alone, and as outcomes bear them out.
    """
    ids = [article.id for article in articles]
    scores = ranker.scores(table)
    before = _by(order_scores(without_outcomes(table)), ids)
    after = refuted_last(_by(scores, ids), *confidences)
    if before == after:
        return scores, after
    # Equal scores keep their order by id.
    exact = np.empty(len(ids))
    exact[after] = -np.arange(len(ids), dtype=np.float64)
    return scores, bounded(before, exact, _people(ranker, articles))


def _by(scores: Scores, ids: Sequence[str]) -> list[int]:
    return sorted(range(len(ids)), key=lambda at: (-scores[at], ids[at]))


def _people(ranker: Ranker, articles: Sequence[Candidate]) -> int:
    """Return how many people the feedback on these articles comes from."""
    tried = [article for article in articles if article.solved_count + article.failed_count]
    if any(article.voices is None for article in tried):
        # What was imported was vouched for by an administrator.
        return len(articles)
    learned = ranker.identities if ranker.learned else 0
    return max([learned, *(article.voices or 0 for article in tried)])


def _falling(order: Sequence[int], sure: Scores) -> Iterator[tuple[int, float]]:
    """Yield what is worth offering, none surer than the one above it."""
    most = 1.0
    for at in order:
        most = min(most, float(sure[at]))
        if most >= LEAST_FURTHER:
            yield at, most


def _fix(wanted: Wanted, asked: Asked, article: Candidate, score: float, confidence: float) -> Fix:
    return Fix(
        article_id=article.id,
        title=article.title,
        snippet_html="",
        score=round(score, 4),
        confidence=round(confidence, 4),
        band=band(confidence),
        why=asked.shared_words(article.title, article.text)[:_WHY],
        evidence=evidence_of(wanted, article),
        steps_preview=preview(article.sections),
    )


def band(confidence: float) -> Band:
    """Return the level that a reader sees."""
    if confidence >= HIGH:
        return "high"
    return "medium" if confidence >= MEDIUM else "low"
