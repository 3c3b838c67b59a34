"""Suggestions as people judged them, put into a store."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from kbservice.bootstrap import Application
from kbservice.domain.suggestion import Feedback, Suggestion, SuggestionItem
from kbservice.store import suggestions
from kbservice.suggestion.features import NAMES
from tests.builders import NOW
from tests.unit.suggestion.lessons import a_lesson


def judged(application: Application, numbers: range, *, action: str = "solved") -> None:
    """Store suggestions whose right article follows a rule, each judged by another person."""
    with application.database.transaction() as session:
        for number in numbers:
            lesson = a_lesson(number)
            right = next(iter(lesson.right_ids))
            rows = [
                [key, *map(float, row)]
                for key, row in zip(lesson.ids, np.round(lesson.features, 4), strict=True)
            ]
            at = NOW + timedelta(minutes=number)
            suggestions.add(
                session,
                Suggestion(
                    id=f"s{number}",
                    profile_key="product-support",
                    profile_version=1,
                    question={"title": "?"},
                    answer={},
                    decision="review",
                    classifier_release="day-zero",
                    index_generation=1,
                    index_sequence=1,
                    principal="form",
                    took_ms=1.0,
                    considered={"features": list(NAMES), "rows": rows},
                    created_at=at,
                    items=[
                        SuggestionItem(rank=place, article_id=key, score=1.0, confidence=0.5)
                        for place, key in enumerate(lesson.ids, start=1)
                    ],
                ),
            )
            suggestions.add_feedback(
                session,
                Feedback(
                    suggestion_id=f"s{number}",
                    article_id=right,
                    action=action,
                    principal=f"agent-{number}",
                    created_at=at,
                ),
            )
