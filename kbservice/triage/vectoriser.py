"""Counts features, and weighs them: sublinear TF-IDF in blocks, each of length one."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.preprocessing import normalize

from kbservice.triage.classifier import TicketText
from kbservice.triage.features import (
    CHARS,
    FIELDS,
    TITLE,
    WORDS,
    Bag,
    Features,
    blanked,
    features_of,
)
from kbservice.triage.measures import Doubles

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

BLOCK_WEIGHTS: Final = {WORDS: 1.0, CHARS: 1.0, TITLE: 0.7, FIELDS: 0.7}
_MAX_TERMS: Final = {WORDS: 60_000, CHARS: 60_000, TITLE: 20_000, FIELDS: 2_000}
# One ticket's own words are noise, and may be somebody's name.
_LEAST_TICKETS: Final = 2
# Where few tickets have both a title and a body, the title block would repeat the words.
_LEAST_TITLED_SHARE: Final = 0.3
# A long run of digits that redaction left alone: an order or account number, never a topic.
_NUMBER: Final = re.compile(r"(?:\d[\W_]?){6,}\d")


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each term of one block stands in each ticket, damped to 1 + ln(count)."""

    block: str
    terms: tuple[str, ...]
    matrix: Any  # scipy.sparse.csr_array (tickets, terms)

    @property
    def held(self) -> Ints:
        """How many tickets have each term."""
        return np.bincount(self.matrix.indices, minlength=len(self.terms))


@dataclass(frozen=True, slots=True)
class Block:
    """The terms of one block with their inverse document frequencies."""

    name: str
    terms: tuple[str, ...]
    idf: Floats


@dataclass(frozen=True, slots=True)
class Vector:
    """One ticket's non-zero columns with their values.

    Attributes:
        features: Which of the ticket's features each column is, block after block.
        n_features: How many the ticket has, known ones and others.
    """

    columns: Ints
    values: Floats
    features: Ints
    n_features: int

    def spread(self, numbers: Doubles) -> Doubles:
        """Return a number for each column as one for each feature; 0 for unknown ones."""
        found = np.zeros(self.n_features)
        found[self.features] = numbers
        return found


class Vectoriser:
    """Turns one ticket into numbers; fixed once made, safe for any number of threads."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(blocks)
        self._places = {block.name: (block, _places(block)) for block in blocks}

    @property
    def size(self) -> int:
        """Number of columns."""
        return sum(len(block.terms) for block in self.blocks)

    def known(self, block: str) -> Mapping[str, int]:
        """Return the terms of a block, which may be none."""
        return self._places[block][1] if block in self._places else {}

    def vector(self, features: Features) -> Vector:
        """Weigh one ticket's features; unknown ones are left out."""
        columns: list[Ints] = [_NOWHERE]
        values: list[Floats] = [_NOTHING]
        known: list[Ints] = [_NOWHERE]
        width = size = 0
        for name in BLOCK_WEIGHTS:
            bag = features.of(name)
            if name in self._places:
                block, places = self._places[name]
                found = np.array(list(map(places.get, bag.terms, repeat(-1))), dtype=np.int64)
                own = np.flatnonzero(found >= 0)
                columns.append(width + found[own])
                values.append(_weighed(block, found[own], bag.counts[own].astype(np.float32)))
                known.append(size + own)
                width += len(block.terms)
            size += len(bag.terms)
        return Vector(np.concatenate(columns), np.concatenate(values), np.concatenate(known), size)


_NOTHING: Final = np.zeros(0, dtype=np.float32)
_NOWHERE: Final = np.zeros(0, dtype=np.int64)


def _places(block: Block) -> dict[str, int]:
    return {term: at for at, term in enumerate(block.terms)}


def _weighed(block: Block, columns: Ints, counts: Floats) -> Floats:
    values = (1.0 + np.log(counts)) * block.idf[columns]
    length = float(np.sqrt(values @ values)) or 1.0
    return np.asarray(values * (BLOCK_WEIGHTS[block.name] / length), dtype=np.float32)


def count(tickets: Sequence[TicketText]) -> tuple[Counts, ...]:
    """Count the features of all tickets; terms of a single ticket are dropped."""
    counting = {name: _Counting() for name in BLOCK_WEIGHTS}
    titled = sum(bool(ticket.title and ticket.body) for ticket in tickets)
    if titled < _LEAST_TITLED_SHARE * len(tickets):
        del counting[TITLE]
    for ticket in tickets:
        features = features_of(blanked(ticket))
        for name, block in counting.items():
            block.add(features.of(name))
    found = (block.counts(name) for name, block in counting.items())
    return tuple(block for block in found if block.terms)


def weigh(counts: Sequence[Counts], rows: Ints) -> tuple[tuple[Block, ...], Any]:
    """Learn the inverse document frequencies of some tickets; return them and all tickets' matrix.

    A term that fewer than two of these tickets have weighs nothing.
    """
    blocks = [_block(item, rows) for item in counts]
    parts = [
        normalize(item.matrix @ sparse.diags_array(block.idf)) * BLOCK_WEIGHTS[block.name]
        for item, block in zip(counts, blocks, strict=True)
    ]
    return tuple(blocks), sparse.csr_array(sparse.hstack(parts, format="csr", dtype=np.float32))


def _block(counts: Counts, rows: Ints) -> Block:
    held = np.bincount(counts.matrix[rows].indices, minlength=len(counts.terms))
    idf = np.log((1.0 + len(rows)) / (1.0 + held)) + 1.0
    idf[held < _LEAST_TICKETS] = 0.0
    return Block(counts.block, counts.terms, idf.astype(np.float32))


class _Counting:
    """Grows one block's counts ticket by ticket; compact arrays, not objects."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._indices = array("i")
        self._data = array("f")
        self._ends = array("i", [0])

    def add(self, bag: Bag) -> None:
        """Count one ticket's terms."""
        known = self._columns
        self._indices.extend(known.setdefault(term, len(known)) for term in bag.terms)
        self._data.extend(bag.counts.tolist())
        self._ends.append(len(self._indices))

    def counts(self, name: str) -> Counts:
        """Return what was counted, without rare terms and long numbers."""
        shape = (len(self._ends) - 1, len(self._columns))
        data = 1.0 + np.log(np.frombuffer(self._data, dtype=np.float32), dtype=np.float32)
        indices = np.frombuffer(self._indices, dtype=np.int32)
        matrix = sparse.csr_array(
            (data, indices, np.frombuffer(self._ends, dtype=np.int32)), shape=shape
        )
        terms = list(self._columns)
        kept = _kept(np.bincount(indices, minlength=len(terms)), terms, _MAX_TERMS[name])
        return Counts(name, tuple(terms[at] for at in kept), sparse.csr_array(matrix[:, kept]))


def _kept(held: Ints, terms: list[str], limit: int) -> list[int]:
    frequent = np.flatnonzero(held >= _LEAST_TICKETS)
    if len(frequent) > limit:
        frequent = frequent[np.argsort(-held[frequent], kind="stable")[:limit]]
    return sorted(at for at in frequent.tolist() if not _NUMBER.search(terms[at]))
