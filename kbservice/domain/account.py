"""Who may use the service: accounts, API keys, browser sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kbservice.domain.base import Base
from kbservice.errors import NotPermitted


class Role(StrEnum):
    """What an account may do; each role may do what the ones before it may."""

    INTAKE = "intake"
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Tell whether this role includes the rights of ``needed``."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who acts: an account as seen through one key or session."""

    name: str
    role: Role
    account_id: int | None = None
    via: Literal["key", "session", "system"] = "key"

    @property
    def is_staff(self) -> bool:
        """True for everyone but intake forms."""
        return self.role.covers(Role.AGENT)

    def demand(self, needed: Role) -> None:
        """Refuse unless the role includes ``needed``.

        Raises:
            NotPermitted: It does not.
        """
        if not self.role.covers(needed):
            raise NotPermitted(
                "This needs the role {needed}; you have {role}",
                needed=needed.value,
                role=self.role.value,
            )


SYSTEM = Principal(name="system", role=Role.ADMIN, via="system")


class Account(Base):
    """A person or a program; signs in with a password, or acts through API keys."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[Role]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    @property
    def is_active(self) -> bool:
        """True until the account is disabled."""
        return self.disabled_at is None


class ApiKey(Base):
    """A secret that a program sends; only its hash is kept.

    The role of a key never exceeds that of its account.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[Role]
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="joined")


class WebSession(Base):
    """A signed-in browser; only the hash of its cookie is kept."""

    __tablename__ = "web_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    account: Mapped[Account] = relationship(lazy="joined")
