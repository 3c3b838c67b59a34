"""Searches asked again in the same words: answered without being read again.

A request is known by its words, its reader's rights and language, and the day it was asked on;
what it came to is forgotten as soon as the index or the synonyms are others.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Final, NamedTuple, ParamSpec

from flask import Response, current_app, g, request

from kbservice.domain.account import Role
from kbservice.services.retrieval import Standing
from kbservice.web.context import application, locale, principal

P = ParamSpec("P")
Key = tuple[bytes, Role, str]

_MOST: Final = 2_000
_EXTENSION: Final = "kbservice.recall"


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
    """The latest requests, by their words; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[Key, Known] = OrderedDict()

    def find(self, key: Key, standing: Standing) -> Known | None:
        """Return what a request came to, None where that is not known or no longer true."""
        with self._lock:
            found = self._known.get(key)
        return found if found and found.standing == standing else None

    def keep(self, key: Key, known: Known) -> None:
        """Remember a request, at the cost of the oldest one."""
        with self._lock:
            self._known[key] = known
            if len(self._known) > _MOST:
                self._known.popitem(last=False)


def recall() -> Recall:
    """Return the memory of this application."""
    found: Recall = current_app.extensions.setdefault(_EXTENSION, Recall())
    return found


def recalled(answer: Callable[[Known], Response | None]) -> Callable[..., Callable[P, Response]]:
    """Let a view be asked only where ``answer`` has nothing for what the request came to."""

    def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def asked(*args: P.args, **kwargs: P.kwargs) -> Response:
            g.asked_s = time.perf_counter()
            standing = application().retrieval.standing()
            known = recall().find(key_of_request(), standing) if standing else None
            return (answer(known) if known else None) or view(*args, **kwargs)

        return asked

    return decorate


def key_of_request() -> Key:
    """Return how the request at hand is known."""
    return request.query_string, principal().role, locale()
