"""Terms as 64-bit keys: three bits name the stream, the rest is a hash of the term.

Two terms of one stream share a key with a probability of 1e-5 among five million; they would
then be found for each other, nothing worse. The hash is FNV-1a with a closing mix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbservice.search import recipe
from kbservice.search.whoosh.compiled import compiled, compiled_for_bulk
from kbservice.text.tokens import RUN, SEPARATOR

Text = NDArray[np.uint8]
Keys = NDArray[np.uint64]
Places = NDArray[np.int64]

SEQUENCES: Final = ("sequence", "title_sequence")
"""Streams with positions; they follow those that rank."""
STREAMS: Final[Mapping[str, int]] = {
    name: number for number, name in enumerate((*recipe.STREAMS, *SEQUENCES, "id"))
}

END: Final = "\x01"
"""Stands after the terms of a text of terms, where many follow each other."""

_STREAM_SHIFT: Final = 61
_FIRST_KEYS: Final = {name: np.uint64(at << _STREAM_SHIFT) for name, at in STREAMS.items()}
_SEPARATOR: Final = np.uint8(ord(SEPARATOR))
_END: Final = np.uint8(ord(END))
_RUN: Final = np.uint8(ord(RUN))
_BLANK: Final = np.uint8(ord(" "))
_EMPTY: Final = np.uint64(14695981039346656037)
_GUESSES: Final = 3


def keys_of(stream: str, terms: Sequence[str]) -> Keys:
    """Return the key of each term; a NUL inside a term counts as a blank."""
    text = joined(terms)
    if any(SEPARATOR in term for term in terms):
        text = joined([term.replace(SEPARATOR, " ") for term in terms])
    found = np.empty(len(terms), dtype=np.uint64)
    _hash(text, first_key(stream), found)
    return found


def joined(texts: Sequence[str]) -> Text:
    """Return the UTF-8 of terms, NUL after each."""
    return _encoded(SEPARATOR.join((*texts, ""))) if texts else np.zeros(0, dtype=np.uint8)


class Terms(NamedTuple):
    """The terms of many texts of terms.

    Attributes:
        keys: Of each term.
        spans: Where in ``text`` each starts and ends.
        sizes: How many each text has.
    """

    text: Text
    keys: Keys
    spans: Places
    sizes: Places


def terms_of(stream: str, texts: Sequence[str]) -> Terms:
    """Return the terms of a stream in the outlines of texts, as ``tokens`` draws them."""
    text = _encoded(END.join((*texts, ""))) if texts else np.zeros(0, dtype=np.uint8)
    read = _READERS.get(stream, _read_terms)
    # Room for a term from each byte: what stays unused is never touched, hence no memory.
    keys = np.empty(text.size, dtype=np.uint64)
    spans = np.empty((text.size, 2), dtype=np.int64)
    sizes = np.zeros(len(texts), dtype=np.int64)
    count = read(text, first_key(stream), keys, spans, sizes)
    return Terms(text, keys[:count], spans[:count], sizes)


def _encoded(text: str) -> Text:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)


def first_key(stream: str) -> np.uint64:
    """Return the least key that a stream can have."""
    return _FIRST_KEYS[stream]


def rows_of(stream: str, keys: Keys) -> tuple[int, int]:
    """Return where the keys of a stream begin among ascending ones, and where they end."""
    bounds = [first_key(stream)]
    if STREAMS[stream] + 1 < len(STREAMS):
        bounds.append(np.uint64(int(bounds[0]) + (1 << _STREAM_SHIFT)))
    found = np.searchsorted(keys, np.array(bounds, dtype=np.uint64))
    return int(found[0]), int(found[1]) if len(bounds) > 1 else int(keys.size)


def key_cuts(stream: str, pieces: int) -> Keys:
    """Return the first keys of all but the first of so many equal ranges of a stream's keys."""
    first = int(first_key(stream))
    cuts = [first + (number << _STREAM_SHIFT) // pieces for number in range(1, pieces)]
    return np.array(cuts, dtype=np.uint64)


@compiled
def _hash(text: Text, stream: np.uint64, found: Keys) -> None:
    value = _EMPTY
    at = 0
    for i in range(text.size):
        if text[i] != _SEPARATOR:
            value = _mixed(value, text[i])
            continue
        found[at] = _key(value, stream)
        at += 1
        value = _EMPTY


@compiled
def _mixed(value: np.uint64, byte: np.uint8) -> np.uint64:
    mixed: np.uint64 = (value ^ np.uint64(byte)) * np.uint64(1099511628211)
    return mixed


@compiled
def _key(value: np.uint64, stream: np.uint64) -> np.uint64:
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    key: np.uint64 = ((value ^ (value >> np.uint64(33))) >> np.uint64(3)) | stream
    return key


@compiled
def _key_between(text: Text, start: int, end: int, stream: np.uint64) -> np.uint64:
    """Return the key of the term between two places."""
    value = _EMPTY
    for i in range(start, end):
        value = _mixed(value, text[i])
    return _key(value, stream)


@compiled
def _character_end(text: Text, at: int) -> int:
    """Return where the UTF-8 character ends that starts there."""
    at += 1
    while text[at] & 0xC0 == 0x80:  # noqa: PLR2004  # continues
        at += 1
    return at


@compiled_for_bulk
def _read_terms(text: Text, stream: np.uint64, keys: Keys, spans: Places, sizes: Places) -> int:
    """Read terms, and those of one character each behind RUN; return how many there are."""
    count, of_text, at = 0, 0, 0
    while at < text.size:
        if text[at] == _END:
            of_text += 1
        if text[at] <= _RUN:
            at += 1
            continue
        is_run = at > 0 and text[at - 1] == _RUN
        while text[at] > _RUN:
            start = at
            at = _character_end(text, at)
            while not is_run and text[at] > _RUN:
                at += 1
            keys[count] = _key_between(text, start, at, stream)
            spans[count] = start, at
            count += 1
            sizes[of_text] += 1
    return count


@compiled_for_bulk
def _read_bigrams(text: Text, stream: np.uint64, keys: Keys, spans: Places, sizes: Places) -> int:
    """Read overlapping pairs of neighbouring characters."""
    count, of_text, at = 0, 0, 0
    while at < text.size:
        if text[at] <= _END:
            of_text += text[at] == _END
            at += 1
            continue
        middle = _character_end(text, at)
        if text[middle] > _END:
            end = _character_end(text, middle)
            keys[count] = _key_between(text, at, end, stream)
            spans[count] = at, end
            count += 1
            sizes[of_text] += 1
        at = middle
    return count


@compiled_for_bulk
def _read_chars(text: Text, stream: np.uint64, keys: Keys, spans: Places, sizes: Places) -> int:
    """Read single characters."""
    count, of_text, at = 0, 0, 0
    while at < text.size:
        if text[at] <= _END:
            of_text += text[at] == _END
            at += 1
            continue
        start = at
        at = _character_end(text, at)
        keys[count] = _key_between(text, start, at, stream)
        spans[count] = start, at
        count += 1
        sizes[of_text] += 1
    return count


@compiled_for_bulk
def _read_pairs(text: Text, stream: np.uint64, keys: Keys, spans: Places, sizes: Places) -> int:
    """Read two neighbouring terms at a time, a blank between them."""
    count, of_text, start, before = 0, 0, 0, -1
    own, pair = _EMPTY, _EMPTY
    for at in range(text.size):
        if text[at] > _END:
            own = _mixed(own, text[at])
            pair = _mixed(pair, text[at])
            continue
        if before >= 0:
            keys[count] = _key(pair, stream)
            spans[count] = before, at
            count += 1
            sizes[of_text] += 1
        before, start = start, at + 1
        own, pair = _EMPTY, _mixed(own, _BLANK)
        if text[at] == _END:
            of_text += 1
            before = -1
    return count


_READERS: Final = {"bigrams": _read_bigrams, "chars": _read_chars, "pairs": _read_pairs}


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
