"""One opened commit: what searches of this moment see."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from whoosh.index import FileIndex

from kbservice.search import filtering, recipe
from kbservice.search.documents import Filters, IndexState, Reason, SearchDocument
from kbservice.search.whoosh.postings import Mask, Numbers, PostingArrays, Weights
from kbservice.search.whoosh.schema import META_ID, microseconds, unpack
from kbservice.search.whoosh.storage import SignedStorage, newest_commit, verify
from kbservice.search.whoosh.writer import meta_of
from kbservice.text.tokens import Streams

_WHY = 8


class Snapshot:
    """Reads one commit of one generation; its numbers mean nothing in another."""

    def __init__(self, folder: Path, generation: int, key: bytes) -> None:
        self.generation = generation
        self.commit = newest_commit(folder)
        self._built_at: datetime = verify(folder, self.commit[0], key)
        self._folder = folder
        index = FileIndex(SignedStorage(folder, key), indexname="MAIN")
        self._reader = index.reader()
        # Searches that still use it keep it alive; the last one to let go closes the files.
        self.close = weakref.finalize(self, self._reader.close)
        self.postings = PostingArrays(self._reader)
        self._meta = meta_of(self._reader)

    @cached_property
    def state(self) -> IndexState:
        """Describe this commit."""
        return IndexState(
            generation=self.generation,
            documents=int(self.everything.sum()),
            sequence=int(self._meta.get("sequence", 0)),
            analyzer=str(self._meta.get("analyzer", "")),
            size_bytes=sum(path.stat().st_size for path in self._folder.iterdir()),
            built_at=self._built_at,
        )

    @cached_property
    def everything(self) -> Mask:
        """All documents of either kind; the meta record is neither."""
        return self.postings.mask("kind", "article") | self.postings.mask("kind", "ticket")

    @property
    def total(self) -> int:
        """How many documents there are."""
        return self.state.documents

    def allowed(self, filters: Filters) -> Mask:
        """Return the documents that pass the filters."""
        mask = self.everything.copy()
        if filters.kind:
            mask &= self.postings.mask("kind", filters.kind)
        for field in filtering.FILTERED:
            wanted = {filtering.folded(value) for value in getattr(filters, field)}
            if wanted:
                mask &= self._any_of(field, wanted)
        if filters.since:
            mask &= self._has_moment & (self._updated >= microseconds(filters.since))
        if filters.until:
            mask &= self._has_moment & (self._updated < microseconds(filters.until))
        for document_id in filters.exclude:
            mask &= ~self.postings.mask("id", document_id)
        return mask

    def scores(self, streams: Streams) -> tuple[Weights, list[recipe.QueryTerm]]:
        """Return every document's score, and the terms that made it."""
        scores = np.zeros(self.postings.size)
        terms = list(recipe.query_terms(streams, self.postings.frequency, self.total))
        for item in terms:
            numbers, weights = self.postings.read(item.stream, item.term)
            scores[numbers] += item.factor * (weights * (recipe.K1 + 1.0) / (recipe.K1 + weights))
        return scores, terms

    def order(self, numbers: Numbers, scores: Weights, sort: str) -> Numbers:
        """Return document numbers in rank order; ties are broken by id."""
        keys: list[Any] = [self._id_keys(numbers), -scores[numbers]]
        if sort == "newest":
            keys.append(-self._updated[numbers])
        elif sort == "solved":
            keys.append(-self._solved[numbers])
        return numbers[np.lexsort(keys)]

    def best(self, scores: Weights, mask: Mask, limit: int) -> Numbers:
        """Return the ``limit`` best documents of a mask."""
        numbers = np.flatnonzero(mask)
        if numbers.size > 4 * limit:
            # Keep every tie at the border, so that the order by id stays exact.
            border = np.partition(scores[numbers], numbers.size - limit)[numbers.size - limit]
            numbers = numbers[scores[numbers] >= border]
        return self.order(numbers, scores, "relevance")[:limit]

    def facets(self, mask: Mask) -> dict[str, tuple[tuple[str, int], ...]]:
        """Count the values of each filter field over a set of documents."""
        return {field: self._counted(field, mask) for field in filtering.FACETS}

    def document(self, number: int) -> SearchDocument:
        """Return a stored document."""
        return unpack(self.postings.stored(number)["data"])

    def why(self, number: int, terms: Sequence[recipe.QueryTerm]) -> tuple[Reason, ...]:
        """Return the terms that gave a document its score, the strongest first."""
        reasons = []
        for item in terms:
            numbers, weights = self.postings.read(item.stream, item.term)
            at = int(np.searchsorted(numbers, number))
            if at < numbers.size and numbers[at] == number:
                part = item.factor * recipe.saturate(float(weights[at]))
                reasons.append(Reason(term=item.term, field=item.stream, score=round(part, 4)))
        reasons.sort(key=lambda reason: -reason.score)
        return tuple(reasons[:_WHY])

    def ids(self) -> dict[str, int]:
        """Return the revision of every document by id."""
        with self.postings.lock:
            stored = [fields for _, fields in self._reader.iter_docs()]
        return {
            fields["id"]: int(fields["revision"]) for fields in stored if fields["id"] != META_ID
        }

    @cached_property
    def _updated(self) -> Numbers:
        return self.postings.column("updated")

    @cached_property
    def _has_moment(self) -> Mask:
        mask: Mask = self._updated != 0
        return mask

    @cached_property
    def _solved(self) -> Numbers:
        return self.postings.column("solved")

    def _id_keys(self, numbers: Numbers) -> Any:
        """Return what sorts documents by id; to rank all ids is worth it only for many."""
        if numbers.size * 8 > self.postings.size:
            return self._id_ranks[numbers]
        return np.array([self.postings.stored(n)["id"] for n in numbers.tolist()], dtype=np.str_)

    @cached_property
    def _id_ranks(self) -> Numbers:
        with self.postings.lock:
            pairs = [(fields["id"], number) for number, fields in self._reader.iter_docs()]
        ranks = np.zeros(self.postings.size, dtype=np.int64)
        for rank, (_, number) in enumerate(sorted(pairs)):
            ranks[number] = rank
        return ranks

    @cached_property
    def _value_numbers(self) -> Mapping[str, Mapping[str, Numbers]]:
        fields = dict.fromkeys((*filtering.FACETS, *filtering.FILTERED))
        return {
            field: {
                value: self.postings.read(field, value)[0] for value in self.postings.values(field)
            }
            for field in fields
        }

    def _any_of(self, field: str, wanted: set[str]) -> Mask:
        mask = np.zeros(self.postings.size, dtype=np.bool_)
        for value, numbers in self._value_numbers[field].items():
            if filtering.folded(value) in wanted:
                mask[numbers] = True
        return mask

    def _counted(self, field: str, mask: Mask) -> tuple[tuple[str, int], ...]:
        counts = (
            (value, int(mask[numbers].sum()))
            for value, numbers in self._value_numbers[field].items()
        )
        return tuple(sorted((c for c in counts if c[1]), key=lambda item: (-item[1], item[0])))
