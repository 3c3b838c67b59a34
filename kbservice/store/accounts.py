"""Accounts, the hashes of their API keys, and signed-in browsers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kbservice.domain.account import Account, ApiKey, WebSession
from kbservice.errors import Conflict
from kbservice.store.inserting import insert


def add(session: Session, account: Account) -> None:
    """Store a new account.

    Raises:
        Conflict: The name is taken.
    """
    insert(session, account, Conflict("Account {name} exists already", name=account.name))


def by_name(session: Session, name: str) -> Account | None:
    """Return the account of that name, disabled or not, or None."""
    return session.scalar(select(Account).where(Account.name == name))


def all_accounts(session: Session) -> list[Account]:
    """Return every account by name."""
    return list(session.scalars(select(Account).order_by(Account.name)))


def add_key(session: Session, key: ApiKey) -> None:
    """Store the hash of a new API key.

    Raises:
        Conflict: The same key is stored already.
    """
    insert(session, key, Conflict("This API key exists already"))


def by_key_hash(session: Session, key_hash: str) -> ApiKey | None:
    """Return the key with its account, disabled or not, or None."""
    return session.scalar(select(ApiKey).where(ApiKey.key_hash == key_hash))


def all_keys(session: Session) -> list[ApiKey]:
    """Return every key with its account, newest first."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.id.desc())))


def add_session(session: Session, browser: WebSession) -> None:
    """Store the hash of a signed-in browser's cookie.

    Raises:
        Conflict: The same cookie is stored already.
    """
    insert(session, browser, Conflict("This session exists already"))


def by_session(session: Session, token_hash: str) -> WebSession | None:
    """Return the browser session with its account, expired or not, or None."""
    return session.scalar(select(WebSession).where(WebSession.token_hash == token_hash))


def drop_session(session: Session, token_hash: str) -> None:
    """End one browser session; unknown ones are ignored."""
    session.execute(delete(WebSession).where(WebSession.token_hash == token_hash))


def drop_sessions_of(session: Session, account_id: int) -> None:
    """End every browser session of an account."""
    session.execute(delete(WebSession).where(WebSession.account_id == account_id))


def drop_expired_sessions(session: Session, now: datetime) -> None:
    """Forget the browser sessions that ended before now."""
    session.execute(delete(WebSession).where(WebSession.expires_at <= now))
