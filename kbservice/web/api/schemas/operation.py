"""Shapes of what administrators work with: jobs, index, classifier, accounts, health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from kbservice.domain.account import Account, ApiKey
from kbservice.domain.job import Job
from kbservice.search.documents import IndexState
from kbservice.services.doctor import Finding
from kbservice.services.indexing import IndexStatus
from kbservice.web.api.schemas.base import In, Label, Out, Query

RoleName = Literal["intake", "agent", "lead", "admin"]


class JobIn(In):
    """Work for the worker; one job of a kind at a time."""

    kind: Label = Field(description="rebuild_index, train_classifier or train_ranker")
    arguments: Annotated[dict[str, str | int | float | bool | None], Field(max_length=20)] = Field(
        {}
    )


class JobQuery(Query):
    """How many jobs to list."""

    limit: int = Field(20, ge=1, le=100)


class RollbackQuery(Query):
    """Whose release goes back; that of the instance's profile unless named."""

    profile: str = Field("", max_length=60)


class JobOut(Out):
    """A piece of long work and its progress."""

    id: int
    kind: str
    arguments: dict[str, Any]
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    stage: str
    done: int
    total: int
    eta_s: float | None
    result: dict[str, Any]
    error: str | None
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job, now: datetime) -> Self:
        """Present a job as it stands ``now``."""
        own = {name: getattr(job, name) for name in cls.model_fields if name != "eta_s"}
        eta_s = job.eta_s(now)
        return cls(**own, eta_s=None if eta_s is None else round(eta_s, 1))


class IndexStateOut(Out):
    """An index generation."""

    generation: int
    documents: int
    sequence: int
    analyzer: str
    complete: bool
    size_bytes: int
    built_at: datetime | None
    changed_at: datetime | None

    @classmethod
    def of(cls, state: IndexState) -> Self:
        """Present a generation."""
        return cls.model_validate(state)


class IndexOut(Out):
    """The index beside the store; `state` is null while no generation opens."""

    state: IndexStateOut | None
    error: str | None
    pending: int
    parked: int
    lag_s: float
    articles: int
    tickets: int

    @classmethod
    def of(cls, status: IndexStatus) -> Self:
        """Present the state of the index."""
        return cls(
            state=IndexStateOut.of(status.state) if status.state else None,
            error=status.error or None,
            pending=status.pending,
            parked=status.parked,
            lag_s=round(status.lag_s, 3),
            articles=status.articles,
            tickets=status.tickets,
        )


class ReleaseOut(Out):
    """The release that answers now."""

    release: str


class RankerOut(Out):
    """One ranker release: what its training recorded.

    `release.weights` are those of its linear half, on features standardised within a query.
    """

    release: dict[str, Any]


class ReleasesOut(Out):
    """Every kept release with what was measured, newest first."""

    items: list[dict[str, Any]]


class FindingOut(Out):
    """One examined part."""

    part: str
    ok: bool
    message: str

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """Present a finding."""
        return cls(part=finding.part, ok=finding.is_ok, message=finding.message)


class DoctorOut(Out):
    """Whether the instance is well."""

    ok: bool
    items: list[FindingOut]


class NewAccountIn(In):
    """A new account; without a password it acts through keys only."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    role: RoleName
    password: Annotated[str, Field(min_length=10, max_length=200)] | None = None


class KeyOut(Out):
    """An API key without its secret."""

    id: int
    label: str
    role: RoleName
    created_at: datetime
    disabled_at: datetime | None


class AccountOut(Out):
    """Who may use the service, and through which keys."""

    name: str
    role: RoleName
    created_at: datetime
    disabled_at: datetime | None
    keys: list[KeyOut]

    @classmethod
    def of(cls, account: Account, keys: Sequence[ApiKey]) -> Self:
        """Present an account with those of ``keys`` that are its own."""
        return cls(
            name=account.name,
            role=account.role.value,
            created_at=account.created_at,
            disabled_at=account.disabled_at,
            keys=[_key(key) for key in keys if key.account_id == account.id],
        )


def _key(key: ApiKey) -> KeyOut:
    return KeyOut(
        id=key.id,
        label=key.name,
        role=key.role.value,
        created_at=key.created_at,
        disabled_at=key.disabled_at,
    )


class KeyIn(In):
    """What a key may do; never more than its account."""

    role: RoleName
    label: Annotated[str, Field(max_length=80)] = ""


class IssuedKeyOut(Out):
    """A new key; shown this once."""

    id: int
    key: str
    role: RoleName
