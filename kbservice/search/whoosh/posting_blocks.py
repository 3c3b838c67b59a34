"""Whoosh's posting blocks, put together byte by byte.

A block is a pickle of three tuples; to write its bytes is some 20 times faster than to build
the tuples. Blocks are not compressed, which the format allows: that would take as long as all
the rest and save a third.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC

from kbservice.search.whoosh.compiled import compiled, compiled_for_bulk
from kbservice.search.whoosh.kernels import bounds
from kbservice.search.whoosh.part import Codes, Docs, Numbers, Offsets
from kbservice.search.whoosh.term_index import put_big

_BLOCK: Final = 128
# Bytes that a block, and a posting without its positions, take at most.
_BOUND: Final = 48
_BOUND_POSTING: Final = 29
_SHORT: Final = 80
_MAGIC: Final = np.frombuffer(WHOOSH3_HEADER_MAGIC, dtype=np.uint8).copy()

Bytes = NDArray[np.uint8]
Weights = NDArray[np.float64]
Places = tuple[Offsets, Codes, int]


@compiled_for_bulk
def written(
    rows: Numbers, arrays: tuple[Offsets, Docs, Codes], weights: Weights, places: Places
) -> tuple[Bytes, Numbers, Numbers, Weights]:
    """Write posting lists as the codec does, uncompressed.

    Returns:
        The bytes; where each list ends in them; (postings, first document, last document) and
        (sum, greatest) of the weights of each list.
    """
    offsets, docs, coded = arrays
    starts, _, ranked = places
    bound = 0
    for term in range(rows.size):
        first, last = bounds(offsets, rows[term])
        bound += _BOUND * ((last - first) // _BLOCK + 2) + (last - first) * _BOUND_POSTING
        if starts.size:
            bound += 3 * int(np.int64(starts[last - ranked]) - np.int64(starts[first - ranked]))
    out = np.empty(bound, dtype=np.uint8)
    ends = np.empty(rows.size, dtype=np.int64)
    facts = np.empty((rows.size, 3), dtype=np.int64)
    sums = np.zeros((rows.size, 2), dtype=np.float64)
    at = 0
    for term in range(rows.size):
        first, last = bounds(offsets, rows[term])
        facts[term, 0] = last - first
        facts[term, 1] = docs[first]
        facts[term, 2] = docs[last - 1]
        for i in range(4):
            out[at + i] = _MAGIC[i]
        at += 4
        for begin in range(first, last, _BLOCK):
            end = min(last, begin + _BLOCK)
            greatest = 1.0
            total = float(end - begin)
            if weights.size:
                greatest, total = _summed(coded, weights, begin, end)
            sums[term, 0] += total
            sums[term, 1] = max(sums[term, 1], greatest)
            start = at
            at = _put_info(out, at + 4, end - begin, docs[end - 1], greatest)
            at = _put_block(out, at, arrays, weights, places, begin, end)
            length = at - start - 4
            put_big(out, start, -length if end == last else length, 4)
        ends[term] = at
    return out[:at], ends, facts, sums


@compiled
def _summed(coded: Codes, weights: Weights, begin: int, end: int) -> tuple[float, float]:
    """Return the greatest weight and the sum of all."""
    greatest = 0.0
    total = 0.0
    for i in range(begin, end):
        greatest = max(greatest, weights[coded[i]])
        total += weights[coded[i]]
    return greatest, total


@compiled
def _put_info(out: Bytes, at: int, count: int, last: int, greatest: float) -> int:
    """Pickle what a reader may skip a block by: (postings, last document, weight, 0, 0, 0).

    The zeros say: not compressed, no field lengths.
    """
    out[at] = 0x80
    out[at + 1] = 2
    out[at + 2] = ord("(")
    at = _put_int(out, at + 3, np.int64(count))
    at = _put_int(out, at, np.int64(last))
    at = _put_float(out, at, greatest)
    for _ in range(3):
        at = _put_int(out, at, np.int64(0))
    out[at] = ord("t")
    out[at + 1] = ord(".")
    return at + 2


@compiled
def _put_block(  # noqa: PLR0913, PLR0917  # a kernel takes arrays, not objects
    out: Bytes,
    at: int,
    arrays: tuple[Offsets, Docs, Codes],
    weights: Weights,
    places: Places,
    begin: int,
    end: int,
) -> int:
    """Pickle the postings of a block: documents, weights or None, values or None."""
    _, docs, coded = arrays
    starts, positions, ranked = places
    out[at] = 0x80
    out[at + 1] = 2
    at = _put_ids(out, at + 2, docs, begin, end)
    if weights.size:
        out[at] = ord("(")
        at += 1
        for i in range(begin, end):
            at = _put_float(out, at, weights[coded[i]])
        out[at] = ord("t")
    else:
        out[at] = ord("N")
    at += 1
    if starts.size:
        at = _put_places(out, at, starts, positions, begin - ranked, end - ranked)
    else:
        out[at] = ord("N")
        at += 1
    out[at] = 0x87  # a tuple of three
    out[at + 1] = ord(".")
    return at + 2


@compiled
def _put_float(out: Bytes, at: int, value: float) -> int:
    """Pickle a number; return where the next thing goes."""
    image = np.empty(1, dtype=np.float64)
    image[0] = value
    out[at] = ord("G")
    put_big(out, at + 1, image.view(np.int64)[0], 8)
    return at + 9


@compiled
def _put_int(out: Bytes, at: int, value: np.int64) -> int:
    """Pickle a number that is not negative; return where the next thing goes."""
    if value < 0x100:  # noqa: PLR2004  # one byte
        out[at] = ord("K")
        out[at + 1] = value
        return at + 2
    if value < 0x10000:  # noqa: PLR2004  # two bytes
        out[at] = ord("M")
        out[at + 1] = value & 0xFF
        out[at + 2] = value >> 8
        return at + 3
    out[at] = ord("J")
    for i in range(4):
        out[at + 1 + i] = (value >> (8 * i)) & 0xFF
    return at + 5


@compiled
def _put_ids(out: Bytes, at: int, docs: Docs, begin: int, end: int) -> int:
    """Pickle a tuple of document numbers, each but the first as its distance from the last."""
    out[at] = ord("(")
    at += 1
    before = np.int64(0)
    for i in range(begin, end):
        at = _put_int(out, at, np.int64(docs[i]) - before)
        before = np.int64(docs[i])
    out[at] = ord("t")
    return at + 1


@compiled
def _put_places(
    out: Bytes, at: int, starts: Offsets, positions: Codes, begin: int, end: int
) -> int:
    """Pickle a tuple of byte strings: count and pickled list of distances, as Positions writes."""
    out[at] = ord("(")
    at += 1
    for posting in range(begin, end):
        first, last = bounds(starts, posting)
        # A short string's size takes one byte, but positions at most three each.
        sizes = 1 if last - first <= _SHORT else 4
        size_at = at + 1
        out[at] = ord("C") if sizes == 1 else ord("B")
        at += 1 + sizes
        put_big(out, at, last - first, 4)
        out[at + 4] = ord("]")
        out[at + 5] = ord("(")
        at += 6
        before = np.int64(0)
        for i in range(first, last):
            at = _put_int(out, at, np.int64(positions[i]) - before)
            before = np.int64(positions[i])
        out[at] = ord("e")
        out[at + 1] = ord(".")
        at += 2
        length = at - size_at - sizes
        for i in range(sizes):
            out[size_at + i] = (length >> (8 * i)) & 0xFF
    out[at] = ord("t")
    return at + 1
