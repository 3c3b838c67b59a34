"""Solved tickets: the resolution is recorded and becomes knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.domain.article import Article, ArticleState, Visibility
from kbservice.domain.ticket import Resolution, Ticket
from kbservice.errors import Conflict, InvalidInput
from kbservice.process.states import state_after
from kbservice.services.profiles import ProfileBook
from kbservice.store import articles, audit, outbox, suggestions, tickets
from kbservice.store.database import Database
from kbservice.text.redaction import redact

log = structlog.get_logger(__name__)

OUTCOMES = ("solved", "workaround", "unsolved")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResolution:
    """How a ticket was solved: by an existing article, or in new words.

    Attributes:
        new_article: Make a draft article of it; None: yes, where there is no ``article_id``
            and something was solved in words.
    """

    summary: str = ""
    steps: str = ""
    cause: str = ""
    article_id: str = ""
    new_article: bool | None = None
    outcome: str = "solved"
    verification: tuple[Mapping[str, Any], ...] = ()

    def check(self) -> None:
        """Raise InvalidInput unless it says how the ticket was solved."""
        if self.outcome not in OUTCOMES:
            raise InvalidInput.of("outcome", " | ".join(OUTCOMES), self.outcome)
        if not (self.article_id or self.summary.strip() or self.steps.strip()):
            raise InvalidInput.of("summary", "a summary, steps or an article_id", "nothing")
        if self.article_id and self.new_article:
            raise InvalidInput.of("new_article", "false beside an article_id", "true")

    @property
    def wants_draft(self) -> bool:
        """True if an article is to be made of it."""
        if self.new_article is not None:
            return self.new_article
        return not self.article_id and self.outcome != "unsolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What resolving did.

    Attributes:
        sequence: Outbox sequence after which searches see it all.
    """

    ticket: Ticket
    resolution: Resolution
    article: Article | None
    sequence: int


class ResolutionDesk:
    """Resolves tickets; the article, the evidence and the index follow in one transaction."""

    def __init__(self, *, database: Database, profiles: ProfileBook, clock: Clock) -> None:
        self._database = database
        self._profiles = profiles
        self._clock = clock

    def resolve(self, number: str, new: NewResolution, principal: Principal) -> Resolved:
        """Record how a ticket was solved.

        Raises:
            AlreadyResolved: The ticket has a resolution.
            InvalidInput: The resolution says nothing.
            NotFound: Ticket or article do not exist.
        """
        principal.demand(Role.AGENT)
        new.check()
        now = self._clock.now()
        with self._database.transaction() as session:
            ticket = tickets.get(session, number, for_update=True)
            profile = self._profiles.get(ticket.profile_key, ticket.profile_version)
            resolution = Resolution(
                outcome=new.outcome,
                summary=new.summary,
                cause=new.cause,
                steps=new.steps,
                verification=[dict(item) for item in new.verification],
                author=principal.name,
                created_at=now,
            )
            ticket.resolve(resolution, state=state_after(profile, "resolve").key, now=now)
            article = self._article(session, ticket, new, principal)
            if article is not None:
                resolution.article_id = article.id
                resolution.is_new_article = not new.article_id
            sequence = outbox.append(session, "ticket", number, ticket.version, now)
            if article is not None and article.state == ArticleState.PUBLISHED:
                sequence = outbox.append(session, "article", article.id, article.revision, now)
            audit.append(
                session,
                actor=principal.name,
                action="ticket_resolved",
                subject=f"ticket:{number}",
                facts={"outcome": new.outcome, "article": article.id if article else None},
                now=now,
            )
        log.info("ticket_resolved", number=number, outcome=new.outcome)
        return Resolved(ticket=ticket, resolution=resolution, article=article, sequence=sequence)

    def _article(
        self, session: Session, ticket: Ticket, new: NewResolution, principal: Principal
    ) -> Article | None:
        if new.article_id:
            return self._reuse(session, ticket, new, principal)
        if not new.wants_draft:
            return None
        article = self._draft(session, ticket, new, principal)
        articles.add(session, article)
        articles.record_revision(session, article, principal.name)
        return article

    def _reuse(
        self, session: Session, ticket: Ticket, new: NewResolution, principal: Principal
    ) -> Article:
        article = articles.get(session, new.article_id, for_update=True)
        if article.state == ArticleState.RETIRED:
            raise Conflict("Article {id} is retired", id=article.id)
        is_solved = new.outcome != "unsolved"
        before = suggestions.last_word(session, article.id, ticket_id=ticket.id)
        if before is None or before.solved != is_solved:
            article.count_outcome(
                solved=is_solved,
                symptom=ticket.title,
                now=self._clock.now(),
                voice=principal.name,
                corrects=before.voice if before else None,
            )
        return article

    def _draft(
        self, session: Session, ticket: Ticket, new: NewResolution, principal: Principal
    ) -> Article:
        now = self._clock.now()
        return Article(
            id=articles.next_id(session),
            title=ticket.title,
            problem=ticket.body,
            environment=_environment(ticket),
            cause=redact(new.cause).text,
            solution=redact("\n".join(part for part in (new.summary, new.steps) if part)).text,
            category=ticket.category,
            product=ticket.product,
            version=ticket.product_version,
            kind=ticket.kind,
            language=ticket.language,
            state=ArticleState.DRAFT,
            visibility=Visibility.PUBLIC,
            verification="user" if _has_passed(new) else "unverified",
            ticket_id=ticket.id,
            solved_count=1,
            voices=[principal.name],
            last_success_at=now,
            symptoms=[ticket.title],
            created_at=now,
            updated_at=now,
            revision=1,
        )


def _environment(ticket: Ticket) -> str:
    parts = (ticket.product, ticket.product_version, ticket.environment)
    return " ".join(part for part in parts if part)


def _has_passed(new: NewResolution) -> bool:
    return any(item.get("result") in {"passed", "ok", True} for item in new.verification)
