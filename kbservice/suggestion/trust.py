"""How far outcomes bear a confidence out: words say that a fix fits, people whether it helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from kbservice.suggestion.candidate import Candidate
from kbservice.suggestion.fixed_weights import Scores

# The words count as so many tickets: one failure takes a ninth of the confidence, 36 take four
# fifths.
_PRIOR: Final = 8.0
# What one person may say (``Article.failures_heard``): it never takes a fix below the bar.
_ONE_PERSON: Final = 3
_REFUTED: Final = 0.5


def borne_out(sure: Scores, articles: Sequence[Candidate], *, bar: float) -> Scores:
    """Return confidences, no higher than outcomes allow.

    The mean of a beta distribution whose prior is the confidence by words. Successes on other
    tickets do not prove that the article fits this one, so they only weigh against failures.
    """
    solved = np.array([article.solved_count for article in articles], dtype=np.float64)
    failed = np.array([_failures(article) for article in articles], dtype=np.float64)
    mean = (_PRIOR * sure + solved) / (_PRIOR + solved + failed)
    floor = np.where(failed <= _ONE_PERSON, np.minimum(sure, bar), 0.0)
    bounded: Scores = np.maximum(np.minimum(sure, mean), floor)
    return bounded


def refuted_last(order: Sequence[int], before: Scores, after: Scores) -> list[int]:
    """Return the order with what outcomes refuted behind all that is surer."""
    place = {at: number for number, at in enumerate(order)}
    goes_to = {
        at: max((place[other] + 0.5 for other in order if after[other] > after[at]), default=0.0)
        for at in order
        if after[at] < _REFUTED * before[at]
    }
    return sorted(order, key=lambda at: max(place[at], goes_to.get(at, 0.0)))


def _failures(article: Candidate) -> int:
    heard = article.failures_heard
    return article.failed_count if heard is None else min(heard, article.failed_count)
