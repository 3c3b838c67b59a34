"""One opened commit: what searches of this moment see."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Final

import numpy as np

from kbservice.search import filtering, recipe
from kbservice.search.documents import Filters, IndexState, SearchDocument, Sort, SortKey
from kbservice.search.whoosh.commits import Commit
from kbservice.search.whoosh.facets import Column
from kbservice.search.whoosh.postings import Mask, Numbers, Postings, Scores
from kbservice.search.whoosh.schema import microseconds
from kbservice.search.whoosh.segment import Segment
from kbservice.text.tokens import Streams

_FILTERS: Final = 32
NONE: Final[Numbers] = np.zeros(0, dtype=np.int64)
"""No documents."""


class Snapshot:
    """Reads one commit of one generation; its numbers mean nothing in another."""

    def __init__(
        self,
        commit: Commit,
        generation: int,
        segments: Sequence[Segment],
        postings: Postings,
        live: Mask,
        stands_in_for: int = 0,
    ) -> None:
        self.commit = commit
        self.generation = generation
        self.stands_in_for = stands_in_for
        self.segments = segments
        self.postings = postings
        self.live = live
        self._parts = [segment.part for segment in segments]
        self._bases = np.cumsum([0, *(part.size for part in self._parts)])
        self._allowed: OrderedDict[Filters, Mask] = OrderedDict()
        self._lock = Lock()

    @cached_property
    def state(self) -> IndexState:
        """Describe this commit."""
        built_at = self.commit.meta.built_at
        return IndexState(
            generation=self.generation,
            stands_in_for=self.stands_in_for,
            commit=self.commit.number,
            documents=self.total,
            sequence=self.commit.meta.sequence,
            analyzer=self.commit.meta.analyzer,
            size_bytes=self.commit.size_bytes,
            built_at=datetime.fromisoformat(built_at) if built_at else None,
            changed_at=self.commit.written_at,
            whole=all(segment.is_whole for segment in self.segments),
        )

    def prepare(self) -> None:
        """Compute what the first search would have to."""
        self.facets(self.live)
        _ = self.state, self._ids, self._updated, self._solved

    @cached_property
    def total(self) -> int:
        """How many documents there are."""
        return int(np.count_nonzero(self.live))

    def allowed(self, filters: Filters) -> Mask:
        """Return the documents that pass the filters; the mask must not be changed."""
        with self._lock:
            mask = self._allowed.get(filters)
        if mask is None:
            mask = self._passing(filters)
            with self._lock:
                self._allowed[filters] = mask
                if len(self._allowed) > _FILTERS:
                    self._allowed.popitem(last=False)
        return mask

    def query_terms(self, streams: Streams) -> list[recipe.QueryTerm]:
        """Return the weighted terms of a query."""
        return list(recipe.query_terms(streams, self.postings.frequencies, self.total))

    def best(
        self, terms: Sequence[recipe.QueryTerm], mask: Mask, limit: int
    ) -> tuple[Numbers, Scores]:
        """Return the ``limit`` best documents of a mask that have a score, and the scores."""
        numbers, scores = self.postings.best(terms, mask, limit)
        order = self._ordered(numbers, -scores)[:limit]
        return numbers[order], scores[order]

    def similar(
        self, terms: Sequence[recipe.QueryTerm], mask: Mask, limit: int
    ) -> tuple[Numbers, Scores]:
        """As ``best``; of the first 20, those that hold more of the words rise."""
        numbers, scores = self.best(terms, mask, max(limit, recipe.COVERAGE_DEPTH))
        words = [term for term in terms if term.stream == "words"]
        first = np.sort(numbers[: recipe.COVERAGE_DEPTH])
        held = self.postings.held(words, first)
        asked = sum(term.factor for term in words)
        shares = held[np.searchsorted(first, numbers[: first.size])]
        scores[: first.size] = recipe.covered(scores[: first.size], shares, asked)
        order = self._ordered(numbers, -scores)[:limit]
        return numbers[order], scores[order]

    def named(self, name: str) -> Numbers:
        """Return the documents whose folded id it is, deleted ones too."""
        found = [
            base + number
            for part, base in zip(self._parts, self._bases.tolist(), strict=False)
            for number in part.named(name)
        ]
        return np.array(found, dtype=np.int64)

    def page(
        self,
        terms: Sequence[recipe.QueryTerm],
        mask: Mask,
        sort: Sort,
        limit: int,
        named: Numbers = NONE,
    ) -> tuple[Numbers, Scores]:
        """Return the first documents of a mask in an order, and their scores.

        Those ``named`` of the mask score more than any other.
        """
        if sort == "relevance":
            numbers, scores = self.best(terms, mask, limit)
            if named.size:
                others = ~np.isin(numbers, named)
                scores = np.concatenate([self._scores(terms, named, named), scores[others]])
                numbers = np.concatenate([named, numbers[others]])
                order = self._ordered(numbers, -scores)[:limit]
                numbers, scores = numbers[order], scores[order]
            if numbers.size < limit:
                rest = np.setdiff1d(np.flatnonzero(mask), numbers, assume_unique=True)
                rest = rest[self._ordered(rest)][: limit - numbers.size]
                scores = np.concatenate([scores, np.zeros(rest.size)])
                numbers = np.concatenate([numbers, rest])
            return numbers, scores
        primary = self._primary(sort)
        numbers = np.flatnonzero(mask)
        if numbers.size > limit:
            keys = primary[numbers]
            numbers = numbers[keys <= np.partition(keys, limit - 1)[limit - 1]]
        scores = self._scores(terms, numbers, named)
        order = self._ordered(numbers, -scores, primary[numbers])[:limit]
        return numbers[order], scores[order]

    def behind(
        self,
        after: SortKey,
        terms: Sequence[recipe.QueryTerm],
        mask: Mask,
        sort: Sort,
        limit: int,
        named: Numbers = NONE,
    ) -> tuple[Numbers, Scores]:
        """Return the documents of a mask that follow a sort key; costs more than a first page."""
        numbers = np.flatnonzero(mask)
        scores = self._scores(terms, numbers, named)
        first, second, last_id = after
        if sort == "relevance":
            keys: list[Scores | Numbers] = [-scores]
            is_behind = -scores > first
            is_tied = -scores == first
        else:
            primary = self._primary(sort)[numbers]
            border = -round(-first * 1e6) if sort == "newest" else round(first)
            keys = [-scores, primary]
            is_behind = (primary > border) | ((primary == border) & (-scores > second))
            is_tied = (primary == border) & (-scores == second)
        is_behind |= is_tied & (self._ids[numbers] > last_id.encode())
        kept = np.flatnonzero(is_behind)
        order = self._ordered(numbers[kept], *(key[kept] for key in keys))[:limit]
        return numbers[kept][order], scores[kept][order]

    def sort_key(self, number: int, score: float, sort: Sort) -> SortKey:
        """Return what ``behind`` takes to go on after a document."""
        document_id = self._ids[number].decode()
        if sort == "relevance":
            return (-score, 0.0, document_id)
        value = float(self._primary(sort)[number])
        return (value / 1e6 if sort == "newest" else value, -score, document_id)

    def facets(self, mask: Mask) -> dict[str, tuple[tuple[str, int], ...]]:
        """Count the values of each filter field over a set of documents."""
        numbers = np.flatnonzero(mask)
        return {field: self._columns[field].counts(numbers) for field in filtering.FACETS}

    def document(self, number: int) -> SearchDocument:
        """Return a stored document."""
        at = int(np.searchsorted(self._bases, number, side="right")) - 1
        return self.segments[at].document(number - int(self._bases[at]))

    def ids(self) -> dict[str, int]:
        """Return the revision of every document by id."""
        revisions = self._joined("revisions")[self.live].tolist()
        ids = self._ids[self.live].tolist()
        return {key.decode(): revision for key, revision in zip(ids, revisions, strict=True)}

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Yield the terms of the word stream with their document frequencies."""
        return self.postings.vocabulary()

    def _scores(
        self, terms: Sequence[recipe.QueryTerm], numbers: Numbers, named: Numbers
    ) -> Scores:
        scores = self.postings.scores(terms, numbers)
        if named.size:
            scores = scores + recipe.NAMED * np.isin(numbers, named)
        return scores

    def _passing(self, filters: Filters) -> Mask:
        mask = self.live.copy()
        for field, values in filtering.demanded(filters):
            mask &= self._having(field, values)
        for field, value in filters.without:
            mask &= ~self._having(field, [value])
        if filters.since:
            mask &= (self._updated != 0) & (self._updated >= microseconds(filters.since))
        if filters.until:
            mask &= (self._updated != 0) & (self._updated < microseconds(filters.until))
        for document_id in filters.exclude:
            mask &= self._ids != document_id.encode()
        return mask

    def _having(self, field: str, values: Sequence[str]) -> Mask:
        folded = sorted({filtering.folded(value) for value in values})
        found = [segment.having(field, folded) for segment in self.segments]
        return np.concatenate([np.zeros(0, dtype=np.bool_), *found])

    def _ordered(self, numbers: Numbers, *keys: Scores | Numbers) -> Numbers:
        """Return the order by the keys, the last one first, then by id."""
        ids = self._id_ranks[numbers] if numbers.size * 8 > self.live.size else self._ids[numbers]
        order: Numbers = np.lexsort((ids, *keys))
        return order

    def _primary(self, sort: Sort) -> Numbers:
        values: Numbers = -(self._updated if sort == "newest" else self._solved)
        return values

    def _joined(self, name: str) -> Numbers:
        return np.concatenate(
            [np.zeros(0, dtype=np.int64), *(getattr(part, name) for part in self._parts)]
        )

    @cached_property
    def _ids(self) -> np.ndarray[tuple[int], np.dtype[np.bytes_]]:
        return np.concatenate([np.zeros(0, dtype=np.bytes_), *(part.ids for part in self._parts)])

    @cached_property
    def _id_ranks(self) -> Numbers:
        ranks = np.empty(self._ids.size, dtype=np.int64)
        ranks[np.argsort(self._ids, kind="stable")] = np.arange(self._ids.size)
        return ranks

    @cached_property
    def _updated(self) -> Numbers:
        return self._joined("updated")

    @cached_property
    def _solved(self) -> Numbers:
        return self._joined("solved")

    @cached_property
    def _columns(self) -> dict[str, Column]:
        return {field: Column(self._parts, field) for field in filtering.FACETS}
