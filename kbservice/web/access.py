"""The frame around a request: its id, one log line, its place in the metrics."""

from __future__ import annotations

import random
import re
import time
from typing import Final, NamedTuple

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from kbservice.metrics import Metrics
from kbservice.web.context import metrics, principal_or_none, request_id

log = structlog.get_logger(__name__)

HEADER: Final = "X-Request-ID"
_GIVEN_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Answered(NamedTuple):
    """An answered request; the route stands for the path, so that no text leaks into logs."""

    method: str
    route: str
    status: int
    took_s: float
    principal: str | None


def register(app: Flask) -> None:
    """Frame every request of ``app``; to be called before all other hooks."""
    app.before_request(_begin)
    app.before_request(_refuse_unreadable)
    app.after_request(_end)
    app.teardown_request(_forget)


def name_of(given: str) -> str:
    """Return what a request is called: as it calls itself, or any name."""
    if _GIVEN_ID.fullmatch(given):
        return given
    # No secret, only a name: the system's random numbers make a busy thread wait for its turn.
    return f"{random.getrandbits(128):032x}"


def note(metrics: Metrics, answered: Answered, name: str) -> None:
    """Count an answered request, and write its line."""
    method, route, status, took_s, principal = answered
    metrics.requests.labels(method, route, str(status)).inc()
    metrics.request_duration.labels(route).observe(took_s)
    log.info(
        "request_answered",
        method=method,
        route=route,
        status=status,
        took_ms=round(took_s * 1000, 2),
        principal=principal,
        request_id=name,
    )


def _begin() -> None:
    g.request_id = name_of(request.headers.get(HEADER, ""))
    g.started_s = time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _refuse_unreadable() -> None:
    """Refuse NUL characters, which no database stores, and bodies that are not plain."""
    if "\0" in request.path or b"%00" in request.query_string or b"\0" in request.query_string:
        raise BadRequest("The address holds a NUL character")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("A compressed body is not taken")


def _end(response: Response) -> Response:
    took_s = time.perf_counter() - g.get("started_s", time.perf_counter())
    caller = principal_or_none()
    response.headers[HEADER] = request_id()
    answered = Answered(
        request.method,
        str(request.url_rule or ""),
        response.status_code,
        took_s,
        caller.name if caller else None,
    )
    note(metrics(), answered, request_id())
    return response


def _forget(_error: BaseException | None) -> None:
    structlog.contextvars.unbind_contextvars("request_id")
