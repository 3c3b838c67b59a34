"""Shapes of process profiles."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from kbservice.profiles.schema import Profile
from kbservice.web.api.schemas.base import Out, Query


class ProfileQuery(Query):
    """Which version of a profile."""

    version: int | None = Field(None, ge=1, le=100_000, description="The newest without it")


class ProfileBrief(Out):
    """A profile in a list."""

    key: str
    version: int
    label: str
    is_default: bool

    @classmethod
    def of(cls, profile: Profile, locale: str, *, is_default: bool) -> Self:
        """Present a profile by name."""
        return cls(
            key=profile.key,
            version=profile.version,
            label=profile.label(profile, locale),
            is_default=is_default,
        )
