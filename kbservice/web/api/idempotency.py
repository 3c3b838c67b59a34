"""Repeated POSTs: a known Idempotency-Key gets the first answer again.

New tickets are remembered inside the transaction that stores them (see ``intake``), so
that even two at the same moment are one. Every other answer is remembered after it was
given; while it is being made, the same key has to wait.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from typing import TypeVar

import structlog
from flask import Flask, Response, current_app, g, request

from kbservice.errors import Conflict, InvalidInput, KbServiceError
from kbservice.services.idempotency import IdempotencyKey
from kbservice.store import requests
from kbservice.web.api.blueprint import api
from kbservice.web.context import application, principal

log = structlog.get_logger(__name__)

View = TypeVar("View", bound=Callable[..., object])

HEADER = "Idempotency-Key"
REPLAY_HEADER = "Idempotent-Replay"
KEPT = timedelta(days=3)
_MODE = "kbservice_replay"
_BUSY = "kbservice.answering"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Answering:
    """The keys whose first answer is being made right now, in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._busy: set[tuple[str, str]] = set()

    def enter(self, caller: str, key: str) -> None:
        """Reserve a key.

        Raises:
            Conflict: The same request is being answered.
        """
        with self._lock:
            if (caller, key) in self._busy:
                raise Conflict("Idempotency-Key {key} is being answered right now", key=key)
            self._busy.add((caller, key))

    def leave(self, caller: str, key: str) -> None:
        """Give a key back."""
        with self._lock:
            self._busy.discard((caller, key))


def replayed_by_service(view: View) -> View:
    """Mark a view whose service remembers the key itself."""
    setattr(view, _MODE, "service")
    return view


def never_shown_again(view: View) -> View:
    """Mark a view whose answer holds a secret: a repeat is refused, not replayed."""
    setattr(view, _MODE, "secret")
    return view


def given_key() -> IdempotencyKey | None:
    """Return the key of this request, bound to what it asks for."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidInput.of(HEADER, "1 to 255 visible ASCII characters", key)
    asked = f"{request.method} {request.full_path}\n".encode() + request.get_data()
    return IdempotencyKey(key=key, fingerprint=hashlib.sha256(asked).hexdigest())


def register(app: Flask) -> None:
    """Let ``app`` remember answers."""
    app.extensions[_BUSY] = Answering()


@api.before_request
def _replay() -> Response | None:
    if request.method != "POST" or _mode() == "service" or (key := given_key()) is None:
        return None
    caller = principal().name
    answering: Answering = current_app.extensions[_BUSY]
    answering.enter(caller, key.key)
    g.answering = key
    with application().database.transaction() as session:
        reference = requests.recall(session, key.key, caller, key.fingerprint)
    if reference is None:
        return None
    if _mode() == "secret":
        raise Conflict("Idempotency-Key {key} was answered; a secret is shown once", key=key.key)
    answer = json.loads(reference)
    headers = {REPLAY_HEADER: "true", **answer["headers"]}
    return Response(answer["body"], answer["status"], headers, content_type="application/json")


@api.after_request
def _remember(response: Response) -> Response:
    key: IdempotencyKey | None = g.get("answering")
    if key is None or not response.is_json or not 200 <= response.status_code < 300:  # noqa: PLR2004  # HTTP
        return response
    if REPLAY_HEADER in response.headers:
        return response
    kept = {
        name: response.headers[name] for name in ("Location", "ETag") if name in response.headers
    }
    answer = {"status": response.status_code, "headers": kept, "body": ""}
    if _mode() != "secret":
        answer["body"] = response.get_data(as_text=True)
    now = application().clock.now()
    try:
        with application().database.transaction() as session:
            requests.forget_before(session, now - KEPT)
            requests.remember(
                session,
                key.key,
                principal().name,
                fingerprint=key.fingerprint,
                reference=json.dumps(answer, ensure_ascii=False),
                now=now,
            )
    except KbServiceError as error:
        # The work is done and must be told; only a repeat would not be recognised.
        log.warning("answer_not_remembered", reason=str(error))
    return response


@api.teardown_request
def _leave(_error: BaseException | None) -> None:
    key: IdempotencyKey | None = g.pop("answering", None)
    if key is not None:
        answering: Answering = current_app.extensions[_BUSY]
        answering.leave(principal().name, key.key)


def _mode() -> str:
    view = current_app.view_functions.get(request.endpoint or "")
    return str(getattr(view, _MODE, "answer"))
