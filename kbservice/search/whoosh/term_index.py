"""Whoosh's term index, written by a kernel: an ordered hash file from name to term info."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from whoosh.filedb.filetables import HashWriter, OrderedHashWriter

from kbservice.search.whoosh.compiled import compiled, compiled_for_bulk
from kbservice.search.whoosh.lexicon import Numbers, Text

_CRC32: Final = 1  # Whoosh's number for it; its default, MD5, would have to come from Python
_PREFIX: Final = 2
_ENTRY: Final = 8 + _PREFIX
_TABLES: Final = 256
_POINTER: Final = np.dtype([("hash", ">u4"), ("at", ">i8")])
Hashes = NDArray[np.uint32]


def _remainders() -> Hashes:
    """Return the CRC-32 of each byte, the polynomial reversed as in zlib."""
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(values & 1, (values >> 1) ^ np.uint32(0xEDB88320), values >> 1)
    return values.astype(np.uint32)


_REMAINDERS: Final = _remainders()


class TermIndex(OrderedHashWriter):
    """A term index under way; terms come in byte order, fields in the order of their numbers."""

    def __init__(self, file: Any) -> None:
        # Not the constructor of the ordered one, which knows no other hash than MD5.
        HashWriter.__init__(self, file, hashtype=_CRC32)
        self._hashes: list[Hashes] = []
        self._places: list[Numbers] = []

    def enter(self, field: int, text: Text, spans: Numbers, infos: NDArray[np.uint8]) -> None:
        """Enter terms of a field.

        Args:
            field: Its number.
            text: Holds the names.
            spans: Where each name starts and ends.
            infos: A row of bytes for each.
        """
        entries, places, hashes = _entries(field, text, spans, infos, _REMAINDERS)
        self._hashes.append(hashes)
        self._places.append(places + self.dbfile.tell())
        self.dbfile.write(entries.data)

    def finish(self, fields: Mapping[str, int]) -> None:
        """Write what finds the terms, and close the file."""
        self.extras["fieldmap"] = dict(fields)
        self.close()  # type: ignore[no-untyped-call]

    def _write_hashes(self) -> None:
        hashes = np.concatenate([np.zeros(0, dtype=np.uint32), *self._hashes])
        slots, places, sizes = _tables(hashes, self._joined_places())
        pointers = np.empty(slots.size, dtype=_POINTER)
        pointers["hash"], pointers["at"] = slots, places
        starts = self.dbfile.tell() + (np.cumsum(sizes) - sizes) * _POINTER.itemsize
        self.directory = list(zip(starts.tolist(), sizes.tolist(), strict=True))
        self.dbfile.write(pointers.tobytes())

    def _write_extras(self) -> None:
        places = self._joined_places()
        is_short = not places.size or places[-1] <= np.iinfo(np.int32).max
        self.extras |= {"indextype": "i" if is_short else "q", "indexlen": places.size}
        HashWriter._write_extras(self)  # noqa: SLF001  # ours to call
        self.dbfile.write(places.astype(">i4" if is_short else ">i8").tobytes())

    def _joined_places(self) -> Numbers:
        return np.concatenate([np.zeros(0, dtype=np.int64), *self._places])


@compiled_for_bulk
def _entries(
    field: int, text: Text, spans: Numbers, infos: Text, remainders: Hashes
) -> tuple[Text, Numbers, Hashes]:
    """Return entries (two sizes, field, name, info), where each starts, and the names' hashes."""
    count, size = infos.shape
    room = count * (_ENTRY + size)
    for term in range(count):
        room += spans[term, 1] - spans[term, 0]
    out = np.empty(room, dtype=np.uint8)
    places = np.empty(count, dtype=np.int64)
    hashes = np.empty(count, dtype=np.uint32)
    at = 0
    for term in range(count):
        places[term] = at
        first, last = spans[term]
        put_big(out, at, last - first + _PREFIX, 4)
        put_big(out, at + 4, size, 4)
        put_big(out, at + 8, field, _PREFIX)
        start = at + 8
        at += _ENTRY
        for i in range(first, last):
            out[at] = text[i]
            at += 1
        remainder = np.uint32(0xFFFFFFFF)
        for i in range(start, at):
            low = (remainder ^ np.uint32(out[i])) & np.uint32(0xFF)
            remainder = np.uint32(remainder >> np.uint32(8)) ^ remainders[low]
        hashes[term] = remainder ^ np.uint32(0xFFFFFFFF)
        for i in range(size):
            out[at] = infos[term, i]
            at += 1
    return out, places, hashes


@compiled_for_bulk
def _tables(hashes: Hashes, places: Numbers) -> tuple[Hashes, Numbers, Numbers]:
    """Return the slots of 256 hash tables, twice as many as terms, and the size of each."""
    sizes = np.zeros(_TABLES, dtype=np.int64)
    for i in range(hashes.size):
        sizes[hashes[i] & 0xFF] += 2
    starts = np.cumsum(sizes) - sizes
    slots = np.zeros(2 * hashes.size, dtype=np.uint32)
    held = np.zeros(2 * hashes.size, dtype=np.int64)
    for i in range(hashes.size):
        table = hashes[i] & 0xFF
        slot = np.int64(hashes[i] >> np.uint32(8)) % sizes[table]
        # No term is at 0, where the file's header is.
        while held[starts[table] + slot]:
            slot = (slot + 1) % sizes[table]
        slots[starts[table] + slot] = hashes[i]
        held[starts[table] + slot] = places[i]
    return slots, held, sizes


@compiled
def put_big(out: Text, at: int, value: int, size: int) -> None:
    """Write a number, most significant byte first."""
    for i in range(size):
        out[at + i] = (value >> (8 * (size - 1 - i))) & 0xFF
