"""Process profiles: how a team numbers, sorts, times and closes its tickets, as data.

One TOML file per profile lies in this folder; ``schema`` says what it may hold. A ticket
keeps the key and version of the profile it was opened under.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from kbservice.errors import InvalidInput, NotFound
from kbservice.profiles.clocks import NO_TARGET, StageClock, Target
from kbservice.profiles.integrity import Finding, check
from kbservice.profiles.schema import Profile

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "NO_TARGET",
    "Finding",
    "Profile",
    "StageClock",
    "Target",
    "available",
    "check",
    "load",
    "parse",
    "read",
]

_SHIPPED = (
    "product-support",
    "problem-management",
    "it-response",
    "software-support",
    "principles",
)


def available() -> tuple[str, ...]:
    """Return the keys of the shipped profiles, the default one first."""
    return _SHIPPED


def load(key: str, version: int | None = None) -> Profile:
    """Return a shipped profile; without ``version`` the newest.

    Raises:
        NotFound: There is no such profile or no such version of it.
    """
    if key not in _SHIPPED:
        raise NotFound(
            "Profile {key} does not exist; known are {known}", key=key, known=", ".join(_SHIPPED)
        )
    profile = _shipped(key)
    if version not in (None, profile.version):
        raise NotFound("Profile {key} has no version {version}", key=key, version=version)
    return profile


def parse(text: str) -> Profile:
    """Read a profile from TOML; with ``based_on`` it replaces parts of a shipped profile.

    Raises:
        InvalidInput: It is not TOML or breaks the schema; names the first place.
    """
    try:
        return Profile.model_validate(_completed(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput.of("profile", "TOML", error) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInput.of(place, first["msg"], first["input"]) from error


def read(path: Path) -> Profile:
    """Read a profile from a TOML file.

    Raises:
        InvalidInput: It is not UTF-8, not TOML or breaks the schema.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput.of("profile", "UTF-8", error) from error
    return parse(text)


@cache
def _shipped(key: str) -> Profile:
    return parse(_shipped_text(key))


def _shipped_text(key: str) -> str:
    return files(__name__).joinpath(f"{key}.toml").read_text(encoding="utf-8")


def _completed(own: dict[str, Any]) -> dict[str, Any]:
    base = own.pop("based_on", None)
    if base is None:
        return own
    if base not in _SHIPPED:
        raise InvalidInput.of("based_on", " | ".join(_SHIPPED), base)
    return tomllib.loads(_shipped_text(base)) | own
