"""The frame around a request: its id, one log line, its place in the metrics."""

from __future__ import annotations

import random
import re
import time

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from kbservice.web.context import metrics, principal_or_none, request_id

log = structlog.get_logger(__name__)

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def register(app: Flask) -> None:
    """Frame every request of ``app``; to be called before all other hooks."""
    app.before_request(_begin)
    app.before_request(_refuse_unreadable)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    # No secret, only a name: the system's random numbers make a busy thread wait for its turn.
    g.request_id = given if _GIVEN_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
    g.started_s = time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _refuse_unreadable() -> None:
    """Refuse NUL characters, which no database stores, and bodies that are not plain."""
    if "\0" in request.path or b"%00" in request.query_string or b"\0" in request.query_string:
        raise BadRequest("The address holds a NUL character")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("A compressed body is not taken")


def _end(response: Response) -> Response:
    """Write the access line; the route stands for the path, so that no text leaks into logs."""
    took_s = time.perf_counter() - g.get("started_s", time.perf_counter())
    route = str(request.url_rule or "")
    caller = principal_or_none()
    metrics().requests.labels(request.method, route, str(response.status_code)).inc()
    metrics().request_duration.labels(route).observe(took_s)
    response.headers["X-Request-ID"] = request_id()
    log.info(
        "request_answered",
        method=request.method,
        route=route,
        status=response.status_code,
        took_ms=round(took_s * 1000, 2),
        principal=caller.name if caller else None,
    )
    return response


def _forget(_error: BaseException | None) -> None:
    structlog.contextvars.unbind_contextvars("request_id")
