"""How far feedback may move a candidate: one place for each person behind it."""

from __future__ import annotations

from collections.abc import Sequence

from kbservice.suggestion.fixed_weights import Scores


def bounded(before: Sequence[int], scores: Scores, places: int) -> list[int]:
    """Return candidates ordered by scores, none more than ``places`` from where it was.

    Every round lets neighbours change places, each candidate once at most (odd-even
    transposition, Habermann 1972): so many rounds move nothing further than so many places.

    Args:
        before: The candidates' numbers in the order without feedback.
        scores: What feedback makes of them, by number.
        places: How many people gave it.
    """
    order = list(before)
    # From here on the rounds would come to the same.
    if places >= len(order):
        return sorted(order, key=lambda at: -scores[at])
    first = _better_start(order, scores)
    for number in range(places):
        start = (first + number) % 2
        for at in range(start, len(order) - 1, 2):
            if scores[order[at + 1]] > scores[order[at]]:
                order[at], order[at + 1] = order[at + 1], order[at]
    return order


def _better_start(order: Sequence[int], scores: Scores) -> int:
    """Return with which neighbours to begin: those that the scores want changed most."""
    wishes = [
        sum(
            max(0.0, float(scores[order[at + 1]] - scores[order[at]]))
            for at in range(start, len(order) - 1, 2)
        )
        for start in (0, 1)
    ]
    return int(wishes[1] > wishes[0])
