"""Settings of one instance, read once from ``KBSERVICE_*`` variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kbservice.errors import BadSettings

_PREFIX = "KBSERVICE_"
# Read by the quality tests, not by the service itself.
_FOREIGN = frozenset({"KBSERVICE_EVAL_DATA"})


class Settings(BaseSettings):
    """What an administrator can choose; everything else is data in the instance."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="forbid")

    home: Path = Field(Path(), description="Folder that holds indexes/ and instance/")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in instance/")
    engine: Literal["whoosh", "memory"] = Field("whoosh", description="Search engine")
    profile: str = Field("product-support", description="Profile of tickets that name none")
    locale: Literal["zh_CN", "en"] = Field("zh_CN", description="Language when a client asks none")
    timezone: str = Field("Asia/Shanghai", description="Zone of ticket numbers and working hours")
    host: str = Field("127.0.0.1", description="Address that serve listens on")
    port: int = Field(8080, ge=0, le=65535, description="Port that serve listens on; 0: any free")
    threads: int = Field(8, ge=1, le=64, description="Web threads of serve")
    log_format: Literal["console", "json"] = Field("console", description="Shape of log lines")
    poll_interval_s: float = Field(0.2, gt=0, le=10, description="Pause of an idle worker")
    refresh_interval_s: float = Field(0.5, ge=0, le=10, description="Readers look for new commits")
    train_hour: int = Field(
        3, ge=-1, le=23, description="Hour of the nightly training, in the zone above; -1: never"
    )
    train_after: int = Field(
        200, ge=0, description="New labels that do not wait for the night; 0: all wait"
    )
    shuffle_near_ties: bool = Field(False, description="Show near ties in both orders, by lot")
    secure_cookies: bool = Field(False, description="Session cookies over HTTPS only")

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """Read the environment; keyword arguments win.

        A profile that neither names is the one that the instance was made with.

        Raises:
            BadSettings: A ``KBSERVICE_*`` name is unknown or a value is out of range.
        """
        known = {_PREFIX + name.upper() for name in cls.model_fields} | _FOREIGN
        unknown = sorted(
            name for name in os.environ if name.upper().startswith(_PREFIX) and name not in known
        )
        if unknown:
            raise BadSettings(
                "Unknown setting {name}; known are {known}",
                name=", ".join(unknown),
                known=", ".join(sorted(known - _FOREIGN)),
            )
        try:
            found = cls(**{key: value for key, value in overrides.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as error:
            first = error.errors()[0]
            raise BadSettings(
                "Setting {name}: {reason}, got {got}",
                name=_PREFIX + str(first["loc"][0]).upper(),
                reason=first["msg"],
                got=str(first["input"]),
            ) from error
        if "profile" in found.model_fields_set or not found.profile_note.exists():
            return found
        own = found.profile_note.read_text(encoding="utf-8").strip()
        return found.model_copy(update={"profile": own})

    @property
    def profile_note(self) -> Path:
        """File that names the profile that the instance was made with."""
        return self.instance_dir / "profile"

    @property
    def instance_dir(self) -> Path:
        """Folder of the database, attachments and keys."""
        return self.home / "instance"

    @property
    def article_index_dir(self) -> Path:
        """Folder of the article index generations."""
        return self.home / "indexes" / "articles"

    @property
    def classifier_dir(self) -> Path:
        """Folder of the classifier releases."""
        return self.home / "indexes" / "classifiers"

    @property
    def ranker_dir(self) -> Path:
        """Folder of the ranker releases."""
        return self.home / "indexes" / "rankers"

    @property
    def effective_database_url(self) -> str:
        """The URL in use, with the SQLite default filled in."""
        return self.database_url or f"sqlite:///{(self.instance_dir / 'kbservice.db').resolve()}"
