"""Weights that serve until there is feedback, and how sure they are.

They were fitted by logistic regression on questions with known answers (Chinese cloud support,
Chinese hotline, English web applications), so that a confidence of .7 is right seven times in
ten or more:

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

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kbservice.suggestion.features import COLUMN, Matrix

Scores = NDArray[np.float64]

_BASE: Final = -7.6
_SCORE: Final = 1.3
_SUMMARY_IN_TITLE: Final = 3.8
_TITLE_IN_TICKET: Final = 1.0
_LEAD: Final = 4.4
_MOST_LEAD: Final = 2.0
# Among few articles one is far ahead by chance, and so it is by one rare word of a sentence: its
# lead counts as far as it says what was asked.
_LEAD_NEEDS: Final = 0.75
_MENTION_NEEDS: Final = 0.2
# 5 in place of 20 costs .010 nDCG@10 on cloud support and gains .014 on one documentation set.
_SCORE_IN_ORDER: Final = 20.0
_EVIDENCE_IN_ORDER: Final = 2.0

# Not fitted: cautious guesses that reorder close neighbours and no more.
_SUCCESS: Final = 1.0
_FAILURE: Final = 1.5
_CATEGORY: Final = 0.4
_SOLVED_TICKET: Final = 1.2
_DIFFERENCE: Final = 0.8
_MOST_SURE: Final = 0.99

_OUTCOMES: Final = [COLUMN["success"], COLUMN["failure"]]


def order_scores(features: Matrix) -> Scores:
    """Return what the fixed order goes by."""
    in_order = (_SCORE_IN_ORDER - _SCORE) * features[:, COLUMN["score_share"]]
    return _text_odds(features) + in_order + _EVIDENCE_IN_ORDER * _evidence_odds(features)


def without_outcomes(features: Matrix) -> Matrix:
    """Return the features as if nobody had ever tried any of the articles."""
    blank = features.copy()
    blank[:, _OUTCOMES] = 0.0
    return blank


def log_odds(features: Matrix) -> Scores:
    """Return how sure the weights are that each article fits, as log-odds.

    Failures are no part of it: they bound the confidence (``trust.borne_out``).
    """
    odds: Scores = _text_odds(features) + _evidence_odds(features)
    return odds + _FAILURE * features[:, COLUMN["failure"]]


def confidences(features: Matrix, odds: Scores) -> Scores:
    """Return log-odds as probabilities, less where the article hardly says what was asked."""
    mentioned = np.minimum(1.0, features[:, COLUMN["summary_in_text"]] / _MENTION_NEEDS)
    sure: Scores = np.minimum(_MOST_SURE, mentioned / (1.0 + np.exp(-odds)))
    return sure


def _text_odds(features: Matrix) -> Scores:
    lead = np.minimum(_MOST_LEAD, features[:, COLUMN["lead"]])
    said = np.minimum(1.0, features[:, COLUMN["summary_in_text"]] / _LEAD_NEEDS)
    lead = np.where(lead > 1.0, 1.0 + (lead - 1.0) * said, lead)
    odds: Scores = (
        _BASE
        + _SCORE * features[:, COLUMN["score_share"]]
        + _SUMMARY_IN_TITLE * features[:, COLUMN["summary_in_title"]]
        + _TITLE_IN_TICKET * features[:, COLUMN["title_in_ticket"]]
        + _LEAD * lead
    )
    return odds


def _evidence_odds(features: Matrix) -> Scores:
    odds: Scores = (
        _SUCCESS * features[:, COLUMN["success"]]
        - _FAILURE * features[:, COLUMN["failure"]]
        - _DIFFERENCE * features[:, COLUMN["differences"]]
        + _CATEGORY * features[:, COLUMN["category"]]
        + _SOLVED_TICKET * features[:, COLUMN["votes"]]
    )
    return odds
