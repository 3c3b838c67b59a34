"""What a result page shows of a document: title and sentences with the matches marked."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from html import escape
from typing import Final

from kbservice.search.documents import SearchDocument
from kbservice.search.marks import Marker, Place, marker_of
from kbservice.text.markdown import marks
from kbservice.text.sentences import borders

MAX_LENGTH: Final = 160
MAX_FRAGMENTS: Final = 2
_MAX_TEXT: Final = 20_000
_MAX_PLACES: Final = 1_000
# A shorter fragment takes its neighbours in: one short sentence says little on its own.
_ENOUGH: Final = 80
_NEAR: Final = 80
_CONTEXT: Final = 40
_SOFT_BORDER: Final = re.compile(r"[，、,：:）)\s]+")
_BLANK: Final = re.compile(r"\s*")
_UNSAFE: Final = re.compile("[&<>\"']")

Range = tuple[int, int]
Cut = tuple[int, int, str]


class Highlighter:
    """Marks the terms of one query, in any number of texts."""

    def __init__(self, text: str) -> None:
        self._text = text

    @functools.cached_property
    def _marker(self) -> Marker:
        # Where nothing is shown, nothing is looked for: a tenth of a suggestion's time.
        return marker_of(self._text)

    def title(self, document: SearchDocument) -> str:
        """Return the whole title, escaped, with ``<mark>`` around matches."""
        title = document.title
        return _marked(title, 0, len(title), self._marker.ranges(title, self._marker.find(title)))

    def snippet(self, document: SearchDocument) -> str:
        """Return the best sentences of the sections, escaped, with ``<mark>`` around matches."""
        text = document.text[:_MAX_TEXT]
        places = self._marker.find(text)
        fragments = sorted(_fragments(text, places, self._marker.weights))
        shown: list[str] = []
        last = -1
        for start, end in fragments:
            if last >= 0:
                shown.append(" … " if text[last:start].strip() else text[last:start])
            inside = [place for place in places if place[1] > start and place[0] < end]
            ranges = self._marker.ranges(text, inside)
            shown.append(_marked(text, start, end, ranges, marks(text, start, end)))
            last = end
        return "".join(shown)


def _fragments(text: str, places: list[Place], weights: list[float]) -> list[Range]:
    """Return the fragments that together hold most of the query, the best first."""
    if not places:
        start = len(text) - len(text.lstrip())
        return [_fragment(text, (start, start), 0, len(text))] if start < len(text) else []
    places = places[:_MAX_PLACES]
    _, window = _window(places, weights)
    best = start, end = _fragment(text, window, 0, len(text))
    shown = {place[2] for place in places if start <= place[0] and place[1] <= end}
    others = [place for place in places if place[2] not in shown]
    if not others:
        return [best]
    before, before_window = _window([p for p in others if p[1] <= start], weights)
    behind, behind_window = _window([p for p in others if p[0] >= end], weights)
    if before > behind:
        return [best, _fragment(text, before_window, 0, start)]
    return [best, _fragment(text, behind_window, end, len(text))] if behind else [best]


def _window(places: list[Place], weights: list[float]) -> tuple[float, Range]:
    """Return how much can be had at one place, and the first and tightest such place."""
    counts = [0] * len(weights)
    total = best = 0.0
    left = 0
    found = 0, 0
    for _, end, key in places:
        if not counts[key]:
            total += weights[key]
        counts[key] += 1
        begin, _, oldest = places[left]
        while end - begin > MAX_LENGTH or counts[oldest] > 1:
            counts[oldest] -= 1
            if not counts[oldest]:
                total -= weights[oldest]
            left += 1
            begin, _, oldest = places[left]
        if total > best or (total == best and end - begin < found[1] - found[0]):
            best, found = total, (begin, end)
    return best, found


def _fragment(text: str, window: Range, floor: int, ceiling: int) -> Range:
    """Return the sentences around a window, cut where they are too long."""
    first, last = window
    at = _borders(text, window, floor, ceiling)
    left, right = bisect_right(at, first) - 1, bisect_left(at, last)
    start = (
        _skip_blank(text, at[left])
        if left >= 0
        else _soft_start(text, first, max(floor, last - MAX_LENGTH))
    )
    furthest = min(ceiling, start + MAX_LENGTH)
    if right < len(at) and at[right] <= furthest:
        end = at[right]
        if left >= 0:
            start, end = _widened(at, left, right)
            start = _skip_blank(text, start)
    else:
        end = _soft_end(text, last, furthest)
    return start, start + len(text[start:end].rstrip())


def _borders(text: str, window: Range, floor: int, ceiling: int) -> list[int]:
    """Return the sentence borders around a window, farther away only where none is near."""
    first, last = window
    at: list[int] = []
    for reach in (_NEAR, MAX_LENGTH):
        lowest = max(floor, first - reach, last - MAX_LENGTH)
        highest = min(ceiling, last + reach, first + MAX_LENGTH)
        at = borders(text, lowest, highest)
        if lowest == floor:
            at.insert(0, floor)
        if highest == ceiling:
            at.append(ceiling)
        if at and at[0] <= first and at[-1] >= last:
            break
    return at


def _widened(at: list[int], left: int, right: int) -> Range:
    """Take whole neighbouring sentences in while there is room: those behind, else before."""
    start, end = at[left], at[right]
    while end - start < _ENOUGH:
        if right + 1 < len(at) and at[right + 1] - start <= MAX_LENGTH:
            right += 1
        elif left > 0 and end - at[left - 1] <= MAX_LENGTH:
            left -= 1
        else:
            break
        start, end = at[left], at[right]
    return start, end


def _skip_blank(text: str, at: int) -> int:
    return _BLANK.match(text, at).end()  # type: ignore[union-attr]  # it may be empty


def _soft_start(text: str, first: int, lowest: int) -> int:
    """Return where to begin inside a long sentence: at a comma or blank before the match."""
    begin = max(lowest, first - _CONTEXT)
    border = _SOFT_BORDER.search(text, begin, first)
    return border.end() if border else begin


def _soft_end(text: str, last: int, highest: int) -> int:
    """Return where to end inside a long sentence: before a comma or blank behind the match."""
    end = highest
    for border in _SOFT_BORDER.finditer(text, max(last, highest - _CONTEXT), highest):
        end = border.start()
    return end


def _marked(text: str, start: int, end: int, ranges: list[Range], cuts: Sequence[Cut] = ()) -> str:
    """Return a piece of the text, escaped, without the cuts, with the ranges in it marked."""
    plain = escape if _UNSAFE.search(text, start, end) else str
    parts: list[str] = []
    at = start
    for left, right in ranges:
        begin, stop = max(left, start), min(right, end)
        parts.append(
            f"{plain(_without(text, at, begin, cuts))}<mark>{plain(text[begin:stop])}</mark>"
        )
        at = stop
    parts.append(plain(_without(text, at, end, cuts)))
    return "".join(parts)


def _without(text: str, start: int, end: int, cuts: Sequence[Cut]) -> str:
    """Return a piece without the cuts that lie in it; what is cut partly is a word, and stays."""
    if not cuts:
        return text[start:end]
    parts: list[str] = []
    at = start
    for left, right, instead in cuts:
        if start <= left and right <= end:
            parts += [text[at:left], instead]
            at = right
    parts.append(text[at:end])
    return "".join(parts)
