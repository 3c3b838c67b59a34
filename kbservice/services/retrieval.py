"""Search for staff and intake forms."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.errors import IndexUnavailable, InvalidInput, QuerySyntaxError
from kbservice.search import spelling
from kbservice.search.completion import Completion
from kbservice.search.documents import (
    FOR_FORMS,
    DocumentKind,
    Filters,
    IndexState,
    SearchPage,
    SearchQuery,
    Sort,
    SortKey,
)
from kbservice.search.engine import SearchEngine
from kbservice.search.filtering import both
from kbservice.search.periods import read_parameter
from kbservice.search.synonyms import SynonymBook
from kbservice.search.syntax import parse, read_as
from kbservice.search.vocabulary import Vocabulary
from kbservice.services import corrections
from kbservice.services.derived import Derived
from kbservice.services.fallback import from_store
from kbservice.services.filter_values import FilterValues
from kbservice.services.profiles import ProfileBook
from kbservice.services.recent import RecentQueries
from kbservice.services.wording import WordingReader, Wordings
from kbservice.store import outbox
from kbservice.store.database import Database

log = structlog.get_logger(__name__)

MAX_COMPLETIONS = 8
_LAG_KEPT_S = 0.5
_VOCABULARY_AGE_S = 600
_VOCABULARY_LOOK_S = 15


Standing = tuple[int, int, int, bool, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What a person or program asked for; empty fields restrict nothing.

    What stands in ``q`` and beside it holds both.

    Attributes:
        since, until: Dates, written as in ``q``.
        after: Only hits that rank behind this place.
        now: The moment in the asker's zone, for dates.
    """

    q: str = ""
    kind: DocumentKind | None = None
    category: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    sort: Sort = "relevance"
    size: int = 10
    page: int = 1
    after: SortKey | None = None
    explain: bool = False
    now: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A request as it will be searched; equal ones find the same in the same index.

    Attributes:
        query: With what the asker may see as filters, and synonyms.
        typed: The same without synonyms.
        parsed: What the words alone say.
        synonyms: The book that ``query`` was expanded with.
    """

    query: SearchQuery
    typed: SearchQuery
    parsed: SearchQuery
    synonyms: SynonymBook


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """A page of hits and how far it can be trusted.

    Attributes:
        query: As it was searched: with filters, and with synonyms in ``expansions``.
        degraded: Parts that were down, empty if none was.
        corrected: Little was found, so that a correction was looked for.
    """

    query: SearchQuery
    page: SearchPage
    took_ms: float
    degraded: tuple[str, ...] = ()
    corrected: bool = False

    @property
    def is_in_vain(self) -> bool:
        """Whether nothing was found, or only what lacks most of the words."""
        wanted = sum(not clause.negated for clause in self.query.clauses)
        if not wanted or self.degraded:
            return False
        return not self.page.total or 2 * len(self.page.dropped) > wanted


class Retrieval:
    """Answers searches from the index; from the store, poorly, when the index is down."""

    def __init__(  # noqa: PLR0913  # each says another thing about a search
        self,
        *,
        database: Database,
        engine: SearchEngine,
        clock: Clock,
        book: Callable[[], SynonymBook],
        recent: RecentQueries,
        profiles: ProfileBook,
        follow_s: float = 1.0,
    ) -> None:
        """Keep the parts.

        Args:
            database: Answers when the index is down, and says what things are called.
            engine: The index.
            clock: Says when the wordings were read.
            book: Returns the synonyms that apply now.
            recent: Remembers what was searched.
            profiles: Say what the values of filters are called.
            follow_s: How soon words and wordings follow the index, in the background;
                0: at once, and the reader waits.
        """
        self._database = database
        self._engine = engine
        self._book = book
        self._recent = recent
        self._values = FilterValues(profiles)
        self._is_prompt = follow_s == 0
        self._lag_until = float("-inf")
        self._pending = outbox.Pending(count=0, oldest_at=None)
        reader = WordingReader(database, clock)
        self._wordings: Derived[Wordings] = Derived(
            stamp=self._commit,
            build=lambda previous: reader.read(previous, self._commit()[0]),
            interval_s=follow_s,
            in_background=not self._is_prompt,
        )
        self._vocabulary: Derived[Vocabulary] = Derived(
            stamp=self._era,
            build=self._words,
            interval_s=0.0 if self._is_prompt else _VOCABULARY_LOOK_S,
            in_background=not self._is_prompt,
        )

    def search(self, request: SearchRequest, principal: Principal) -> SearchAnswer:
        """Return one page of what ``principal`` may see.

        Raises:
            QuerySyntaxError: The query cannot be read.
            InvalidInput: A date cannot be read, or nothing can lie between the dates.
        """
        return self.answer(self.understand(request, principal))

    def understand(self, request: SearchRequest, principal: Principal) -> Understood:
        """Read a request, and remember that it was asked.

        Raises:
            QuerySyntaxError: The query cannot be read.
            InvalidInput: A date cannot be read, or nothing can lie between the dates.
        """
        parsed, request = self._valued(parse(request.q, now=request.now), request)
        typed = _restricted(parsed, request, principal)
        book = self._book()
        self._recent.note(request.q)
        query = book.expand(typed)
        if _is_fuzzy(query) and (vocabulary := self._words_for(query)):
            query = spelling.widened(query, vocabulary)
        return Understood(query=query, typed=typed, parsed=parsed, synonyms=book)

    def answer(self, asked: Understood) -> SearchAnswer:
        """Return one page of what was asked for."""
        started = time.perf_counter()
        degraded: tuple[str, ...] = ()
        corrected = False
        try:
            page = self._engine.search(asked.query)
            degraded = _lacking(page.state)
            if corrected := corrections.may_be_mistyped(page, asked.query):
                meant = self._meant(asked, page)
                page = replace(
                    page, did_you_mean=read_as(_as_typed(meant, asked.parsed)) if meant else ""
                )
            if not (page.total or page.did_you_mean):
                page = replace(page, did_you_mean=self._meant_values(asked))
        except IndexUnavailable as error:
            log.warning("search_degraded", reason=str(error))
            page, degraded = from_store(self._database, asked.typed), ("index",)
        took_ms = round((time.perf_counter() - started) * 1000, 2)
        return SearchAnswer(
            query=asked.query, page=page, took_ms=took_ms, degraded=degraded, corrected=corrected
        )

    def finds(self, words: str, *, public: bool) -> bool:
        """Tell whether a search finds something now; the search is not remembered."""
        reader = Principal(name="", role=Role.INTAKE if public else Role.AGENT)
        try:
            parsed, request = self._valued(parse(words), SearchRequest(q=words, size=1))
            typed = _restricted(parsed, request, reader)
            query = self._book().expand(typed)
            page = self._engine.search(query)
        except (QuerySyntaxError, IndexUnavailable):
            return False
        return not SearchAnswer(query=query, page=page, took_ms=0.0).is_in_vain

    def note(self, q: str) -> None:
        """Remember that something was asked; the answer is known already."""
        self._recent.note(q)

    def standing(self) -> Standing | None:
        """Return what every answer depends on beside its question; None without a current index."""
        state = self.index()
        if state is None or state.stands_in_for:
            return None
        return state.generation, state.commit, state.sequence, state.whole, self._book().version

    def index(self) -> IndexState | None:
        """Return what searches see now; None where the index is down."""
        try:
            return self._engine.state()
        except IndexUnavailable:
            return None

    def complete(
        self, typed: str, principal: Principal, limit: int = MAX_COMPLETIONS
    ) -> list[Completion]:
        """Return how what is being typed may go on, from what ``principal`` may see.

        Held in memory: a keystroke asks neither the store nor the index. Nothing is offered
        until the wordings were read for the first time.
        """
        wordings = self._wordings.ready()
        if wordings is None:
            return []
        return wordings.complete(typed, limit, is_staff=principal.is_staff)

    def warm(self) -> None:
        """Begin to read what typeahead and spelling need, before the first reader asks."""
        self._wordings.ready()
        self._vocabulary.ready()

    def lag_s(self, now: datetime) -> float:
        """Return the age of the oldest change that searches cannot see yet."""
        # A count in the store costs as much as a whole search.
        if self._is_prompt or time.monotonic() > self._lag_until:
            with self._database.reading() as session:
                self._pending = outbox.pending(session)
            self._lag_until = time.monotonic() + _LAG_KEPT_S
        return self._pending.lag_s(now)

    def _meant(self, asked: Understood, page: SearchPage) -> SearchQuery | None:
        """Return the first correction that finds more within the same filters."""
        vocabulary = self._words_for(asked.typed)
        if vocabulary is None:
            return None
        for proposal in spelling.proposals(asked.typed, vocabulary):
            found = self._engine.search(replace(asked.synonyms.expand(proposal), size=1))
            if corrections.is_better(asked.typed, page, proposal, found):
                return proposal
        return None

    def _valued(
        self, parsed: SearchQuery, request: SearchRequest
    ) -> tuple[SearchQuery, SearchRequest]:
        """Return query and request with the values of what their filters name."""
        beside = self._values.read(Filters(category=request.category, state=request.state))
        return (
            replace(parsed, filters=self._values.read(parsed.filters)),
            replace(request, category=beside.category, state=beside.state),
        )

    def _meant_values(self, asked: Understood) -> str:
        """Return the query with known filter values for unknown ones, if that finds something."""
        near = self._values.nearest(asked.parsed.filters)
        if near == asked.parsed.filters:
            return ""
        within = self._values.nearest(asked.query.filters)
        found = self._engine.search(replace(asked.query, filters=within, size=1))
        return read_as(replace(asked.parsed, filters=near)) if found.total else ""

    def _words_for(self, query: SearchQuery) -> Vocabulary | None:
        """Return the words that whoever asks may learn of; None until they were read."""
        vocabulary = self._vocabulary.ready()
        if vocabulary is None or not query.filters.visibility:
            return vocabulary
        if self.index() is None:
            return None
        return vocabulary.within(partial(self._engine.holds, within=FOR_FORMS))

    def _words(self, _previous: Vocabulary | None) -> Vocabulary:
        return Vocabulary(self._engine.vocabulary(), self._wordings.get().surfaces)

    def _commit(self) -> tuple[int, int]:
        state = self._engine.state()
        return state.generation, state.sequence

    def _era(self) -> tuple[int, int]:
        generation, sequence = self._commit()
        age = sequence if self._is_prompt else int(time.monotonic() // _VOCABULARY_AGE_S)
        return generation, age


def _lacking(state: IndexState | None) -> tuple[str, ...]:
    """Return which parts an answer of the index lacks."""
    if state is None:
        return ()
    return ("index",) * bool(state.stands_in_for) + ("ranking",) * (not state.whole)


def _is_fuzzy(query: SearchQuery) -> bool:
    return any(term.fuzzy for clause in query.clauses for term in clause.terms)


def _restricted(query: SearchQuery, request: SearchRequest, principal: Principal) -> SearchQuery:
    """Return the query with the request's filters, within what ``principal`` may see.

    Raises:
        InvalidInput: A date cannot be read, or the dates leave no time between them.
    """
    merged = both(_beside(request), query.filters)
    if merged.since and merged.until and merged.since >= merged.until:
        raise InvalidInput.of("until", "a moment after since", merged.until.isoformat())
    if not principal.is_staff:
        # Inside the query, not after it: totals and facets must not tell either.
        merged = both(FOR_FORMS, merged)
    return replace(
        query,
        filters=merged,
        sort=request.sort,
        size=request.size,
        page=request.page,
        after=request.after,
        explain=request.explain,
    )


def _beside(request: SearchRequest) -> Filters:
    """Return the filters that stand beside the words."""
    return Filters(
        kind=request.kind,
        category=request.category,
        product=request.product,
        version=request.version,
        tag=request.tag,
        state=request.state,
        since=read_parameter("since", request.since, request.now).begin,
        until=read_parameter("until", request.until, request.now).end,
    )


def _as_typed(proposal: SearchQuery, parsed: SearchQuery) -> SearchQuery:
    """Return the proposal with the filters that stand in the query itself."""
    return replace(proposal, filters=parsed.filters)
