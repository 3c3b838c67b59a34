"""Takes tickets in: triage, known fixes, number, due times, all in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Principal
from kbservice.domain.ticket import Ticket
from kbservice.errors import InvalidInput
from kbservice.process.numbering import format_number, period_of
from kbservice.profiles.schema import Profile
from kbservice.services.idempotency import IdempotencyKey
from kbservice.services.question import Question
from kbservice.services.radar import Radar, asker
from kbservice.services.requesters import REQUESTER_FIELDS, masked, seal
from kbservice.services.suggesting import Answer, Suggesting
from kbservice.services.targets import set_due_times
from kbservice.services.ticket_changes import demand_known
from kbservice.store import audit, requests, suggestions, tickets
from kbservice.store.database import Database
from kbservice.text.languages import language_of
from kbservice.text.redaction import redact
from kbservice.triage.classifier import Prediction
from kbservice.vault import Vault

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """A ticket as an intake form or a person hands it in; empty fields are unknown."""

    title: str
    body: str = ""
    requester: Mapping[str, str] = field(default_factory=dict)
    urgency: str = ""
    category: str = ""
    priority: str = ""
    kind: str = ""
    product: str = ""
    version: str = ""
    environment: str = ""
    channel: str = ""
    profile: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def question(self) -> Question:
        """The part that suggestions are made from."""
        return Question(
            title=self.title,
            body=self.body,
            product=self.product,
            version=self.version,
            environment=self.environment,
            profile=self.profile,
            channel=self.channel,
            kind=self.kind,
            requester=asker(self.requester),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A stored ticket; ``answer`` is None where an earlier request had stored it."""

    ticket: Ticket
    answer: Answer | None


class Intake:
    """Stores new tickets; nothing but the store itself being down can refuse one."""

    def __init__(
        self,
        *,
        database: Database,
        suggesting: Suggesting,
        radar: Radar,
        vault: Vault,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._suggesting = suggesting
        self._radar = radar
        self._vault = vault
        self._clock = clock
        self._zone = zone

    def submit(
        self, new: NewTicket, principal: Principal, *, idempotency: IdempotencyKey | None = None
    ) -> Submitted:
        """Triage and store a ticket together with its suggestion.

        Raises:
            InvalidInput: A field is missing or not one the profile knows.
            NotPermitted: An intake form tried to set the assessed priority.
            Conflict: The Idempotency-Key was used for another request.
        """
        answer = self._suggesting.answer(new.question, principal, for_staff=True)
        self._check(new, principal)
        return self._store(new, answer, principal, idempotency)

    def _check(self, new: NewTicket, principal: Principal) -> None:
        if not new.title.strip():
            raise InvalidInput.of("title", "a short summary", "nothing")
        unknown = sorted(set(new.requester) - set(REQUESTER_FIELDS))
        if unknown:
            raise InvalidInput.of("requester", "name, contact, department", ", ".join(unknown))
        if new.priority and not principal.is_staff:
            raise InvalidInput.of("priority", "urgency instead: staff assess it", new.priority)

    def _store(
        self,
        new: NewTicket,
        answer: Answer,
        principal: Principal,
        idempotency: IdempotencyKey | None,
    ) -> Submitted:
        with self._database.transaction() as session:
            if idempotency and (
                number := requests.recall(
                    session, idempotency.key, principal.name, idempotency.fingerprint
                )
            ):
                return Submitted(ticket=tickets.get(session, number), answer=None)
            for name in ("urgency", "priority", "kind", "category"):
                demand_known(session, answer.profile, name, getattr(new, name))
            ticket = self._open(session, new, answer)
            tickets.add(session, ticket)
            session.flush()
            suggestions.add(
                session,
                self._suggesting.record(answer, new.question, principal, ticket_id=ticket.id),
            )
            self._radar.note(session, ticket, answer.sighted, answer.profile, principal.name)
            audit.append(
                session,
                actor=principal.name,
                action="ticket_submitted",
                subject=f"ticket:{ticket.number}",
                facts={"category": ticket.category, "priority": ticket.priority},
                now=ticket.opened_at,
            )
            if idempotency:
                requests.remember(
                    session,
                    idempotency.key,
                    principal.name,
                    fingerprint=idempotency.fingerprint,
                    reference=ticket.number,
                    now=ticket.opened_at,
                )
        log.info("ticket_submitted", number=ticket.number, degraded=list(answer.degraded))
        return Submitted(ticket=ticket, answer=answer.shown_to(principal))

    def _open(self, session: Session, new: NewTicket, answer: Answer) -> Ticket:
        now = self._clock.now()
        profile = answer.profile
        number = self._number(session, profile, now)
        category, category_by = _category(new, answer.assessment.category)
        kind, kind_by = _kind(new, answer.assessment.kind)
        urgency = new.urgency or profile.default_urgency
        priority, priority_by = _priority(new, profile, urgency, answer.assessment.priority)
        ticket = Ticket(
            number=number,
            profile_key=profile.key,
            profile_version=profile.version,
            title=redact(new.title.strip()).text,
            body=redact(new.body).text,
            kind=kind,
            kind_by=kind_by,
            category=category,
            category_by=category_by,
            urgency=urgency,
            priority=priority,
            priority_by=priority_by,
            product=new.product or None,
            product_version=new.version or None,
            environment=redact(new.environment).text or None,
            channel=new.channel or None,
            language=language_of(f"{new.title}\n{new.body}"),
            requester_sealed=seal(
                self._vault,
                number,
                {
                    **new.requester,
                    "title": new.title,
                    "body": new.body,
                    "environment": new.environment,
                },
            ),
            requester_masked=masked(new.requester),
            state=profile.initial_state.key,
            opened_at=now,
            missing=[asdict(item) for item in answer.missing],
            degraded=list(answer.degraded),
            extra=dict(new.extra),
            updated_at=now,
        )
        set_due_times(ticket, profile)
        return ticket

    def _number(self, session: Session, profile: Profile, now: datetime) -> str:
        local = now.astimezone(self._zone)
        period = period_of(profile.number, local)
        serial = tickets.next_serial(session, profile.number.scope, period)
        return format_number(profile.number, serial, local)


def _category(new: NewTicket, prediction: Prediction) -> tuple[str | None, str | None]:
    if new.category:
        return new.category, "person"
    if prediction.decision == "auto" and prediction.value:
        return prediction.value, "classifier"
    return None, None


def _kind(new: NewTicket, prediction: Prediction) -> tuple[str | None, str | None]:
    """Choose the kind: even a doubtful guess says what to ask for, and lets nobody wait."""
    if new.kind:
        return new.kind, "person"
    return prediction.value, "classifier" if prediction.value else None


def _priority(
    new: NewTicket, profile: Profile, urgency: str | None, prediction: Prediction
) -> tuple[str | None, str | None]:
    """Choose the assessed priority; the reported urgency is only the last resort (S0-8)."""
    if new.priority:
        return new.priority, "person"
    if prediction.value and any(item.source == "rule" for item in prediction.evidence):
        return prediction.value, "rule"
    if prediction.decision == "auto" and prediction.value:
        return prediction.value, "classifier"
    if urgency:
        return profile.urgency(urgency).suggests, "urgency"
    return None, None
