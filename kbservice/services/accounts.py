"""Accounts, API keys and browser sessions."""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Account, ApiKey, Principal, Role, WebSession
from kbservice.errors import Conflict, InvalidInput, NotFound, NotSignedIn, RateLimited
from kbservice.services.known_keys import KnownKeys
from kbservice.store import accounts as store
from kbservice.store import audit
from kbservice.store.database import Database

SESSION_LIFETIME = timedelta(hours=12)
MIN_PASSWORD_LENGTH = 10
_KEY_PREFIX = "kb_"
_ATTEMPTS = 10
_ATTEMPT_WINDOW = timedelta(minutes=5)


def hash_secret(secret: str) -> str:
    """Return the stored form of a random 256-bit secret (no salt needed at that entropy)."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new API key; ``key`` is shown this once."""

    id: int
    key: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new browser session; ``token`` goes into the cookie."""

    token: str
    principal: Principal
    expires_at: datetime


class Accounts:
    """Creates, finds and disables those who may use the service."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._hasher = PasswordHasher()
        self._failures: dict[str, deque[datetime]] = {}
        self._failures_lock = Lock()
        self._known_keys = KnownKeys()

    def create(
        self, name: str, role: Role, *, password: str | None = None, actor: Principal
    ) -> Account:
        """Add an account; without a password it acts through API keys only.

        Raises:
            InvalidInput: The name or password breaks a rule.
            Conflict: The name is taken.
        """
        _check_name(name)
        account = Account(
            name=name,
            role=role,
            password_hash=self._hash_password(password) if password is not None else None,
            created_at=self._clock.now(),
        )
        with self._database.transaction() as session:
            if store.by_name(session, name) is not None:
                raise Conflict("Account {name} exists already", name=name)
            store.add(session, account)
            self._audit(session, actor, "account_created", name, role=role.value)
        return account

    def set_password(self, name: str, password: str, *, actor: Principal) -> None:
        """Replace the password and end the account's sessions."""
        hashed = self._hash_password(password)
        with self._database.transaction() as session:
            account = _existing(session, name)
            account.password_hash = hashed
            store.drop_sessions_of(session, account.id)
            self._audit(session, actor, "password_changed", name)

    def disable(self, name: str, *, actor: Principal) -> None:
        """Shut an account out at once: its keys and sessions stop working."""
        with self._database.transaction() as session:
            account = _existing(session, name)
            account.disabled_at = self._clock.now()
            store.drop_sessions_of(session, account.id)
            self._audit(session, actor, "account_disabled", name)
        self._known_keys.forget()

    def all(self) -> list[Account]:
        """Return every account by name."""
        with self._database.reading() as session:
            return store.all_accounts(session)

    def issue_key(
        self, account_name: str, role: Role, *, label: str = "", actor: Principal
    ) -> IssuedKey:
        """Make an API key of at most the account's role.

        Raises:
            InvalidInput: The role exceeds the account's.
        """
        secret = _KEY_PREFIX + secrets.token_urlsafe(32)
        with self._database.transaction() as session:
            account = _existing(session, account_name)
            if not Role(account.role).covers(role):
                raise InvalidInput.of("role", f"at most {account.role}", role.value)
            key = ApiKey(
                account_id=account.id,
                name=label or role.value,
                role=role,
                key_hash=hash_secret(secret),
                created_at=self._clock.now(),
            )
            store.add_key(session, key)
            self._audit(session, actor, "key_issued", account_name, key=key.id, role=role.value)
        return IssuedKey(id=key.id, key=secret, role=role)

    def keys(self) -> list[ApiKey]:
        """Return every API key, newest first."""
        with self._database.reading() as session:
            return store.all_keys(session)

    def revoke_key(self, key_id: int, *, actor: Principal) -> None:
        """Disable one API key."""
        with self._database.transaction() as session:
            key = session.get(ApiKey, key_id)
            if key is None:
                raise NotFound("API key {id} does not exist", id=key_id)
            key.disabled_at = self._clock.now()
            self._audit(session, actor, "key_revoked", key.account.name, key=key_id)
        self._known_keys.forget()

    def by_key(self, secret: str) -> Principal | None:
        """Return who sent this API key, if it is valid or was so half a second ago.

        What is revoked in this process stops working at once.
        """
        key_hash = hash_secret(secret)
        return self._known_keys.find(key_hash, lambda: self._by_key_hash(key_hash))

    def _by_key_hash(self, key_hash: str) -> Principal | None:
        with self._database.reading() as session:
            key = store.by_key_hash(session, key_hash)
        if key is None or key.disabled_at or not key.account.is_active:
            return None
        granted, own = Role(key.role), Role(key.account.role)
        role = granted if own.covers(granted) else own
        return Principal(name=key.account.name, role=role, account_id=key.account_id, via="key")

    def sign_in(self, name: str, password: str) -> SignedIn:
        """Check the password and open a browser session.

        Raises:
            NotSignedIn: Name or password is wrong; which one is not told.
            RateLimited: Too many failures for this name lately.
        """
        self._demand_patience(name)
        with self._database.reading() as session:
            account = store.by_name(session, name)
        if not self._verify(account, password):
            self._note_failure(name)
            raise NotSignedIn("Name or password is wrong")
        assert account is not None  # noqa: S101  # _verify is false for no account
        token = secrets.token_urlsafe(32)
        expires_at = self._clock.now() + SESSION_LIFETIME
        with self._database.transaction() as session:
            store.add_session(
                session,
                WebSession(
                    token_hash=hash_secret(token),
                    account_id=account.id,
                    created_at=self._clock.now(),
                    expires_at=expires_at,
                ),
            )
            store.drop_expired_sessions(session, self._clock.now())
        return SignedIn(token=token, principal=_principal(account), expires_at=expires_at)

    def by_session(self, token: str) -> Principal | None:
        """Return who owns this session cookie, if it is valid."""
        with self._database.reading() as session:
            found = store.by_session(session, hash_secret(token))
        if found is None or found.expires_at <= self._clock.now() or not found.account.is_active:
            return None
        return _principal(found.account)

    def sign_out(self, token: str) -> None:
        """End one browser session."""
        with self._database.transaction() as session:
            store.drop_session(session, hash_secret(token))

    @cached_property
    def _decoy(self) -> str:
        """A hash to compare when the name is unknown, so that the answer takes as long."""
        return self._hasher.hash(secrets.token_urlsafe(16))

    def _hash_password(self, password: str) -> str:
        if len(password) < MIN_PASSWORD_LENGTH:
            raise InvalidInput.of(
                "password", f"at least {MIN_PASSWORD_LENGTH} characters", f"{len(password)}"
            )
        return self._hasher.hash(password)

    def _verify(self, account: Account | None, password: str) -> bool:
        known = account is not None and account.is_active and account.password_hash
        try:
            self._hasher.verify(known or self._decoy, password)
        except VerificationError:
            return False
        return bool(known)

    def _demand_patience(self, name: str) -> None:
        since = self._clock.now() - _ATTEMPT_WINDOW
        with self._failures_lock:
            recent = self._failures.get(name, deque())
            while recent and recent[0] < since:
                recent.popleft()
            if len(recent) >= _ATTEMPTS:
                wait = int((recent[0] - since).total_seconds()) + 1
                raise RateLimited(
                    "Too many failed sign-ins; try again in {retry_after_s} s", retry_after_s=wait
                )

    def _note_failure(self, name: str) -> None:
        with self._failures_lock:
            if len(self._failures) > 10_000:  # noqa: PLR2004  # a bound, not a rule: forget all
                self._failures.clear()
            self._failures.setdefault(name, deque(maxlen=_ATTEMPTS)).append(self._clock.now())

    def _audit(
        self, session: Session, actor: Principal, action: str, name: str, **facts: object
    ) -> None:
        audit.append(
            session,
            actor=actor.name,
            action=action,
            subject=f"account:{name}",
            facts=facts,
            now=self._clock.now(),
        )


def _existing(session: Session, name: str) -> Account:
    account = store.by_name(session, name)
    if account is None:
        raise NotFound("Account {name} does not exist", name=name)
    return account


def _principal(account: Account) -> Principal:
    return Principal(
        name=account.name, role=Role(account.role), account_id=account.id, via="session"
    )


def _check_name(name: str) -> None:
    if not (1 <= len(name) <= 80) or not name.isprintable() or name != name.strip():  # noqa: PLR2004
        raise InvalidInput.of("name", "1 to 80 printable characters", name)
