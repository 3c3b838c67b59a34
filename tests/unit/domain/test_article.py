from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kbservice.domain.article import Article, ArticleState
from kbservice.errors import Conflict
from tests.builders import NOW, an_article

LATER = NOW + timedelta(hours=1)


def stored(**values: Any) -> Article:
    """Build an article with the values that the database would fill in."""
    return an_article(**({"revision": 1, "cause": "", "environment": "", "faq": ""} | values))


def test_sections_are_the_filled_ones_in_reading_order():
    article = stored(solution="重启", problem="打不开", faq="")

    assert list(article.sections.items()) == [("problem", "打不开"), ("solution", "重启")]


def test_publishing_starts_a_revision():
    article = stored(state=ArticleState.DRAFT, published_at=None)

    article.publish(LATER)

    assert (article.state, article.published_at) == (ArticleState.PUBLISHED, LATER)
    assert (article.revision, article.updated_at) == (2, LATER)


def test_a_retired_article_can_be_published_again():
    article = stored()
    article.retire(LATER)
    assert article.state == ArticleState.RETIRED

    article.publish(LATER)
    assert (article.state, article.revision) == (ArticleState.PUBLISHED, 3)


def test_an_article_is_not_published_or_retired_twice():
    article = stored()
    with pytest.raises(Conflict, match="published already"):
        article.publish(LATER)

    article.retire(LATER)
    with pytest.raises(Conflict, match="retired already"):
        article.retire(LATER)
    assert article.revision == 2


def test_an_article_without_text_is_not_published():
    article = stored(state=ArticleState.DRAFT, problem="", solution="")

    with pytest.raises(Conflict, match="no text"):
        article.publish(LATER)


def test_a_success_counts_and_its_wording_is_kept_once():
    article = stored(solved_count=0, failed_count=0, symptoms=[])

    for symptom in ("连不上", "连不上", ""):
        article.count_outcome(solved=True, symptom=symptom, now=LATER)

    assert (article.solved_count, article.failed_count) == (3, 0)
    assert (article.symptoms, article.last_success_at) == (["连不上"], LATER)
    assert article.revision == 4


def test_a_failure_counts_without_its_wording():
    article = stored(solved_count=0, failed_count=0, symptoms=[])

    article.count_outcome(solved=False, symptom="连不上", now=LATER)

    assert (article.solved_count, article.failed_count) == (0, 1)
    assert (article.symptoms, article.last_success_at) == ([], None)


def test_the_latest_fifty_symptoms_are_kept():
    article = stored(solved_count=0, symptoms=[])

    for serial in range(60):
        article.count_outcome(solved=True, symptom=f"s{serial}", now=LATER)

    assert article.symptoms == [f"s{serial}" for serial in range(10, 60)]


def test_of_one_persons_failures_three_are_heard():
    article = stored(solved_count=0, failed_count=0, symptoms=[])

    for voice in ["mallory"] * 36 + ["lilei", "hanmeimei"]:
        article.count_outcome(solved=False, symptom="", now=LATER, voice=voice)

    assert (article.failed_count, article.failures_heard) == (38, 5)


def test_failures_of_an_import_are_all_heard():
    article = stored(solved_count=0, failed_count=20, symptoms=[])

    article.count_outcome(solved=False, symptom="", now=LATER, voice="lilei")

    assert article.failures_heard == 21


def test_of_failures_from_before_they_had_names_each_person_is_heard_three_times():
    assert stored(solved_count=0, failed_count=36, voices=["mallory"]).failures_heard == 3


def test_a_corrected_failure_counts_no_longer_for_whoever_said_it():
    article = stored(solved_count=0, failed_count=0, symptoms=[], voices=[])
    article.count_outcome(solved=False, symptom="连不上", now=LATER, voice="li")
    article.count_outcome(solved=False, symptom="连不上", now=LATER, voice="wang")

    article.count_outcome(solved=True, symptom="连不上", now=LATER, voice="zhao", corrects="wang")

    assert (article.solved_count, article.failed_count) == (1, 1)
    assert article.failed_by == {"li": 1, "wang": 0}
    assert article.failures_heard == 1
