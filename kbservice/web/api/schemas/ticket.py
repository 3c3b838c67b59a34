"""Shapes of tickets, their resolution and their history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from kbservice.domain.audit import AuditEntry
from kbservice.domain.ticket import Resolution, Ticket
from kbservice.profiles.schema import Profile
from kbservice.search.periods import read_parameter
from kbservice.services.intake import NewTicket
from kbservice.services.resolution import NewResolution, Resolved
from kbservice.store.tickets import TicketFilter
from kbservice.web.api.schemas.article import ArticleBrief
from kbservice.web.api.schemas.base import (
    Date,
    Extra,
    In,
    Label,
    Locale,
    LongText,
    Name,
    Out,
    PageQuery,
    ShortText,
    version_tag,
)
from kbservice.web.api.schemas.suggestion import (
    MissingOut,
    NextQuestionOut,
    SuggestionOut,
    label_of,
    next_question,
)

Values = Annotated[list[Name], Field(max_length=20)]


class RequesterIn(In):
    """Who asks; kept encrypted, shown masked."""

    name: Annotated[str, Field(max_length=200)] | None = None
    contact: Annotated[str, Field(max_length=200)] | None = None
    department: Annotated[str, Field(max_length=200)] | None = None


class TicketIn(In):
    """A new ticket; empty fields are unknown."""

    title: Annotated[str, Field(min_length=1, max_length=500)]
    body: LongText = ""
    requester: RequesterIn | None = None
    urgency: Label | None = None
    category: Name | None = None
    priority: Label | None = None
    kind: Label | None = None
    product: Name | None = None
    version: Name | None = None
    environment: ShortText | None = None
    channel: Label | None = None
    profile: Name | None = None
    locale: Locale | None = None
    extra: Extra = Field({})

    @property
    def new(self) -> NewTicket:
        """The same in the service's words."""
        given = self.requester.model_dump() if self.requester else {}
        plain = ("urgency", "category", "priority", "kind", "product", "version", "environment")
        return NewTicket(
            title=self.title,
            body=self.body,
            requester={name: value for name, value in given.items() if value},
            **{name: getattr(self, name) or "" for name in (*plain, "channel", "profile")},
            extra=self.extra,
        )


class TicketChange(In):
    """What to change; null takes a value away."""

    category: Name | None = None
    priority: Label | None = None
    urgency: Label | None = None
    kind: Label | None = None
    product: Name | None = None
    version: Name | None = None
    environment: ShortText | None = None

    @property
    def changes(self) -> dict[str, str | None]:
        """The fields that were sent."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}


class TicketQuery(PageQuery):
    """Which tickets to list; filters repeat to give alternatives."""

    state: Values = Field([])
    category: Values = Field([])
    priority: Values = Field([])
    kind: Values = Field([])
    profile: Values = Field([])
    product: Values = Field([])
    since: Date | None = Field(
        None, description="Opened on that day or later, or at that time; read as in a search"
    )
    until: Date | None = Field(
        None, description="Opened on that day or before, or before that time; read as in a search"
    )
    resolved: bool | None = None
    breaching: bool | None = Field(None, description="true: a due time has passed unmet")

    def wanted(self, now: datetime) -> TicketFilter:
        """Return the same in the store's words.

        Raises:
            InvalidInput: A date cannot be read.
        """
        return TicketFilter(
            state=tuple(self.state),
            category=tuple(self.category),
            priority=tuple(self.priority),
            kind=tuple(self.kind),
            profile=tuple(self.profile),
            product=tuple(self.product),
            since=read_parameter("since", self.since, now).begin,
            until=read_parameter("until", self.until, now).end,
            is_resolved=self.resolved,
            due_before=now if self.breaching else None,
        )


class ClockOut(Out):
    """When one clock runs out; null where there is nothing to meet, as `reason` tells."""

    clock: str
    due_at: datetime | None
    source: str
    reason: str


class ResolutionOut(Out):
    """How a ticket was solved."""

    outcome: str
    summary: str
    cause: str
    steps: str
    article_id: str | None
    is_new_article: bool
    verification: list[dict[str, Any]]
    author: str
    created_at: datetime

    @classmethod
    def of(cls, resolution: Resolution) -> Self:
        """Present a stored resolution."""
        return cls.model_validate(resolution)


class TicketBrief(Out):
    """A ticket in a list."""

    number: str
    title: str
    state: str
    kind: str | None
    kind_by: str | None
    category: str | None
    category_by: str | None
    priority: str | None
    priority_by: str | None
    urgency: str | None
    product: str | None
    version: str | None = Field(description="Version of the product")
    profile: str
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    response_due_at: datetime | None
    resolution_due_at: datetime | None
    version_tag: str = Field(description="The ETag, for If-Match")
    requester: dict[str, str]
    degraded: bool

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """Present a ticket; the requester only masked."""
        return cls(**_common(ticket))


class TicketOut(TicketBrief):
    """A ticket; `labels` name its values in the reader's language."""

    profile_version: int
    source_id: str | None
    body: str
    environment: str | None
    channel: str | None
    language: str
    labels: dict[str, str]
    first_response_at: datetime | None
    clocks: list[ClockOut]
    missing: list[MissingOut]
    next_question: NextQuestionOut | None
    degraded_parts: list[str]
    satisfaction: str | None
    extra: dict[str, Any]
    resolution: ResolutionOut | None

    @classmethod
    def shown(cls, ticket: Ticket, profile: Profile, locale: str, *, to_staff: bool) -> Self:
        """Present a ticket; requesters do not see how it was worked on."""
        return cls(**_whole(ticket, profile, locale, to_staff=to_staff))


class TicketCreated(TicketOut):
    """A ticket that was just stored, with what is known about it already."""

    suggestion: SuggestionOut

    @classmethod
    def stored(
        cls, ticket: Ticket, suggestion: SuggestionOut, profile: Profile, locale: str
    ) -> Self:
        """Present a ticket together with its suggestion."""
        return cls(**_whole(ticket, profile, locale, to_staff=False), suggestion=suggestion)


def _common(ticket: Ticket) -> dict[str, Any]:
    same = (
        "number title state kind kind_by category category_by priority priority_by urgency product "
        "opened_at updated_at resolved_at response_due_at resolution_due_at"
    )
    return {
        **{name: getattr(ticket, name) for name in same.split()},
        "version": ticket.product_version,
        "version_tag": version_tag(ticket.version),
        "profile": ticket.profile_key,
        "requester": {name: str(value) for name, value in ticket.requester_masked.items()},
        "degraded": bool(ticket.degraded),
    }


def _whole(ticket: Ticket, profile: Profile, locale: str, *, to_staff: bool) -> dict[str, Any]:
    same = (
        "profile_version source_id body environment channel language "
        "first_response_at satisfaction extra"
    )
    resolution = ticket.resolution if to_staff else None
    return {
        **_common(ticket),
        **{name: getattr(ticket, name) for name in same.split()},
        "labels": _labels(ticket, profile, locale),
        "clocks": [ClockOut.model_validate(clock) for clock in ticket.clocks],
        "missing": [_missing(item, locale) for item in ticket.missing],
        "next_question": next_question(ticket.missing, ticket.language or locale),
        "degraded_parts": list(ticket.degraded),
        "resolution": ResolutionOut.of(resolution) if resolution else None,
    }


def _labels(ticket: Ticket, profile: Profile, locale: str) -> dict[str, str]:
    found = {"state": {state.key: profile.label(state, locale) for state in profile.states}}
    for axis in ("category", "priority", "urgency", "kind"):
        found[axis] = label_of(profile, axis, locale)
    values = {axis: getattr(ticket, axis) for axis in found}
    return {axis: found[axis].get(value, value) for axis, value in values.items() if value}


def _missing(item: Mapping[str, Any], locale: str) -> MissingOut:
    language = "zh" if locale.startswith("zh") else "en"
    return MissingOut(field=item["field"], question=item["question"][language])


class HistoryOut(Out):
    """One act on a ticket."""

    at: datetime
    actor: str
    action: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        """Present an audit entry."""
        return cls(at=entry.at, actor=entry.actor, action=entry.action, facts=entry.facts)


class RevealIn(In):
    """Why the contact is needed; kept in the audit log."""

    reason: Annotated[str, Field(min_length=3, max_length=1_000)]


class RevealedOut(Out):
    """The requester and the wording as they came in."""

    name: str = ""
    contact: str = ""
    department: str = ""
    title: str = ""
    body: str = ""
    environment: str = ""


class ResolutionIn(In):
    """How the ticket was solved: by an existing article, or in new words."""

    summary: ShortText = ""
    steps: LongText = ""
    cause: ShortText = ""
    article_id: str | None = Field(None, max_length=200)
    new_article: bool | None = Field(
        None, description="Draft an article of it; null: yes where no article_id is given"
    )
    outcome: Literal["solved", "workaround", "unsolved"] = "solved"
    verification: list[dict[str, Any]] = Field([], max_length=50)

    @property
    def new(self) -> NewResolution:
        """The same in the service's words."""
        return NewResolution(
            summary=self.summary,
            steps=self.steps,
            cause=self.cause,
            article_id=self.article_id or "",
            new_article=self.new_article,
            outcome=self.outcome,
            verification=tuple(self.verification),
        )


class ResolvedOut(Out):
    """A resolved ticket, and the article that was used or drafted.

    Searches see it once `sequence` is indexed; `visible` is null unless it was waited for.
    """

    ticket: TicketOut
    resolution: ResolutionOut
    article: ArticleBrief | None
    sequence: int
    visible: bool | None

    @classmethod
    def of(cls, resolved: Resolved, ticket: TicketOut, *, visible: bool | None) -> Self:
        """Present what resolving did."""
        article = resolved.article
        return cls(
            ticket=ticket,
            resolution=ResolutionOut.of(resolved.resolution),
            article=ArticleBrief.of(article) if article else None,
            sequence=resolved.sequence,
            visible=visible,
        )
