"""Terms as 64-bit keys: three bits name the stream, the rest is a hash of the term.

Two terms of one stream share a key with a probability of 1e-5 among five million; they would
then be found for each other, nothing worse. The hash is FNV-1a with a closing mix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kbservice.search import recipe
from kbservice.search.whoosh.compiled import compiled, compiled_for_bulk

Keys = NDArray[np.uint64]
Places = NDArray[np.int64]

SEQUENCES: Final = ("sequence", "title_sequence")
"""Streams with positions; they follow those that rank."""
STREAMS: Final[Mapping[str, int]] = {
    name: number for number, name in enumerate((*recipe.STREAMS, *SEQUENCES, "id"))
}

SEPARATOR: Final = "\x00"
_STREAM_SHIFT: Final = 61
_FIRST_KEYS: Final = {name: np.uint64(at << _STREAM_SHIFT) for name, at in STREAMS.items()}
_ENDS: Final = np.uint8(0)
_GUESSES: Final = 3


def keys_of(stream: str, terms: Sequence[str]) -> Keys:
    """Return the key of each term; a NUL inside a term counts as a blank."""
    text = joined(terms)
    if any(SEPARATOR in term for term in terms):
        text = joined([term.replace(SEPARATOR, " ") for term in terms])
    found = np.empty(len(terms), dtype=np.uint64)
    _hash(text, first_key(stream), found)
    return found


def joined(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Return the UTF-8 of terms, or of texts of terms with a NUL between them, NUL after each."""
    if not texts:
        return np.zeros(0, dtype=np.uint8)
    text = SEPARATOR.join((*texts, "")).encode("utf-8", "surrogatepass")
    return np.frombuffer(text, dtype=np.uint8)


def hashed(stream: str, text: NDArray[np.uint8]) -> tuple[Keys, NDArray[np.int64]]:
    """Return the key of each term of a joined text, and where each ends."""
    ends = np.flatnonzero(text == _ENDS)
    found = np.empty(ends.size, dtype=np.uint64)
    _hash(text, first_key(stream), found)
    return found, ends


def first_key(stream: str) -> np.uint64:
    """Return the least key that a stream can have."""
    return _FIRST_KEYS[stream]


@compiled
def _hash(text: NDArray[np.uint8], stream: np.uint64, found: Keys) -> None:
    value = np.uint64(14695981039346656037)
    at = 0
    for i in range(text.size):
        if text[i] != _ENDS:
            value = (value ^ np.uint64(text[i])) * np.uint64(1099511628211)
            continue
        value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
        found[at] = ((value ^ (value >> np.uint64(33))) >> np.uint64(3)) | stream
        at += 1
        value = np.uint64(14695981039346656037)


@compiled_for_bulk
def distinct(keys: Keys) -> tuple[Keys, NDArray[np.uint32], NDArray[np.int64]]:
    """Return the distinct keys, ascending; the place of each key among them; first occurrences.

    As ``np.unique`` with inverse and index, but sorts only what is distinct (four times faster).
    """
    bits = 4
    while 1 << bits < 2 * keys.size:
        bits += 1
    table = np.full(1 << bits, -1, dtype=np.int32)
    mask = (1 << bits) - 1
    found = np.empty(keys.size, dtype=np.uint64)
    places = np.empty(keys.size, dtype=np.uint32)
    firsts = np.empty(keys.size, dtype=np.uint32)
    count = 0
    for i in range(keys.size):
        key = keys[i]
        # The lowest bits of a good hash are as good as any.
        slot = np.int64(key & np.uint64(mask))
        while table[slot] >= 0 and found[table[slot]] != key:
            slot = (slot + 1) & mask
        if table[slot] < 0:
            table[slot] = np.int32(count)
            found[count] = key
            firsts[count] = i
            count += 1
        places[i] = table[slot]
    order = np.argsort(found[:count])
    ranks = np.empty(count, dtype=np.uint32)
    for rank in range(count):
        ranks[order[rank]] = rank
    for i in range(keys.size):
        places[i] = ranks[places[i]]
    return found[:count][order], places, firsts[:count][order].astype(np.int64)


@compiled
def places_among(keys: Keys, wanted: Keys) -> Places:
    """Return where each wanted key stands among ascending ones of its stream; -1: nowhere.

    Keys are hashes, hence evenly spread: where one stands can be told from its value, and
    better from its distance to the key found there (interpolation search, Perl et al. 1978).
    All are guessed before the next guess, so that their waits for memory overlap: a quarter of
    the time that one after the other takes.
    """
    places = np.zeros(wanted.size, dtype=np.int64)
    if keys.size == 0:
        places[:] = -1
        return places
    last = keys.size - 1
    density = last / max(1.0, np.float64(keys[last] - keys[0]))
    for _ in range(_GUESSES):
        for i in range(wanted.size):
            near = keys[places[i]]
            if wanted[i] >= near:
                guess = places[i] + np.float64(wanted[i] - near) * density
            else:
                guess = places[i] - np.float64(near - wanted[i]) * density
            places[i] = np.int64(min(max(guess, 0.0), np.float64(last)))
    for i in range(wanted.size):
        places[i] = _place_near(keys, wanted[i], places[i])
    return places


@compiled
def _place_near(keys: Keys, key: np.uint64, place: int) -> int:
    """Return where a key stands, -1 if nowhere, in steps that double and then halve again."""
    low, high = place, place
    step = 1
    while high < keys.size - 1 and keys[high] < key:
        low, high = high, min(keys.size - 1, high + step)
        step *= 2
    while low > 0 and keys[low] > key:
        low, high = max(0, low - step), low
        step *= 2
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if keys[low] == key else -1
