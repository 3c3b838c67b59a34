"""Keeps the search index equal to the ticket store."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.domain.outbox import OutboxEvent
from kbservice.errors import IndexUnavailable, KbServiceError, Unavailable
from kbservice.search.documents import IndexState, SearchDocument
from kbservice.search.engine import SearchEngine
from kbservice.services.progress import NullProgress, Progress
from kbservice.services.projection import document_of_article, document_of_ticket
from kbservice.store import articles, audit, outbox, tickets
from kbservice.store.database import Database

log = structlog.get_logger(__name__)

_BATCH = 200
_EVERY_EVENT = 10_000_000
_POLL_S = 0.05
_INSPECT_EVERY_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStatus:
    """How the index stands beside the store.

    Attributes:
        state: None while no generation opens; ``error`` then says why.
        previous: Number of the generation that a rollback would make current, 0 if none is kept.
        pending: Changes that the index has yet to see.
        lag_s: Age of the oldest of them, 0 if there is none.
        parked: Changes that failed too often and wait for a person.
    """

    state: IndexState | None
    previous: int
    pending: int
    lag_s: float
    parked: int
    articles: int
    tickets: int
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDiff:
    """Where index and store differ, by document id."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """True if the index equals the store."""
        return not (self.missing or self.stale or self.extra)


class _Relay:
    """Tells an engine's report on as progress."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage = ""
        self._done = 0

    def report(self, stage: str, done: int, total: int) -> None:
        """Take a report; raises Cancelled if the work is to stop."""
        if stage != self._stage:
            self._stage, self._done = stage, 0
            self._progress.stage(stage, total)
        self._progress.advance(done - self._done)
        self._done = done


class Indexing:
    """Carries changes from the outbox into the index, and rebuilds it."""

    def __init__(self, *, database: Database, engine: SearchEngine, clock: Clock) -> None:
        self._database = database
        self._engine = engine
        self._clock = clock
        self._inspected_at = float("-inf")

    def drain(self, limit: int = _BATCH) -> int:
        """Index one batch of waiting changes; return how many were settled.

        A crash anywhere repeats the batch, which is harmless: documents are replaced by
        id and revision. A change that cannot be indexed is tried alone, then parked; while
        the disk takes nothing, all wait.

        Raises:
            IndexUnavailable: The current generation is missing or damaged: it takes a rebuild.
            IndexLocked: Another process writes.
            DatabaseUnavailable: The store cannot answer now.
        """
        with self._database.reading() as session:
            events = outbox.batch(session, limit, now=self._clock.now())
            changes = _load(session, events)
        if not events:
            self._mend()
            return 0
        return self._settled(events, changes)

    def rebuild(self, progress: Progress | None = None) -> dict[str, object]:
        """Build a new generation from the store and switch to it.

        Searches go on with the old one; changes made meanwhile wait in the outbox.
        """
        relay = _Relay(progress or NullProgress())
        started = time.perf_counter()
        # The writer's lock comes first: what is drained after our view of the store was
        # taken would be lost to the new generation.
        with self._engine.rebuild(relay.report) as writer, self._database.reading() as session:
            total = articles.count_published(session) + tickets.count_resolved(session)
            for done, document in enumerate(_everything(session), start=1):
                writer.put(document)
                relay.report("read", done, total)
            writer.mark(outbox.last_sequence(session))
            seen = [event.sequence for event in outbox.batch(session, _EVERY_EVENT)]
        # What this view of the store saw is in the new generation: no need to index it again.
        with self._database.transaction() as session:
            outbox.delete(session, seen)
        state = self._engine.state()
        took_s = round(time.perf_counter() - started, 3)
        log.info("index_rebuilt", generation=state.generation, documents=state.documents)
        return {"generation": state.generation, "documents": state.documents, "took_s": took_s}

    def rollback(self, principal: Principal) -> IndexState:
        """Make the previous generation answer again and queue what it misses."""
        principal.demand(Role.ADMIN)
        state = self._engine.rollback()
        with self._database.transaction() as session:
            audit.append(
                session,
                actor=principal.name,
                action="index_rolled_back",
                subject=f"index:{state.generation}",
                facts={},
                now=self._clock.now(),
            )
        self.repair()
        return state

    def retry_parked(self, principal: Principal) -> int:
        """Let the changes that failed too often be tried anew; return how many."""
        principal.demand(Role.ADMIN)
        with self._database.transaction() as session:
            freed = outbox.retry_parked(session)
            if freed:
                audit.append(
                    session,
                    actor=principal.name,
                    action="parked_changes_retried",
                    subject="index",
                    facts={"changes": freed},
                    now=self._clock.now(),
                )
        return freed

    def repair(self) -> IndexDiff:
        """Queue every record whose indexed form differs from the store."""
        diff = self.compare()
        now = self._clock.now()
        with self._database.transaction() as session:
            for document_id in (*diff.missing, *diff.stale, *diff.extra):
                ticket = tickets.find(session, document_id)
                if ticket is not None:
                    outbox.append(session, "ticket", document_id, ticket.version, now)
                else:
                    outbox.append(session, "article", document_id, 0, now)
        return diff

    def compare(self) -> IndexDiff:
        """Compare ids and revisions of index and store."""
        indexed = self._engine.ids()
        with self._database.reading() as session:
            stored = {document.id: document.revision for document in _everything(session)}
        return IndexDiff(
            missing=tuple(sorted(stored.keys() - indexed.keys())),
            stale=tuple(
                sorted(key for key in stored.keys() & indexed.keys() if stored[key] != indexed[key])
            ),
            extra=tuple(sorted(indexed.keys() - stored.keys())),
        )

    def status(self) -> IndexStatus:
        """Describe the index without failing when it is down."""
        state, error = None, ""
        try:
            state = self._engine.state()
        except KbServiceError as problem:
            error = str(problem)
        with self._database.reading() as session:
            waiting = outbox.pending(session)
            return IndexStatus(
                state=state,
                previous=self._engine.previous(),
                pending=waiting.count,
                lag_s=waiting.lag_s(self._clock.now()),
                parked=outbox.parked_count(session),
                articles=articles.count_published(session),
                tickets=tickets.count_resolved(session),
                error=error,
            )

    def wait_until_visible(self, sequence: int, timeout_s: float = 20.0) -> bool:
        """Block until searches in this process see the change; False on timeout."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with self._database.reading() as session:
                is_settled = outbox.is_visible(session, sequence)
            if is_settled and self._sequence() >= sequence:
                return True
            time.sleep(_POLL_S)
        return False

    def _mend(self) -> None:
        """Have damaged impact files written anew; until then search ranks by words alone."""
        # A batch checks the files itself: only an idle worker has to look.
        if time.monotonic() - self._inspected_at >= _INSPECT_EVERY_S:
            self._engine.inspect()
            self._inspected_at = time.monotonic()
        state = self._engine.state()
        if state.stands_in_for:
            raise IndexUnavailable(
                "Index generation {generation} is damaged", generation=state.stands_in_for
            )
        if not state.whole:
            with self._engine.writer():
                """Opening a batch mends them."""

    def _sequence(self) -> int:
        try:
            return self._engine.state().sequence
        except IndexUnavailable:
            return -1

    def _settled(
        self, events: Sequence[OutboxEvent], changes: dict[str, SearchDocument | None]
    ) -> int:
        """Index changes together, else one by one; return how many were settled."""
        try:
            self._apply(events, changes)
        except Unavailable:
            raise
        except OSError as error:
            # A full or read-only disk: parked, the changes would wait for a person after it.
            self._postpone(events, error)
            return 0
        except Exception as error:  # noqa: BLE001  # any failure parks the row, never the queue
            if len(events) == 1:
                self._record_failure(events[0], error)
                return 0
            log.warning("index_batch_failed", size=len(events), error=str(error))
            return sum(self._settled([event], {event.key: changes[event.key]}) for event in events)
        return len(events)

    def _apply(
        self, events: Sequence[OutboxEvent], changes: dict[str, SearchDocument | None]
    ) -> None:
        with self._engine.writer() as writer:
            for key, document in changes.items():
                if document is None:
                    writer.remove(key)
                else:
                    writer.put(document)
            writer.mark(max(event.sequence for event in events))
        with self._database.transaction() as session:
            outbox.delete(session, [event.sequence for event in events])

    def _postpone(self, events: Sequence[OutboxEvent], error: OSError) -> None:
        log.warning("index_not_written", changes=len(events), error=str(error))
        with self._database.transaction() as session:
            sequences = [event.sequence for event in events]
            outbox.postpone(session, sequences, repr(error), self._clock.now())

    def _record_failure(self, event: OutboxEvent, error: Exception) -> None:
        log.error("outbox_event_failed", sequence=event.sequence, key=event.key, error=repr(error))
        with self._database.transaction() as session:
            outbox.record_failure(session, event.sequence, repr(error), self._clock.now())


def _load(session: Session, events: Sequence[OutboxEvent]) -> dict[str, SearchDocument | None]:
    keys = {kind: [e.key for e in events if e.kind == kind] for kind in ("article", "ticket")}
    changes: dict[str, SearchDocument | None] = {event.key: None for event in events}
    for article in articles.by_ids(session, keys["article"]):
        changes[article.id] = document_of_article(article)
    for ticket in tickets.by_numbers(session, keys["ticket"]):
        changes[ticket.number] = document_of_ticket(ticket)
    return changes


def _everything(session: Session) -> Iterator[SearchDocument]:
    for article in articles.published(session):
        if document := document_of_article(article):
            yield document
    for ticket in tickets.resolved(session):
        if document := document_of_ticket(ticket):
            yield document
