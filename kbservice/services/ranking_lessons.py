"""What was considered for a question, kept with it, and read back as a lesson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from kbservice.store.judgements import Act, JudgedSuggestion
from kbservice.suggestion.features import NAMES, Matrix, matrix
from kbservice.suggestion.fixes import Considered
from kbservice.suggestion.gate import click_weight, measured_fall
from kbservice.suggestion.lessons import Lesson

# What a person did with the ticket in hand outweighs what a person clicked.
_SURE: Final = ("resolved", "solved", "deflected")
_CLICKS: Final = ("accepted", "copied")
# Of all reasons the one that speaks against the match, not against the fix.
_UNRELATED: Final = "unrelated"
_KEPT: Final = 20
_DIGITS: Final = 4


def record(considered: Sequence[Considered]) -> dict[str, Any]:
    """Return the form in which a suggestion keeps what was ranked."""
    return {
        "features": list(NAMES),
        "rows": [
            [item.article_id, *(round(value, _DIGITS) for value in item.features)]
            for item in considered[:_KEPT]
        ],
    }


def lessons_of(judged: Sequence[JudgedSuggestion]) -> list[Lesson]:
    """Return the lessons in judged suggestions, in their order."""
    fall = measured_fall(list(_lots(judged)))
    found = (_lesson(item, fall) for item in judged)
    return [lesson for lesson in found if lesson is not None]


def _lesson(judged: JudgedSuggestion, fall: float) -> Lesson | None:
    """Return the lesson of one suggestion; None where it tells nothing or too old a thing."""
    kept: Mapping[str, Any] = judged.considered
    if kept.get("features") != list(NAMES) or not kept["rows"]:
        return None
    ids = tuple(str(row[0]) for row in kept["rows"])
    acts = _telling(judged.acts, ids)
    if not acts:
        return _comparison(judged, ids)
    right = {act.article_id for act in acts}
    best = acts[0]
    is_click = best.action in _CLICKS
    place = judged.places.get(best.article_id, 1)
    return Lesson(
        ids=ids,
        features=_features(kept),
        right=np.array([float(key in right) for key in ids]),
        identity=best.principal,
        weight=click_weight(place, fall) if is_click else 1.0,
        at=judged.at,
    )


def _comparison(judged: JudgedSuggestion, ids: Sequence[str]) -> Lesson | None:
    """Return that what was rejected as unrelated belongs below the others that were shown.

    Of these nobody knows more, so the lesson counts by the share that was rejected.
    """
    against = [act for act in judged.acts if _is_unrelated(act)]
    rejected = {act.article_id for act in against}
    rows = [at for at, key in enumerate(ids) if key in judged.places]
    right = np.array([float(ids[at] not in rejected) for at in rows])
    if not 0 < right.sum() < len(rows):
        return None
    return Lesson(
        ids=tuple(ids[at] for at in rows),
        features=_features(judged.considered)[rows],
        right=right,
        identity=against[0].principal,
        weight=float(1.0 - right.mean()),
        at=judged.at,
        is_comparison=True,
    )


def _is_unrelated(act: Act) -> bool:
    return act.action == "rejected" and act.reason == _UNRELATED


def _features(kept: Mapping[str, Any]) -> Matrix:
    return matrix([tuple(map(float, row[1:])) for row in kept["rows"]])


def _telling(acts: Sequence[Act], ids: Sequence[str]) -> list[Act]:
    """Return the acts that say which articles were right: the surest kind only."""
    rejected = {act.article_id for act in acts if act.action == "rejected"}
    last = {act.article_id: act.action for act in acts if act.action in (*_SURE, "rejected")}
    known = [act for act in acts if act.article_id in ids]
    # A success that was taken back is none; a resolution stands.
    sure = [
        act
        for act in known
        if act.action in _SURE and (act.action == "resolved" or last[act.article_id] in _SURE)
    ]
    clicks = [act for act in known if act.action in _CLICKS and act.article_id not in rejected]
    return sure or clicks


def _lots(judged: Sequence[JudgedSuggestion]) -> list[bool]:
    """Return of each click on one of two near ties whether it hit the upper one."""
    found = []
    for item in judged:
        pair = sorted(item.lots, key=lambda key: item.places[key])
        clicks = [act.article_id for act in item.acts if act.action in _CLICKS]
        found += [key == pair[0] for key in clicks if key in pair]
    return found
