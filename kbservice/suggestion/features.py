"""What ranking knows of each candidate, as numbers: the same for fixed and learned weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbservice.suggestion.agreement import Agreement, Asked
from kbservice.suggestion.candidate import Candidate, Wanted
from kbservice.suggestion.evidence import differences, wilson_lower_bound
from kbservice.suggestion.grams import folded, grams, overlap
from kbservice.suggestion.tally import Tally, tally

Matrix = NDArray[np.float64]

# Below this an accepted wording says nothing that search has not counted. At .4 repeated
# StackFAQ questions gain .02 nDCG@10 in a linear ranker, and new ones lose .08.
_SAME_QUESTION: Final = 0.6
_VERIFIED: Final[Mapping[str, float]] = {"user": 1.0, "internal": 0.5}
_DAYS: Final = 365.0


class Features(NamedTuple):
    """How one article stands to a ticket and to the other articles found for it.

    Attributes:
        score_share: Search score against the best one's.
        lead: Score share; of the best one, its score against the next one's.
        standing: 1 / place by search score.
        summary_in_title: Share of the ticket's summary that the title says.
        title_in_ticket: Share of the title that the ticket says.
        summary_in_text: Share of what the summary tells that the article says anywhere, rare
            words counting more and small talk nothing.
        codes: Share of the ticket's codes, versions and addresses that the article says.
        asked_in_title: Share of the ticket's pieces in the title, rare ones counting more.
        asked_in_text: The same anywhere in the article.
        similarity: The same, by how often it says them for its length.
        tags: Share of the article's tags that the ticket says.
        wording: How nearly the same question an accepted wording asks.
        text_length: Logarithm of the number of pieces of the text.
        title_length: The same of the title.
        category: 1 if the assessed category is the article's.
        differences: In how many of product, version and environment it was used otherwise.
        success: Share of successes that its outcomes prove.
        failure: Share of failures that they prove.
        freshness: 1 for what changed today, 1/2 after a year.
        verified: 1 if a user confirmed it, 1/2 if a colleague did.
        votes: How alike the solved tickets are whose fix this was.
    """

    score_share: float
    lead: float
    standing: float
    summary_in_title: float
    title_in_ticket: float
    summary_in_text: float
    codes: float
    asked_in_title: float
    asked_in_text: float
    similarity: float
    tags: float
    wording: float
    text_length: float
    title_length: float
    category: float
    differences: float
    success: float
    failure: float
    freshness: float
    verified: float
    votes: float


NAMES: Final = Features._fields
COLUMN: Final[Mapping[str, int]] = {name: place for place, name in enumerate(NAMES)}
DIRECTIONS: Final = tuple(
    {"text_length": 0, "title_length": 0, "differences": -1, "failure": -1}.get(name, 1)
    for name in NAMES
)
"""Of each feature: 1 if more of it may only help an article, -1 only harm, 0 either."""


def features_of(wanted: Wanted, asked: Asked, candidates: Sequence[Candidate]) -> list[Features]:
    """Return the features of each article among the candidates, in their order."""
    votes = _votes(asked, candidates)
    articles = [candidate for candidate in candidates if candidate.kind == "article"]
    if not articles:
        return []
    places = _places([article.score for article in articles])
    told = [folded(f"{article.title}\n{article.text}") for article in articles]
    words = _Texts(wanted, articles, told).shares()
    said, rarity = wanted.text.lower(), asked.rarity(told)
    return [
        _of(
            wanted,
            article,
            (asked.against(article.title, told[at], rarity), places[at], words[at]),
            (said, votes.get(article.id, 0.0)),
        )
        for at, article in enumerate(articles)
    ]


def matrix(features: Sequence[tuple[float, ...]]) -> Matrix:
    """Return one row per candidate, one column per feature."""
    return np.array(features, dtype=np.float64).reshape(len(features), len(NAMES))


class _Place(NamedTuple):
    share: float
    lead: float
    standing: float


class _Words(NamedTuple):
    in_title: float
    in_text: float
    similarity: float
    wording: float
    text_length: float
    title_length: float


def _of(
    wanted: Wanted,
    article: Candidate,
    found: tuple[Agreement, _Place, _Words],
    heard: tuple[str, float],
) -> Features:
    (agreement, place, words), (text, votes) = found, heard
    trials = article.solved_count + article.failed_count
    said = [tag for tag in article.tags if tag.lower() in text]
    return Features(
        score_share=place.share,
        lead=place.lead,
        standing=place.standing,
        summary_in_title=agreement.summary_in_title,
        title_in_ticket=agreement.title_in_ticket,
        summary_in_text=agreement.summary_in_text,
        codes=agreement.codes,
        asked_in_title=words.in_title,
        asked_in_text=words.in_text,
        similarity=words.similarity,
        tags=len(said) / len(article.tags) if article.tags else 0.0,
        wording=words.wording,
        text_length=words.text_length,
        title_length=words.title_length,
        category=float(bool(wanted.category) and article.category == wanted.category),
        differences=float(len(differences(wanted, article))),
        success=wilson_lower_bound(article.solved_count, trials),
        failure=wilson_lower_bound(article.failed_count, trials),
        freshness=_freshness(wanted, article),
        verified=_VERIFIED.get(article.verification, 0.0),
        votes=votes,
    )


def _places(scores: Sequence[float]) -> list[_Place]:
    order = sorted(range(len(scores)), key=lambda at: -scores[at])
    best = scores[order[0]] or 1.0
    places = [_Place(0.0, 0.0, 0.0)] * len(scores)
    for standing, at in enumerate(order, start=1):
        share = scores[at] / best
        places[at] = _Place(share, share, 1.0 / standing)
    if len(order) > 1 and scores[order[1]]:
        places[order[0]] = places[order[0]]._replace(lead=best / scores[order[1]])
    return places


def _votes(asked: Asked, candidates: Sequence[Candidate]) -> Mapping[str, float]:
    """Let similar solved tickets speak for the articles that solved them, the best one each."""
    votes: dict[str, float] = {}
    for candidate in candidates:
        if candidate.kind == "ticket" and candidate.article_id:
            agreement = asked.against(
                candidate.title, folded(f"{candidate.title}\n{candidate.text}")
            )
            vote = (agreement.summary_in_title + agreement.title_in_ticket) / 2
            votes[candidate.article_id] = max(votes.get(candidate.article_id, 0.0), vote)
    return votes


def _freshness(wanted: Wanted, article: Candidate) -> float:
    seen = article.last_success_at or article.updated_at
    if seen is None or wanted.now is None:
        return 0.0
    return 1.0 / (1.0 + max(0.0, (wanted.now - seen).total_seconds() / 86_400 / _DAYS))


class _Texts:
    """The pieces of a ticket against those of all its candidates at once.

    A piece counts by how few of the candidates hold it: what all of them say tells nothing.
    """

    def __init__(self, wanted: Wanted, articles: Sequence[Candidate], told: Sequence[str]) -> None:
        pieces = list(dict.fromkeys(grams(wanted.text)))
        self._asked = set(pieces)
        self._articles = articles
        whole = tally(pieces, [*(folded(article.title) for article in articles), *told])
        border = len(articles)
        self._titles = Tally(whole.counts[:border], whole.sizes[:border])
        self._texts = Tally(whole.counts[border:], whole.sizes[border:])

    def shares(self) -> list[_Words]:
        in_title, counts = self._titles.counts > 0, self._texts.counts
        held = counts > 0
        found = held.sum(axis=0)
        rarity = np.log(1.0 + (len(self._articles) - found + 0.5) / (found + 0.5))
        total = float(rarity.sum()) or 1.0
        lengths = self._texts.sizes
        scaled = counts / (0.25 + 0.75 * lengths / (lengths.mean() or 1.0) + 1e-9)[:, None]
        said = 2.2 * scaled / (scaled + 1.2)
        columns = (
            in_title @ rarity / total,
            held @ rarity / total,
            said @ rarity / total,
            map(self._wording, self._articles),
            np.log1p(lengths),
            np.log1p(self._titles.sizes),
        )
        return [_Words(*map(float, row)) for row in zip(*columns, strict=True)]

    def _wording(self, article: Candidate) -> float:
        alike = (overlap(self._asked, set(grams(text))) for text in article.symptoms)
        return max(0.0, max(alike, default=0.0) - _SAME_QUESTION) / (1.0 - _SAME_QUESTION)
