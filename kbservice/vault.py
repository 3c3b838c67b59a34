"""The instance's keys: sealing of personal data, and keys for other purposes.

The key file lies outside the database, readable by its owner only. A sealed value is
``v1.<key id>.<base64 of nonce and AES-256-GCM ciphertext>``; the key id lets old values be
read after a rotation, and the context binds a value to the place it was sealed for.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kbservice.errors import Broken, Conflict, NotFound
from kbservice.files import write_durably

FILE_NAME = "vault.json"
_VERSION = "v1"
_KEY_BYTES = 32
# 96 random bits: the size GCM is defined for. Source: NIST SP 800-38D, 8.2.2.
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class _KeyRing:
    """The content of the key file: ``current`` seals, every key opens."""

    current: str
    keys: dict[str, bytes] = field(repr=False)
    master: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> Self:
        key_id = _new_id()
        return cls(key_id, {key_id: _new_key()}, _new_key())

    @classmethod
    def read(cls, path: Path) -> Self:
        try:
            content = json.loads(path.read_bytes())
            keys = {name: _key_from(text) for name, text in content["keys"].items()}
            ring = cls(content["current"], keys, _key_from(content["master"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Broken("The key file {path} is damaged", path=str(path)) from error
        if ring.current not in ring.keys:
            raise Broken("The key file {path} is damaged", path=str(path))
        return ring

    def write(self, path: Path) -> None:
        content = {
            "current": self.current,
            "keys": {name: _text_of(key) for name, key in self.keys.items()},
            "master": _text_of(self.master),
        }
        write_durably(path, json.dumps(content, indent=2).encode(), mode=0o600)

    def rotated(self) -> _KeyRing:
        key_id = _new_id()
        return _KeyRing(key_id, {**self.keys, key_id: _new_key()}, self.master)


class Vault:
    """Seals short texts and hands out keys; safe to share between threads."""

    def __init__(self, path: Path, ring: _KeyRing) -> None:
        self._path = path
        self._ring = ring
        self._lock = Lock()

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make new keys.

        Raises:
            Conflict: There are keys already; without them sealed values are lost.
        """
        path = folder / FILE_NAME
        if path.exists():
            raise Conflict("The key file {path} exists already", path=str(path))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ring = _KeyRing.fresh()
        ring.write(path)
        return cls(path, ring)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the keys.

        Raises:
            NotFound: There is no key file.
            Broken: The key file is damaged or others may read it.
        """
        path = folder / FILE_NAME
        if not path.exists():
            raise NotFound("There is no key file {path}; run kbservice init", path=str(path))
        if path.stat().st_mode & 0o077:
            raise Broken("The key file {path} must be readable by its owner only", path=str(path))
        return cls(path, _KeyRing.read(path))

    @property
    def current_key_id(self) -> str:
        """Id of the key that seals now."""
        return self._ring.current

    @cached_property
    def sign_key(self) -> bytes:
        """Key of the manifests of index generations and classifier releases."""
        return self._derive(b"kbservice manifest signature")

    @cached_property
    def session_key(self) -> bytes:
        """Key of cookies."""
        return self._derive(b"kbservice web session")

    def seal(self, plain: str, context: str) -> str:
        """Encrypt ``plain`` for one place; the same text never seals to the same value.

        Args:
            plain: What to hide.
            context: Where it belongs, such as ``ticket:TS1:requester``; needed to open it.
        """
        ring = self._ring
        head = f"{_VERSION}.{ring.current}"
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = AESGCM(ring.keys[ring.current])
        sealed = nonce + cipher.encrypt(nonce, plain.encode(), _bound(head, context))
        return f"{head}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """Decrypt what ``seal`` gave for the same context.

        Raises:
            Broken: The value was altered, belongs elsewhere, or its key is gone.
        """
        head, _, body = sealed.rpartition(".")
        version, _, key_id = head.partition(".")
        key = self._key(key_id)
        if version != _VERSION or key is None:
            raise _unopened(context)
        try:
            raw = base64.b64decode(body, altchars=b"-_", validate=True)
            nonce, hidden = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, hidden, _bound(head, context)).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise _unopened(context) from error

    def rotate(self) -> str:
        """Seal with a new key from now on; old values stay readable. Return the new key's id."""
        with self._lock:
            ring = _KeyRing.read(self._path).rotated()
            ring.write(self._path)
            self._ring = ring
        return ring.current

    def _key(self, key_id: str) -> bytes | None:
        if key_id not in self._ring.keys:
            # Another process may have rotated.
            with self._lock:
                self._ring = _KeyRing.read(self._path)
        return self._ring.keys.get(key_id)

    def _derive(self, purpose: bytes) -> bytes:
        derivation = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose)
        return derivation.derive(self._ring.master)


def _bound(head: str, context: str) -> bytes:
    return f"{head}:{context}".encode()


def _new_id() -> str:
    return secrets.token_hex(4)


def _new_key() -> bytes:
    return secrets.token_bytes(_KEY_BYTES)


def _text_of(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _key_from(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return key


def _unopened(context: str) -> Broken:
    return Broken(
        "The sealed value of {context} was altered or its key is missing", context=context
    )
