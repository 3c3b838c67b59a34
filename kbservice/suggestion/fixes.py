"""Known fixes for a ticket: found documents, ranked, each with its evidence.

Fixed weights until there is feedback to learn from: how well the text matches decides; what
solved tickets before, fits the category and was verified is lifted; what failed or is for
another version is lowered. The fix of a solved ticket counts for its article.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kbservice.suggestion.evidence import Evidence, differences, wilson_lower_bound
from kbservice.suggestion.steps import preview
from kbservice.text.tokens import analyze

Band = Literal["high", "medium", "low"]

HIGH: Final = 0.6
MEDIUM: Final = 0.35
# Below, nothing is offered: showing a wrong fix costs more than showing none.
LEAST: Final = 0.2
_CATEGORY_LIFT: Final = 0.10
_SUCCESS_LIFT: Final = 0.25
_VERIFIED_LIFT: Final = 0.05
_DIFFERENCE_LOSS: Final = 0.15
_SIMILAR_TICKET_LIFT: Final = 0.30
_WHY: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a fix is looked for: the ticket's words and where it happens."""

    title: str
    body: str = ""
    product: str = ""
    version: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A found document, as far as ranking needs it.

    Attributes:
        article_id: An article's own id; for a ticket, the article that solved it.
        terms: Words that it shares with the ticket, the most telling first.
    """

    id: str
    kind: str
    title: str
    snippet_html: str
    score: float
    product: str = ""
    version: str = ""
    category: str = ""
    solved_count: int = 0
    failed_count: int = 0
    last_success_at: datetime | None = None
    verification: str = "unverified"
    article_id: str = ""
    sections: tuple[tuple[str, str], ...] = ()
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """An article that may solve the ticket.

    Attributes:
        confidence: 0-1: share of the ticket's telling words that the article covers, moved
            by outcomes, category and environment. Bands are ``high`` from .6, ``medium``
            from .35.
        why: The words they share.
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


def rank(wanted: Wanted, candidates: Sequence[Candidate], *, limit: int) -> list[Fix]:
    """Return the articles worth offering, best first; none if nothing fits well enough."""
    votes = _votes(candidates)
    best = max((candidate.score for candidate in candidates), default=0.0)
    fixes = [
        _fix(wanted, candidate, best, votes.get(candidate.id, 0.0))
        for candidate in candidates
        if candidate.kind == "article"
    ]
    worthy = [fix for fix in fixes if fix.confidence >= LEAST]
    return sorted(worthy, key=lambda fix: (-fix.score, fix.article_id))[:limit]


def _votes(candidates: Sequence[Candidate]) -> Mapping[str, float]:
    """Let similar solved tickets speak for the articles that solved them, the best one each."""
    best = max((candidate.score for candidate in candidates), default=0.0) or 1.0
    votes: dict[str, float] = {}
    for candidate in candidates:
        if candidate.kind == "ticket" and candidate.article_id:
            vote = candidate.score / best
            votes[candidate.article_id] = max(votes.get(candidate.article_id, 0.0), vote)
    return votes


def _fix(wanted: Wanted, candidate: Candidate, best: float, vote: float) -> Fix:
    evidence = _evidence(wanted, candidate)
    lift = 1.0 + _SUCCESS_LIFT * evidence.lower_bound + _SIMILAR_TICKET_LIFT * vote
    if wanted.category and candidate.category == wanted.category:
        lift += _CATEGORY_LIFT
    if candidate.verification in {"user", "internal"}:
        lift += _VERIFIED_LIFT
    lift -= _DIFFERENCE_LOSS * len(evidence.environment_diff)
    text_match = candidate.score / best if best else 0.0
    confidence = min(0.99, _coverage(wanted, candidate) * (0.5 + 0.5 * text_match) * lift)
    return Fix(
        article_id=candidate.id,
        title=candidate.title,
        snippet_html=candidate.snippet_html,
        score=round(candidate.score * lift, 4),
        confidence=round(confidence, 4),
        band=_band(confidence),
        why=candidate.terms[:_WHY],
        evidence=evidence,
        steps_preview=preview(candidate.sections),
    )


def _evidence(wanted: Wanted, candidate: Candidate) -> Evidence:
    trials = candidate.solved_count + candidate.failed_count
    return Evidence(
        solved=candidate.solved_count,
        failed=candidate.failed_count,
        lower_bound=round(wilson_lower_bound(candidate.solved_count, trials), 4),
        last_success_at=candidate.last_success_at,
        environment_diff=differences(
            (wanted.product, wanted.version), (candidate.product, candidate.version)
        ),
    )


def _coverage(wanted: Wanted, candidate: Candidate) -> float:
    """Return the share of the summary's words, or of the body's where that is none, it holds."""
    asked = set(analyze(wanted.title).words) or set(analyze(wanted.body).words)
    if not asked:
        return 0.0
    told = set(analyze("\n".join((candidate.title, *(t for _, t in candidate.sections)))).words)
    # Longer words tell more: in Chinese a word's length stands in for its rarity.
    total = sum(len(word) for word in asked)
    return sum(len(word) for word in asked & told) / total


def _band(confidence: float) -> Band:
    if confidence >= HIGH:
        return "high"
    return "medium" if confidence >= MEDIUM else "low"
