"""Terms by name: the sorted spellings of some streams and the row of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbservice.search.whoosh.compiled import compiled, compiled_for_bulk

Text = NDArray[np.uint8]
Numbers = NDArray[np.int64]

_HEAD: Final = 8


class Names(NamedTuple):
    """Named terms of one stream.

    Attributes:
        text: Holds the UTF-8 of all.
        spans: Where in it each name starts and ends.
        rows: Of each.
    """

    text: Text
    spans: Numbers
    rows: Numbers


NO_NAMES: Final = Names(
    np.zeros(0, dtype=np.uint8), np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
)


def lexicon_arrays(streams: Sequence[Names]) -> dict[str, NDArray[Any]]:
    """Return a part's lexicon arrays from the names of each stream, in any order."""
    orders = [_order(names.text, names.spans) for names in streams]
    texts = [
        _written(names.text, names.spans, order)
        for names, order in zip(streams, orders, strict=True)
    ]
    text = np.concatenate(texts)
    rows = [names.rows[order] for names, order in zip(streams, orders, strict=True)]
    return {
        "lexicon": text,
        "lexicon_ends": np.flatnonzero(text == 0),
        "lexicon_rows": np.concatenate(rows),
        "lexicon_firsts": np.cumsum(np.array([0, *map(len, rows)], dtype=np.int64)),
    }


def merged(names: Sequence[Names], size: int) -> Names:
    """Return one of the names of each row below ``size``, none of those without a row (-1)."""
    bases = np.cumsum([0, *(held.text.size for held in names)])
    spans = np.concatenate(
        [held.spans + base for held, base in zip(names, bases, strict=False)]
        or [np.zeros((0, 2), dtype=np.int64)]
    )
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *(held.rows for held in names)])
    is_first = _first_of_each(rows, size)
    text = np.concatenate([np.zeros(0, dtype=np.uint8), *(held.text for held in names)])
    return Names(text, spans[is_first], rows[is_first])


@compiled_for_bulk
def _first_of_each(rows: Numbers, size: int) -> NDArray[np.bool_]:
    seen = np.zeros(size, dtype=np.bool_)
    is_first = np.zeros(rows.size, dtype=np.bool_)
    for i in range(rows.size):
        if rows[i] >= 0 and not seen[rows[i]]:
            seen[rows[i]] = is_first[i] = True
    return is_first


@compiled_for_bulk
def _order(text: Text, spans: Numbers) -> Numbers:
    """Return the order of names by their bytes.

    Eight bytes at a time as one number, and those that are equal so far by the next eight:
    a tenth of the time that Python needs to make strings and sort them.
    """
    order = np.arange(spans.shape[0])
    heads = np.empty(order.size, dtype=np.uint64)
    # Ranges of ``order`` that are equal in all bytes before ``depth``.
    ties = np.empty((order.size // 2 + 1, 2), dtype=np.int64)
    left = np.empty_like(ties)
    ties[0] = 0, order.size
    count, depth = 1, 0
    while count:
        found = 0
        for tie in range(count):
            first, last = ties[tie, 0], ties[tie, 1]
            for i in range(first, last):
                heads[i] = _head(text, spans[order[i], 0] + depth, spans[order[i], 1])
            by_head = np.argsort(heads[first:last])
            order[first:last] = order[first:last][by_head]
            heads[first:last] = heads[first:last][by_head]
            start = first
            for i in range(first + 1, last + 1):
                if i < last and heads[i] == heads[start]:
                    continue
                if i - start > 1 and heads[start] & np.uint64(0xFF):
                    left[found] = start, i
                    found += 1
                start = i
        ties, left = left, ties
        count = found
        depth += _HEAD
    return order


@compiled
def _head(text: Text, start: int, end: int) -> np.uint64:
    """Return eight bytes as a number, the first one weighing most; zeros behind the end."""
    head = np.uint64(0)
    for i in range(start, start + _HEAD):
        byte = text[i] if i < end else np.uint8(0)
        head = (head << np.uint64(8)) | np.uint64(byte)
    return head


@compiled_for_bulk
def _written(text: Text, spans: Numbers, order: Numbers) -> Text:
    """Return the names in an order, NUL after each."""
    size = order.size
    for i in order:
        size += spans[i, 1] - spans[i, 0]
    written = np.empty(size, dtype=np.uint8)
    at = 0
    for i in order:
        for j in range(spans[i, 0], spans[i, 1]):
            written[at] = text[j]
            at += 1
        written[at] = 0
        at += 1
    return written
