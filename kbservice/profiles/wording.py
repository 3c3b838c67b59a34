"""Words in Chinese and English, and where a piece of a profile comes from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Certainty = Literal["stated", "implied", "uncertain", "ours"]
"""``uncertain``: the source is damaged here; ``ours``: the source is silent and we chose."""

Source = Annotated[str, Field(pattern=r"^(ours|(S\d(-\d+)?|D\d+)(, (S\d(-\d+)?|D\d+))*)$")]
"""Requirement numbers of the process specification, or ``ours``."""

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)]
"""A stored value: ASCII, stable, never shown to people."""


class Part(BaseModel):
    """A piece of a profile: immutable, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(Part):
    """One wording in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self, locale: str) -> str:
        """Return the wording for ``zh_CN``, ``zh``, ``en``...; anything but Chinese reads English."""
        return self.zh if locale.lower().startswith("zh") else self.en


class Phrases(Part):
    """Words or short phrases in both languages; Chinese simplified, English lower case."""

    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Both languages, Chinese first."""
        return self.zh + self.en


class Sourced(Part):
    """A piece with its origin."""

    source: Source
    certainty: Certainty = "stated"


class Named(Sourced):
    """A value with its labels: a role, a channel, a review, a gate."""

    value: Slug
    labels: Bilingual
