"""The inner loops of scoring; arrays in, arrays out, no Python objects.

A posting list is a range of two parallel arrays: document numbers, ascending, and weight codes
(``codes``); ``table`` turns a code into the term frequency part of the score. Scores are first
added up in single precision, which finds the candidates; ``exact`` then scores these.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kbservice.search.whoosh.compiled import compiled

Docs = NDArray[np.uint32]
Codes = NDArray[np.uint16]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Scores = NDArray[np.float32]
Table = NDArray[np.float32]
Exact = NDArray[np.float64]
Lists = tuple[Docs, Codes, Table]
Offsets = NDArray[np.integer[Any]]
Sequences = tuple[Docs, Offsets, Codes, int]

BLOCK: Final = 128
# Sums in another order differ by less; what lies closer to the border is scored exactly.
_SLACK: Final = np.float32(1.0 - 1e-4)
# Multiplied with it, neighbouring numbers are spread evenly (Knuth, Sorting and Searching, 6.4).
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


@compiled
def accumulate(lists: Lists, ranges: Numbers, weights: Scores, scores: Scores) -> None:
    """Add each posting's part to its document's score; ``ranges`` holds (start, end) pairs."""
    docs, codes, table = lists
    for term in range(weights.size):
        weight = weights[term]
        held = docs[ranges[term, 0] : ranges[term, 1]]
        coded = codes[ranges[term, 0] : ranges[term, 1]]
        for i in range(held.size):
            scores[held[i]] += weight * table[coded[i]]


@compiled
def best(scores: Scores, mask: Mask, limit: int) -> Numbers:
    """Return the masked documents that may be among the ``limit`` best; clear the scores.

    All with a positive score at the border or above are returned, so ties are complete.
    """
    size = scores.size
    maxima = np.empty((size + BLOCK - 1) // BLOCK, dtype=np.float32)
    border = _border(scores, mask, limit, maxima)
    found = np.empty(size, dtype=np.int64)
    count = 0
    for block in range(maxima.size):
        if maxima[block] > np.float32(0.0) and maxima[block] >= border:
            for i in range(block * BLOCK, min(size, (block + 1) * BLOCK)):
                if scores[i] > np.float32(0.0) and scores[i] >= border and mask[i]:
                    found[count] = i
                    count += 1
    scores[:] = np.float32(0.0)
    return found[:count]


@compiled
def best_of_few(
    lists: tuple[Docs, Codes, Exact], ranges: Numbers, weights: Exact, mask: Mask, limit: int
) -> tuple[Numbers, Exact]:
    """Return masked documents, among them the ``limit`` best, and their exact scores.

    Looks at nothing but the postings.
    """
    found, scores = _added(lists, ranges, weights)
    heap = np.zeros(limit, dtype=np.float64)
    for at in range(found.size):
        if scores[at] > heap[0] and mask[found[at]]:
            _replace_least(heap, scores[at])
    kept = 0
    for at in range(found.size):
        if scores[at] >= heap[0] and mask[found[at]]:
            found[kept] = found[at]
            scores[kept] = scores[at]
            kept += 1
    return found[:kept], scores[:kept]


@compiled
def _added(
    lists: tuple[Docs, Codes, Exact], ranges: Numbers, weights: Exact
) -> tuple[Numbers, Exact]:
    """Return the documents of some posting lists, in no order, and their scores.

    They are found again by a hash table no larger than the lists: in an array with a place for
    each document of the index nearly every posting would wait for memory.
    """
    docs, codes, table = lists
    postings = 0
    for term in range(weights.size):
        postings += ranges[term, 1] - ranges[term, 0]
    bits = 4
    while 1 << bits < 2 * postings:
        bits += 1
    places = np.full(1 << bits, -1, dtype=np.int32)
    found = np.empty(postings, dtype=np.int64)
    scores = np.zeros(postings, dtype=np.float64)
    count = 0
    for term in range(weights.size):
        for i in range(ranges[term, 0], ranges[term, 1]):
            doc = np.int64(docs[i])
            slot = np.int64((np.uint64(doc) * _GOLDEN) >> np.uint64(64 - bits))
            while places[slot] >= 0 and found[places[slot]] != doc:
                slot = (slot + 1) & (places.size - 1)
            if places[slot] < 0:
                places[slot] = count
                found[count] = doc
                count += 1
            scores[places[slot]] += weights[term] * table[codes[i]]
    return found[:count], scores[:count]


@compiled
def _border(scores: Scores, mask: Mask, limit: int, maxima: Scores) -> np.float32:
    """Return a little less than the score of the last of the best; fill in block maxima."""
    size = scores.size
    _tops(scores, maxima)
    heap = np.zeros(limit, dtype=np.float32)
    for block in range(maxima.size):
        if maxima[block] > heap[0]:
            for i in range(block * BLOCK, min(size, (block + 1) * BLOCK)):
                if scores[i] > heap[0] and mask[i]:
                    _replace_least(heap, scores[i])
    border: np.float32 = heap[0] * _SLACK
    return border


@compiled
def _tops(scores: Scores, maxima: Scores) -> None:
    """Fill in the greatest score of each block.

    No score is negative, so their bits order as integers do. Four lanes of integers become
    vector instructions, five times as fast as the plain loop over floats.
    """
    bits, tops = scores.view(np.int32), maxima.view(np.int32)
    whole = bits.size // BLOCK
    for block in range(whole):
        start = block * BLOCK
        top0 = top1 = top2 = top3 = np.int32(0)
        for i in range(start, start + BLOCK, 4):
            top0 = max(top0, bits[i])
            top1 = max(top1, bits[i + 1])
            top2 = max(top2, bits[i + 2])
            top3 = max(top3, bits[i + 3])
        tops[block] = max(top0, top1, top2, top3)
    if whole < tops.size:
        tops[whole] = bits[whole * BLOCK :].max()


@compiled
def _replace_least(heap: NDArray[Any], score: Any) -> None:
    """Put a score in the place of a min-heap's least."""
    size = heap.size
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= score:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = score


@compiled
def exact(
    lists: tuple[Docs, Codes, Exact], ranges: Numbers, weights: Exact, wanted: Numbers
) -> Exact:
    """Return the scores of the wanted documents in double precision, added term by term.

    The order of adding is always the same, so equal documents have equal scores.
    """
    docs, codes, table = lists
    found = np.zeros(wanted.size, dtype=np.float64)
    lows = np.empty(wanted.size, dtype=np.int64)
    for term in range(weights.size):
        start, end = ranges[term, 0], ranges[term, 1]
        lows[:] = start
        # All documents halve the list in step: their waits for memory overlap.
        left = end - start
        while left > 1:
            half = left >> 1
            for column in range(wanted.size):
                lows[column] += half * (docs[lows[column] + half] <= wanted[column])
            left -= half
        for column in range(wanted.size):
            if start < end and docs[lows[column]] == wanted[column]:
                found[column] += weights[term] * table[codes[lows[column]]]
    return found


@compiled
def bounds(starts: Offsets, number: int) -> tuple[int, int]:
    """Return a range; signed, as sums of signed and unsigned numbers would be floats."""
    return np.int64(starts[number]), np.int64(starts[number + 1])  # type: ignore[return-value]


@compiled
def mark(docs: Docs, start: int, end: int, mask: Mask) -> None:
    """Set the mask where a posting list has a document."""
    for i in range(start, end):
        mask[docs[i]] = True


@compiled
def add(docs: Docs, start: int, end: int, value: float, sums: Exact) -> None:
    """Add a value where a posting list has a document."""
    for i in range(start, end):
        sums[docs[i]] += value


@compiled
def count_unmarked(docs: Docs, ranges: Numbers, mask: Mask) -> Numbers:
    """Return how many documents of each posting list are not set in the mask."""
    counts = np.zeros(ranges.shape[0], dtype=np.int64)
    for term in range(ranges.shape[0]):
        for i in range(ranges[term, 0], ranges[term, 1]):
            counts[term] += not mask[docs[i]]
    return counts


@compiled
def mark_values(starts: Offsets, values: Docs, wanted: Mask, mask: Mask) -> None:
    """Set the mask for documents that have a wanted value."""
    for number in range(mask.size):
        low, high = bounds(starts, number)
        for i in range(low, high):
            mask[number] |= wanted[values[i]]


@compiled
def tally(numbers: Numbers, starts: Offsets, values: Docs, counts: Numbers) -> None:
    """Count the values of the given documents; ``starts`` has one entry more than documents."""
    for number in numbers:
        low, high = bounds(starts, number)
        for i in range(low, high):
            counts[values[i]] += 1


@compiled
def follow(
    arrays: Sequences,
    docs: Numbers,
    places: Numbers,
    ranges: Numbers,
    distance: int,
) -> tuple[Numbers, Numbers]:
    """Return those (document, position) pairs that have a term at a distance.

    Args:
        arrays: Documents; where the positions of each posting start; positions; and the
            posting that has the first start.
        docs: Ascending.
        places: Position in each of ``docs``.
        ranges: (start, end) posting lists of the terms that may stand there.
        distance: From the position in the pair; may be negative.
    """
    held, starts, positions, first = arrays
    is_kept = np.zeros(docs.size, dtype=np.bool_)
    for term in range(ranges.shape[0]):
        posting, end = ranges[term, 0], ranges[term, 1]
        for i in range(docs.size):
            while posting < end and held[posting] < docs[i]:
                posting += 1
            if posting >= end:
                break
            if held[posting] != docs[i] or is_kept[i]:
                continue
            wanted = places[i] + distance
            low, high = bounds(starts, posting - first)
            last = high
            while low < high:
                middle = (low + high) >> 1
                if positions[middle] < wanted:
                    low = middle + 1
                else:
                    high = middle
            is_kept[i] = low < last and positions[low] == wanted
    return docs[is_kept], places[is_kept]


@compiled
def places(arrays: Sequences, start: int, end: int, mask: Mask) -> tuple[Numbers, Numbers]:
    """Return the (document, position) pairs of a posting list in masked documents."""
    docs, starts, positions, first = arrays
    count = 0
    for posting in range(start, end):
        if mask[docs[posting]]:
            low, high = bounds(starts, posting - first)
            count += high - low
    found_docs = np.empty(count, dtype=np.int64)
    found_places = np.empty(count, dtype=np.int64)
    at = 0
    for posting in range(start, end):
        if mask[docs[posting]]:
            low, high = bounds(starts, posting - first)
            for i in range(low, high):
                found_docs[at] = docs[posting]
                found_places[at] = positions[i]
                at += 1
    return found_docs, found_places
