"""Known fixes, category, priority and missing details for a new ticket."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import Principal
from kbservice.domain.suggestion import Suggestion, SuggestionItem
from kbservice.errors import KbServiceError, NotFound, Unavailable
from kbservice.process.missing import Missing, missing_details
from kbservice.profiles.schema import Profile
from kbservice.search.documents import FOR_FORMS, Filters, IndexState, SearchDocument, SearchHit
from kbservice.search.engine import IndexReader
from kbservice.search.filtering import allows
from kbservice.search.snippets import Highlighter
from kbservice.services import ranking_lessons
from kbservice.services.candidates import candidate
from kbservice.services.projection import document_of_article
from kbservice.services.question import Question
from kbservice.services.sighting import BLIND, NOTHING, Sighted, Watcher, told
from kbservice.store import articles, tickets
from kbservice.store import suggestions as store
from kbservice.store.database import Database
from kbservice.suggestion.candidate import Wanted
from kbservice.suggestion.fixes import Fix, Ranked, rank
from kbservice.suggestion.near_ties import Shown, drawn
from kbservice.suggestion.ranker import Ranker
from kbservice.text.languages import language_of
from kbservice.text.redaction import redact
from kbservice.triage.classifier import Assessment, TicketText

log = structlog.get_logger(__name__)

_CANDIDATES = 30
_SIMILAR_TICKETS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarTicket:
    """A solved ticket that resembles the question, with its labels."""

    number: str
    title: str
    category: str
    priority: str
    snippet_html: str
    score: float
    article_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything the service knows about a question.

    Attributes:
        id: Name for feedback; empty if the answer could not be stored.
        for_staff: It was looked for with the rights of staff, whoever asked.
        to_form: The fixes that an intake form may see; None: all of them.
        degraded: Parts that were down: ``index``, ``classifier``, ``store``.
        lag_s: Age of the oldest change that search could not see.
    """

    id: str
    profile: Profile
    fixes: tuple[Fix, ...]
    similar_tickets: tuple[SimilarTicket, ...]
    assessment: Assessment
    missing: tuple[Missing, ...]
    degraded: tuple[str, ...]
    index: IndexState | None
    took_ms: float
    ranking: Shown
    sighted: Sighted = NOTHING
    language: str = ""
    for_staff: bool = False
    to_form: tuple[Fix, ...] | None = None

    def shown_to(self, principal: Principal) -> Answer:
        """Return what a reader may see of it."""
        if principal.is_staff or not self.for_staff:
            return self
        fixes = self.fixes if self.to_form is None else self.to_form
        return replace(self, fixes=fixes, similar_tickets=())


class Profiles(Protocol):
    """Finds the profile that a question is answered by."""

    def get(self, key: str = "", version: int | None = None) -> Profile:
        """Return a profile; the newest version unless one is named."""


class Triage(Protocol):
    """Assesses tickets of one profile."""

    def assess(self, ticket: TicketText) -> Assessment:
        """Say everything triage can of one ticket."""


class TriageSource(Protocol):
    """Has the triage of each profile."""

    def triage(self, profile: Profile) -> Triage:
        """Return what assesses tickets of a profile."""


class RankerSource(Protocol):
    """Has the ranker of known fixes.

    Attributes:
        shuffles: Whether a lot decides between near ties.
    """

    shuffles: bool

    def current(self) -> Ranker:
        """Return the ranker."""


class Suggesting:
    """Answers questions; never fails because search or the classifier is down."""

    def __init__(  # noqa: PLR0913  # every part may be down
        self,
        *,
        database: Database,
        engine: IndexReader,
        profiles: Profiles,
        releases: TriageSource,
        rankers: RankerSource,
        clock: Clock,
        radar: Watcher = BLIND,
    ) -> None:
        self._database = database
        self._engine = engine
        self._profiles = profiles
        self._releases = releases
        self._rankers = rankers
        self._clock = clock
        self._radar = radar

    def suggest(self, question: Question, principal: Principal) -> Answer:
        """Answer a question and remember what was answered.

        Raises:
            InvalidInput: There is no text, or too much.
            NotFound: The named profile does not exist.
        """
        answer = self.answer(question, principal)
        try:
            with self._database.transaction() as session:
                store.add(session, self.record(answer, question, principal))
        except Unavailable:
            log.warning("suggestion_not_stored", suggestion_id=answer.id)
            return _with_part_down(answer, "store")
        return answer

    def answer(
        self, question: Question, principal: Principal, *, for_staff: bool = False
    ) -> Answer:
        """Answer a question without storing anything.

        With ``for_staff`` staff will read it too: what they may see is looked for, and what the
        asker may see of it is kept apart (``Answer.shown_to``).
        """
        started = time.perf_counter()
        question.check()
        profile = self._profiles.get(question.profile)
        question.check_kind(profile)
        triage = self._releases.triage(profile)
        assessment = triage.assess(question.words)
        degraded = list(assessment.degraded)
        for_staff = for_staff or principal.is_staff
        hits, state = self._hits(question, Filters() if for_staff else FOR_FORMS, degraded)
        ranked = self._ranked(question, assessment, hits)
        to_form = None
        if not (principal.is_staff or all(allows(FOR_FORMS, hit.document) for hit in hits)):
            to_form = self._ranked(question, assessment, self._open_hits(question, hits)).fixes
        shown = self._shown(ranked) if to_form is None else Shown(ranked)
        kind = question.kind or assessment.kind.value
        sighted = self._radar.look(question, profile, principal)
        return Answer(
            id=secrets.token_urlsafe(18),
            profile=profile,
            fixes=shown.ranked.fixes,
            ranking=shown,
            for_staff=for_staff,
            to_form=to_form,
            similar_tickets=_similar_tickets(question, hits),
            assessment=sighted.lifts(assessment, profile, question.text),
            sighted=sighted,
            missing=missing_details(
                profile, kind, question.title, question.body, question.given, question.skipped
            ),
            language=language_of(question.text),
            degraded=tuple(degraded),
            index=state,
            took_ms=round((time.perf_counter() - started) * 1000, 2),
        )

    def record(
        self,
        answer: Answer,
        question: Question,
        principal: Principal,
        *,
        ticket_id: int | None = None,
    ) -> Suggestion:
        """Return the stored form of an answer, to be added to a transaction."""
        return Suggestion(
            id=answer.id,
            ticket_id=ticket_id,
            profile_key=answer.profile.key,
            profile_version=answer.profile.version,
            question={
                "title": redact(question.title).text,
                "body": redact(question.body).text,
                "product": question.product,
                "version": question.version,
                "environment": redact(question.environment).text,
                "channel": question.channel,
                "kind": question.kind,
                "limit": question.limit,
                "role": principal.role.value,
                "for_staff": answer.for_staff,
            },
            answer={
                "assessment": _plain(asdict(answer.assessment)),
                "missing": [_plain(asdict(item)) for item in answer.missing],
                "language": answer.language,
                "similar_tickets": [asdict(item) for item in answer.similar_tickets],
                "radar": told(answer.sighted),
                "to_form": _to_form(answer),
            },
            decision=answer.assessment.decision,
            classifier_release=answer.assessment.release.release,
            index_generation=answer.index.generation if answer.index else 0,
            index_sequence=answer.index.sequence if answer.index else 0,
            degraded=list(answer.degraded),
            principal=principal.name,
            took_ms=answer.took_ms,
            created_at=self._clock.now(),
            ranker_release=answer.ranking.ranked.release,
            considered=ranking_lessons.record(answer.ranking.ranked.considered),
            items=[
                _item(position, fix, answer.ranking.lots.get(fix.article_id, ""))
                for position, fix in enumerate(answer.fixes, start=1)
            ],
        )

    def get(self, suggestion_id: str, principal: Principal) -> Suggestion:
        """Return a stored answer; intake forms see their own only.

        Raises:
            NotFound: There is none such for this reader.
        """
        with self._database.reading() as session:
            suggestion = store.get(session, suggestion_id)
        if not principal.is_staff and suggestion.principal != principal.name:
            raise NotFound("Suggestion {id} does not exist", id=suggestion_id)
        return suggestion

    def of_ticket(self, number: str) -> list[Suggestion]:
        """Return the stored answers of a ticket, newest first."""
        with self._database.reading() as session:
            return store.of_ticket(session, tickets.get(session, number).id)

    def _hits(
        self, question: Question, within: Filters, degraded: list[str]
    ) -> tuple[list[SearchHit], IndexState | None]:
        try:
            hits = self._engine.similar(
                question.body, title=question.title, limit=_CANDIDATES, within=within
            )
            state = self._engine.state()
        except KbServiceError as error:
            log.warning("suggest_without_index", reason=str(error))
            degraded.append("index")
            return [], None
        if state.stands_in_for:
            degraded.append("index")
        return hits, state

    def _open_hits(self, question: Question, hits: Sequence[SearchHit]) -> list[SearchHit]:
        """Return what a form may see of what was found for staff."""
        found = [hit for hit in hits if allows(FOR_FORMS, hit.document)]
        # What else there is may stand behind the tickets and internal articles.
        if len(found) < question.limit and len(hits) == _CANDIDATES:
            found, _ = self._hits(question, FOR_FORMS, [])
        return found

    def _ranked(
        self, question: Question, assessment: Assessment, hits: Sequence[SearchHit]
    ) -> Ranked:
        wanted = Wanted(
            title=question.title,
            body=question.body,
            product=question.product,
            version=question.version,
            environment=question.environment,
            category=assessment.category.value or "",
            now=self._clock.now(),
        )
        documents = {hit.id: hit.document for hit in hits}
        documents |= self._fetched(documents.values())
        least = min((hit.score for hit in hits), default=0.0)
        scores = {hit.id: hit.score for hit in hits}
        found = [candidate(item, scores.get(item.id, least)) for item in documents.values()]
        ranked = rank(wanted, found, limit=question.limit, ranker=self._rankers.current())
        marks = Highlighter(question.text)
        fixes = tuple(
            replace(fix, snippet_html=marks.snippet(documents[fix.article_id]))
            for fix in ranked.fixes
        )
        return replace(ranked, fixes=fixes)

    def _shown(self, ranked: Ranked) -> Shown:
        shown = Shown(ranked)
        return drawn(shown, secrets.SystemRandom()) if self._rankers.shuffles else shown

    def _fetched(self, found: Collection[SearchDocument]) -> dict[str, SearchDocument]:
        """Return the articles that solved the found tickets, where search did not bring them."""
        known = {document.id for document in found}
        ids = dict.fromkeys(item.article_id for item in found if item.kind == "ticket")
        missing = [key for key in ids if key and key not in known]
        if not missing:
            return {}
        try:
            with self._database.reading() as session:
                fetched = [document_of_article(a) for a in articles.by_ids(session, missing)]
        except Unavailable as error:
            log.warning("fixes_not_fetched", reason=str(error))
            return {}
        return {document.id: document for document in fetched if document}


def _similar_tickets(question: Question, hits: Sequence[SearchHit]) -> tuple[SimilarTicket, ...]:
    found = [hit for hit in hits if hit.document.kind == "ticket"][:_SIMILAR_TICKETS]
    marks = Highlighter(question.text)
    return tuple(
        SimilarTicket(
            number=hit.document.id,
            title=hit.document.title,
            category=hit.document.category,
            priority=hit.document.priority,
            snippet_html=marks.snippet(hit.document),
            score=round(hit.score, 4),
            article_id=hit.document.article_id,
        )
        for hit in found
    )


def _item(position: int, fix: Fix, lot: str) -> SuggestionItem:
    shown = _plain(asdict(fix))
    return SuggestionItem(
        rank=position,
        article_id=fix.article_id,
        score=fix.score,
        confidence=fix.confidence,
        why=shown.pop("why"),
        shown=shown,
        lot=lot,
    )


def _to_form(answer: Answer) -> list[Any] | None:
    return None if answer.to_form is None else [_plain(asdict(fix)) for fix in answer.to_form]


def _with_part_down(answer: Answer, part: str) -> Answer:
    return replace(answer, id="", degraded=(*answer.degraded, part))


def _plain(value: Any) -> Any:
    """Return the same facts in JSON's own types."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
