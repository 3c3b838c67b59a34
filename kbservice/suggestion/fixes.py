"""Known fixes for a ticket: found documents, ranked, each with its confidence and evidence.

The weights are fixed until there is feedback to learn from. They were fitted by logistic
regression on questions with known answers (Chinese cloud support, Chinese hotline, English
web applications), so that a confidence of .7 is right seven times in ten or more:

    log-odds = -7.6
             + 1.3 x score against the best article's
             + 3.8 x share of the ticket's summary in the article's title
             + 1.0 x share of the article's title in the ticket
             + 4.4 x lead over the next article (1 level, at most 2; others: score share)
             + what outcomes, category, similar solved tickets and environment add

and the confidence falls in proportion where the article hardly mentions what was asked. It
never falls when any of these grows. The order trusts the score more than the confidence does:
a good score finds the right article, but every ticket has a best-scored one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from kbservice.suggestion.agreement import Agreement, Asked
from kbservice.suggestion.evidence import (
    Evidence,
    product_difference,
    version_difference,
    wilson_lower_bound,
)
from kbservice.suggestion.steps import preview

Band = Literal["high", "medium", "low"]

HIGH: Final = 0.7
MEDIUM: Final = 0.4
# Where the best is below this, nothing is offered: a wrong fix costs more than none. Beside a
# good one, further ones are looked through quickly.
LEAST: Final = 0.15
LEAST_FURTHER: Final = 0.1

_BASE: Final = -7.6
_SCORE: Final = 1.3
_SCORE_IN_ORDER: Final = 5.0
_SUMMARY_IN_TITLE: Final = 3.8
_TITLE_IN_TICKET: Final = 1.0
_LEAD: Final = 4.4
_MOST_LEAD: Final = 2.0
# Among few articles one is far ahead by chance: its lead counts as far as it says what was asked.
_LEAD_NEEDS: Final = 0.5
_MENTION_NEEDS: Final = 0.2

# Not fitted: cautious guesses that reorder close neighbours and no more.
_SUCCESS: Final = 1.0
_FAILURE: Final = 1.5
_CATEGORY: Final = 0.4
_SOLVED_TICKET: Final = 1.2
_DIFFERENCE: Final = 0.8

_MOST_SURE: Final = 0.99
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
        article_id: Of a ticket: the article that solved it.
        terms: Words that it shares with the ticket, the most telling first.
    """

    id: str
    kind: str
    title: str
    score: float
    snippet_html: str = ""
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

    @property
    def text(self) -> str:
        """All sections as one text."""
        return "\n".join(text for _, text in self.sections)


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


def rank(wanted: Wanted, candidates: Sequence[Candidate], *, limit: int) -> list[Fix]:
    """Return the articles worth offering, best first; none if nothing fits well enough."""
    asked = Asked(wanted.title, wanted.body)
    votes = _votes(asked, candidates)
    articles = sorted(
        (candidate for candidate in candidates if candidate.kind == "article"),
        key=lambda candidate: (-candidate.score, candidate.id),
    )
    scores = [article.score for article in articles]
    fixes = [
        _fix(wanted, asked, article, _Standing.of(scores, place), votes.get(article.id, 0.0))
        for place, article in enumerate(articles)
    ]
    ordered = sorted(fixes, key=lambda fix: (-fix.score, fix.article_id))
    if not ordered or ordered[0].confidence < LEAST:
        return []
    worthy = [fix for fix in _falling(ordered) if fix.confidence >= LEAST_FURTHER]
    return worthy[:limit]


def _falling(fixes: Sequence[Fix]) -> Iterator[Fix]:
    """Yield the fixes, none surer than the one above it."""
    most = 1.0
    for fix in fixes:
        most = min(most, fix.confidence)
        yield replace(fix, confidence=most, band=_band(most))


@dataclass(frozen=True, slots=True)
class _Standing:
    """How an article's text score stands among the others'."""

    share: float
    lead: float

    @classmethod
    def of(cls, scores: Sequence[float], place: int) -> _Standing:
        best = scores[0] or 1.0
        share = scores[place] / best
        if place or len(scores) == 1 or not scores[1]:
            return cls(share, share)
        return cls(share, min(_MOST_LEAD, best / scores[1]))


def _votes(asked: Asked, candidates: Sequence[Candidate]) -> Mapping[str, float]:
    """Let similar solved tickets speak for the articles that solved them, the best one each."""
    votes: dict[str, float] = {}
    for candidate in candidates:
        if candidate.kind == "ticket" and candidate.article_id:
            agreement = asked.against(candidate.title, candidate.text)
            vote = (agreement.summary_in_title + agreement.title_in_ticket) / 2
            votes[candidate.article_id] = max(votes.get(candidate.article_id, 0.0), vote)
    return votes


def _fix(wanted: Wanted, asked: Asked, article: Candidate, standing: _Standing, vote: float) -> Fix:
    agreement = asked.against(article.title, article.text)
    evidence = _evidence(wanted, article)
    log_odds = _text_odds(agreement, standing) + _SOLVED_TICKET * vote
    log_odds += _evidence_odds(evidence)
    if wanted.category and article.category == wanted.category:
        log_odds += _CATEGORY
    mentioned = min(1.0, agreement.summary_in_text / _MENTION_NEEDS)
    confidence = min(_MOST_SURE, mentioned / (1.0 + math.exp(-log_odds)))
    return Fix(
        article_id=article.id,
        title=article.title,
        snippet_html=article.snippet_html,
        score=round(log_odds + (_SCORE_IN_ORDER - _SCORE) * standing.share, 4),
        confidence=round(confidence, 4),
        band=_band(confidence),
        why=agreement.words[:_WHY],
        evidence=evidence,
        steps_preview=preview(article.sections),
    )


def _text_odds(agreement: Agreement, standing: _Standing) -> float:
    lead = standing.lead
    if lead > 1.0:
        lead = 1.0 + (lead - 1.0) * min(1.0, agreement.summary_in_text / _LEAD_NEEDS)
    return (
        _BASE
        + _SCORE * standing.share
        + _SUMMARY_IN_TITLE * agreement.summary_in_title
        + _TITLE_IN_TICKET * agreement.title_in_ticket
        + _LEAD * lead
    )


def _evidence_odds(evidence: Evidence) -> float:
    trials = evidence.solved + evidence.failed
    failures = wilson_lower_bound(evidence.failed, trials)
    differences = len(evidence.environment_diff)
    return _SUCCESS * evidence.lower_bound - _FAILURE * failures - _DIFFERENCE * differences


def _evidence(wanted: Wanted, article: Candidate) -> Evidence:
    trials = article.solved_count + article.failed_count
    return Evidence(
        solved=article.solved_count,
        failed=article.failed_count,
        lower_bound=round(wilson_lower_bound(article.solved_count, trials), 4),
        last_success_at=article.last_success_at,
        environment_diff=(
            *product_difference(article.product, wanted.product),
            *version_difference(article.version, wanted.version, f"{wanted.title}\n{wanted.body}"),
        ),
    )


def _band(confidence: float) -> Band:
    if confidence >= HIGH:
        return "high"
    return "medium" if confidence >= MEDIUM else "low"
