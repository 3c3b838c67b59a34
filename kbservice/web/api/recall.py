"""Searches asked again in the same words: answered ahead of the application.

A request is known by its words, its reader's rights and the languages that its reader prefers;
what it came to is forgotten as soon as the index or the synonyms are others. Whatever is
unusual about a request (a cookie, a condition, a bad key, too many a second) is left to the
application, which answers it in full. That takes four times as long.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Final, NamedTuple, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, current_app, request

from kbservice.domain.account import Principal, Role
from kbservice.errors import KbServiceError
from kbservice.services.retrieval import Standing
from kbservice.web import access
from kbservice.web.api.answers import Answers, completed, moment
from kbservice.web.context import principal, services
from kbservice.web.limits import SEARCH, buckets_of
from kbservice.web.security import key_in

Key = tuple[str, Role, str]

PATH: Final = "/api/v1/search"
VARY: Final = "Accept-Language, Authorization, Cookie"
_MOST: Final = 2_000
_EXTENSION: Final = "kbservice.recall"
# With one of these the answer may be another one, or none at all.
_UNUSUAL: Final = ("HTTP_COOKIE", "HTTP_IF_NONE_MATCH", "HTTP_CONTENT_ENCODING", "SCRIPT_NAME")


class Known(NamedTuple):
    """What a request came to.

    Attributes:
        standing: What that depended on.
        name: Of the answer.
        q: The words, to be remembered as asked.
    """

    standing: Standing
    name: str
    q: str


class Recall:
    """The latest requests and their answers; safe to share between threads."""

    def __init__(self) -> None:
        self.answers = Answers()
        self._lock = Lock()
        self._known: OrderedDict[Key, Known] = OrderedDict()

    def find(self, key: Key, standing: Standing) -> Known | None:
        """Return what a request came to, None where that is not known or no longer true."""
        with self._lock:
            found = self._known.get(key)
        return found if found and found.standing == standing else None

    def keep(self, known: Known) -> None:
        """Remember what the request at hand came to, at the cost of the oldest one."""
        key = _key(request.environ, principal().role)
        with self._lock:
            self._known[key] = known
            if len(self._known) > _MOST:
                self._known.popitem(last=False)


def recall() -> Recall:
    """Return the memory of this application."""
    return cast("Recall", current_app.extensions[_EXTENSION])


def register(app: Flask) -> None:
    """Let ``app`` be asked only for what it was not asked lately."""
    app.extensions[_EXTENSION] = Recall()
    app.wsgi_app = _recalling(app, app.wsgi_app)  # type: ignore[assignment, method-assign]


def _recalling(app: Flask, served: WSGIApplication) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started_s = time.perf_counter()
        try:
            found = _again(app, environ)
        except KbServiceError:
            # Refused in full where refusals are made.
            found = None
        if found is None:
            return served(environ, start_response)
        known, members, caller = found
        application, metrics = services(app)
        application.retrieval.note(known.q)
        took_s = time.perf_counter() - started_s
        metrics.search_duration.observe(took_s)
        body = completed(members, **moment(application, metrics, took_s))
        name = access.name_of(environ.get("HTTP_X_REQUEST_ID", ""))
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("ETag", f'W/"{known.name}"'),
            ("Vary", VARY),
            (access.HEADER, name),
        ]
        start_response("200 OK", headers)
        took_s = time.perf_counter() - started_s
        access.note(metrics, access.Answered("GET", PATH, 200, took_s, caller.name), name)
        return (body,)

    return answer


def _again(app: Flask, environ: WSGIEnvironment) -> tuple[Known, bytes, Principal] | None:
    """Return what a plain search came to, its answer and who asks; None: ask the application."""
    if environ.get("PATH_INFO") != PATH or environ["REQUEST_METHOD"] != "GET":
        return None
    secret = key_in(environ.get("HTTP_AUTHORIZATION", ""))
    if not secret or any(map(environ.get, _UNUSUAL)):
        return None
    application, _ = services(app)
    caller = application.accounts.by_key(secret)
    standing = application.retrieval.standing()
    if caller is None or standing is None:
        return None
    memory: Recall = app.extensions[_EXTENSION]
    known = memory.find(_key(environ, caller.role), standing)
    members = memory.answers.recall(known.name) if known else None
    if known is None or members is None:
        return None
    buckets_of(app).take(caller.name, SEARCH)
    return known, members, caller


def _key(environ: WSGIEnvironment, role: Role) -> Key:
    return environ.get("QUERY_STRING", ""), role, environ.get("HTTP_ACCEPT_LANGUAGE", "")
