"""The formula in plain Python: the oracle of the other engines, and a search for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import chain, product

from kbservice.errors import NotFound
from kbservice.search import matching, recipe
from kbservice.search.documents import (
    NO_FILTERS,
    Filters,
    IndexState,
    SearchDocument,
    SearchHit,
    SearchPage,
    SearchQuery,
    SortKey,
)
from kbservice.search.engine import IndexReader, IndexWriter, RebuildReport
from kbservice.search.explaining import reasons
from kbservice.search.filtering import FACETS, MOST_VALUES, allows, values_of
from kbservice.search.matching import Slot, streams_of
from kbservice.search.naming import folded_id
from kbservice.search.planner import selected
from kbservice.search.snippets import Highlighter
from kbservice.search.syntax import read_as
from kbservice.text.tokens import FINGERPRINT, sequence_terms


class _Batch:
    """Collects changes and applies them together."""

    def __init__(self, documents: dict[str, SearchDocument], sequence: int) -> None:
        self.documents = dict(documents)
        self.sequence = sequence

    def put(self, document: SearchDocument) -> None:
        """Add or replace, unless a newer revision is there."""
        known = self.documents.get(document.id)
        if known is None or known.revision <= document.revision:
            self.documents[document.id] = document

    def remove(self, document_id: str) -> None:
        """Take a document out."""
        self.documents.pop(document_id, None)

    def mark(self, sequence: int) -> None:
        """Remember the last outbox sequence."""
        self.sequence = max(self.sequence, sequence)


class MemoryEngine:
    """A dict of documents, scored one by one; holds nothing beyond the process."""

    def __init__(self) -> None:
        self._previous: dict[str, SearchDocument] | None = None
        self._generation = 1
        self._sequence = 0
        self._start_anew()

    def search(self, query: SearchQuery) -> SearchPage:
        """Return one page of hits, best first."""
        found = selected(query, _View(self, query.filters))
        text = matching.positive_text(query)
        streams = streams_of(text)
        scores = self._scores(text)
        names = matching.names(query)
        for key in found.docs:
            if folded_id(key) in names:
                scores[key] = scores.get(key, 0.0) + recipe.NAMED
        documents = [self._documents[key] for key in found.docs]
        places = {document.id: _rank(query, document, scores) for document in documents}
        documents.sort(key=lambda document: places[document.id])
        shown, is_last = _shown(query, documents, places)
        hits = _hits(shown, scores, Highlighter(text))
        return SearchPage(
            hits=tuple(self._explained(text, hits, names) if query.explain else hits),
            more_after=None if is_last else places[shown[-1].id],
            total=len(documents),
            terms=tuple(dict.fromkeys(streams.words or streams.chars)),
            read_as=read_as(query),
            relaxed=found.relaxed,
            relaxation=found.how,
            dropped=found.dropped,
            facets={field: _counted(field, documents) for field in FACETS},
            state=self.state(),
        )

    def similar(
        self, text: str, *, title: str = "", limit: int, within: Filters = NO_FILTERS
    ) -> list[SearchHit]:
        """Return documents that resemble a ticket's text, best first."""
        question = recipe.question(title, text)
        scores = self._scores(question)
        allowed = [key for key in scores if allows(within, self._documents[key])]
        order = sorted(allowed, key=lambda key: (-scores[key], key))
        scores |= self._covered(question, order[: recipe.COVERAGE_DEPTH], scores)
        order = sorted(order, key=lambda key: (-scores[key], key))[:limit]
        return _hits([self._documents[key] for key in order], scores)

    @contextmanager
    def writer(self) -> Iterator[IndexWriter]:
        """Change the documents together."""
        batch = _Batch(self._documents, self._sequence)
        yield batch
        self._sequence = batch.sequence
        self._take(batch.documents)

    @contextmanager
    def rebuild(
        self,
        report: RebuildReport | None = None,  # noqa: ARG002  # nothing takes long here
    ) -> Iterator[IndexWriter]:
        """Replace all documents together; that is done at once, so nothing is reported."""
        batch = _Batch({}, self._sequence)
        yield batch
        self._previous = self._documents
        self._sequence = batch.sequence
        self._generation += 1
        self._start_anew()
        self._take(batch.documents)

    def previous(self) -> int:
        """Return the generation before the last rebuild, 0 if there is none."""
        return 0 if self._previous is None else self._generation - 1

    def rollback(self) -> IndexState:
        """Return to the documents before the last rebuild."""
        if self._previous is None:
            raise NotFound("There is no previous index generation")
        documents, self._previous = self._previous, None
        self._generation += 1
        self._start_anew()
        self._take(documents)
        return self.state()

    def kept(self, generation: int) -> IndexReader:
        """Return itself for the current generation; older ones are documents only."""
        if generation != self._generation:
            raise NotFound("Index generation {generation} is no longer kept", generation=generation)
        return self

    def ids(self) -> dict[str, int]:
        """Return the revision of every document."""
        return {document.id: document.revision for document in self._documents.values()}

    def state(self) -> IndexState:
        """Describe what answers now."""
        return IndexState(
            generation=self._generation,
            documents=len(self._documents),
            sequence=self._sequence,
            analyzer=FINGERPRINT,
        )

    def ping(self) -> None:
        """Memory always answers."""

    def inspect(self) -> None:
        """Memory is not damaged."""

    def warm(self) -> None:
        """Memory is warm."""

    def close(self) -> None:
        """Nothing is held."""

    def _start_anew(self) -> None:
        self._documents: dict[str, SearchDocument] = {}
        self._lengths = recipe.Lengths()
        self._averages = self._lengths.averages()
        self.weights: dict[str, dict[str, dict[str, float]]] = {s: {} for s in recipe.STREAMS}

    def _take(self, documents: dict[str, SearchDocument]) -> None:
        """Weigh what is new by the field lengths known by then, as a batch on disk is."""
        known = self._documents
        new = {
            key: recipe.TermCounts.of(document)
            for key, document in documents.items()
            if known.get(key) is not document
        }
        for stream, field in product(recipe.STREAMS, recipe.BOOSTS):
            held = (c.counts[stream][field] for c in new.values() if field in c.counts[stream])
            self._lengths.learn(stream, field, [terms.total() for terms in held])
        self._averages = self._lengths.averages()
        for stream, weights in self.weights.items():
            fresh = {key: counts.weigh(stream, self._averages) for key, counts in new.items()}
            kept = {key: weights[key] for key in documents if key in weights}
            self.weights[stream] = kept | fresh
        self._documents = documents

    def frequencies(self, stream: str, terms: Sequence[str]) -> list[int]:
        """Return how many documents hold each term."""
        held = self.weights[stream].values()
        return [sum(term in weights for weights in held) for term in terms]

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Yield every term of the word stream with its document frequency."""
        yield from Counter(chain.from_iterable(self.weights["words"].values())).items()

    def holds(self, term: str, within: Filters) -> bool:
        """Tell whether a document that passes the filters has a term of the word stream."""
        return bool(_View(self, within).having("words", term))

    def documents(self) -> dict[str, SearchDocument]:
        """Return every document by id."""
        return self._documents

    def _query_terms(self, text: str) -> list[recipe.QueryTerm]:
        return list(recipe.query_terms(streams_of(text), self.frequencies, len(self._documents)))

    def _explained(
        self, text: str, hits: list[SearchHit], names: Collection[str]
    ) -> Iterator[SearchHit]:
        terms = self._query_terms(text)
        for hit in hits:
            yield replace(hit, why=reasons(hit.document, terms, self._averages, names))

    def _scores(self, text: str) -> dict[str, float]:
        scores: dict[str, float] = {}
        for item in self._query_terms(text):
            for key, weights in self.weights[item.stream].items():
                if item.term in weights:
                    part = item.factor * recipe.saturate(weights[item.term])
                    scores[key] = scores.get(key, 0.0) + part
        return scores

    def _covered(
        self, text: str, keys: Sequence[str], scores: dict[str, float]
    ) -> dict[str, float]:
        """Return the scores, raised by how much of the words each document holds."""
        factors = {t.term: t.factor for t in self._query_terms(text) if t.stream == "words"}
        words, asked = self.weights["words"], sum(factors.values())
        held = {key: sum(f for term, f in factors.items() if term in words[key]) for key in keys}
        return {key: recipe.covered(scores[key], held[key], asked) for key in keys}


class _View:
    """The documents that pass the filters, as sets of ids."""

    def __init__(self, engine: MemoryEngine, filters: Filters) -> None:
        self._engine = engine
        self._allowed = {
            key for key, document in engine.documents().items() if allows(filters, document)
        }

    def everything(self) -> set[str]:
        return set(self._allowed)

    def nothing(self) -> set[str]:
        return set()

    def having(self, stream: str, term: str) -> set[str]:
        weights = self._engine.weights[stream]
        return {key for key in self._allowed if term in weights[key]}

    def sequence(self, slots: tuple[Slot, ...], field: str) -> set[str]:
        return {
            key for key in self._allowed if _stands(slots, self._engine.documents()[key], field)
        }

    def starting(self, prefix: str) -> set[str]:
        words = self._engine.weights["words"]
        return {key for key in self._allowed if any(word.startswith(prefix) for word in words[key])}

    def named(self, name: str) -> set[str]:
        return {key for key in self._allowed if folded_id(key) == name}

    def both(self, left: set[str], right: set[str]) -> set[str]:
        return left & right

    def either(self, left: set[str], right: set[str]) -> set[str]:
        return left | right

    def without(self, left: set[str], right: set[str]) -> set[str]:
        return left - right

    def size(self, docs: set[str]) -> int:
        return len(docs)

    def frequency(self, stream: str, term: str) -> int:
        return self._engine.frequencies(stream, (term,))[0]

    def total(self) -> int:
        return len(self._engine.documents())

    def covering(self, idfs: dict[str, float], least: float) -> set[str]:
        words = self._engine.weights["words"]
        return {
            key
            for key in self._allowed
            if sum(value for word, value in idfs.items() if word in words[key]) >= least
        }


def _shown(
    query: SearchQuery, documents: list[SearchDocument], places: dict[str, SortKey]
) -> tuple[list[SearchDocument], bool]:
    """Return the documents of a page, and whether no other ranks behind them."""
    start = (query.page - 1) * query.size
    if query.after is not None:
        start = sum(place <= query.after for place in places.values())
    end = start + query.size
    return documents[start:end], end >= len(documents)


def _hits(
    documents: list[SearchDocument],
    scores: dict[str, float],
    marks: Highlighter | None = None,
) -> list[SearchHit]:
    return [
        SearchHit(
            document=document,
            score=scores.get(document.id, 0.0),
            title_html=marks.title(document) if marks else "",
            snippet_html=marks.snippet(document) if marks else "",
        )
        for document in documents
    ]


def _rank(query: SearchQuery, document: SearchDocument, scores: dict[str, float]) -> SortKey:
    score = scores.get(document.id, 0.0)
    match query.sort:
        case "newest":
            return (-_moment(document.updated_at), -score, document.id)
        case "solved":
            return (-document.solved_count, -score, document.id)
        case "relevance":
            return (-score, 0.0, document.id)


def _counted(field: str, documents: list[SearchDocument]) -> tuple[tuple[str, int], ...]:
    counts = Counter(value for document in documents for value in values_of(document, field))
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_VALUES])


def _stands(slots: tuple[Slot, ...], document: SearchDocument, field: str) -> bool:
    texts = [document.title] if field == "title" else [text for _, text in document.sections]
    if not field:
        texts.append(document.title)
    return any(_contains(sequence_terms(text), slots) for text in texts)


def _contains(units: list[str], slots: tuple[Slot, ...]) -> bool:
    return any(
        all(slot.accepts(unit) for slot, unit in zip(slots, units[start:], strict=False))
        for start in range(len(units) - len(slots) + 1)
    )


def _moment(value: datetime | None) -> float:
    return value.timestamp() if value else 0.0
