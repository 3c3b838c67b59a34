"""Problems as RFC 9457 has them: one shape for every error, in the reader's language.

Programs get ``application/problem+json``; browsers get a page of the same facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from flask import Flask, Response, current_app, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from kbservice.errors import (
    KbServiceError,
    NotFound,
    NotSignedIn,
    QuerySyntaxError,
    RateLimited,
    Unavailable,
)
from kbservice.web import problem_types
from kbservice.web.context import request_id, translate

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = 2
_PAGE = "kbservice.problem_page"
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error, worded for its reader.

    Attributes:
        code: Last part of ``type``, the address of a page about this kind of problem.
        facts: Members beyond those of RFC 9457, JSON-ready.
        headers: What the answer must carry besides.
    """

    code: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """Where the kind of problem is explained."""
        return f"/problems/{self.code}"

    def as_json(self) -> dict[str, Any]:
        """Return the members of the problem document."""
        return {
            **self.facts,
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": self.instance,
            "request_id": self.request_id,
        }


PageRenderer = Callable[[Problem], ResponseReturnValue]


def register(app: Flask, page: PageRenderer | None = None) -> None:
    """Make ``app`` answer every error with a problem.

    Args:
        app: The application.
        page: Renders problems for browsers; without it they get plain text.
    """
    app.extensions[_PAGE] = page or _plain_page
    app.register_error_handler(KbServiceError, _on_own_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_unexpected)


def rendered(error: KbServiceError) -> str:
    """Return the message of an error in the reader's language; of a query, also where and how."""
    facts = _worded(error.facts)
    if isinstance(error, QuerySyntaxError):
        message = translate(error.message, **facts)
        named = {"column": facts["column"], "message": message, "hint": facts["hint"]}
        return translate("Column {column}: {message}. {hint}.", **named)
    return translate(error.message, **facts) if facts else translate(error.message)


def _worded(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Translate what a fact says in words: what was expected, and how to write it."""
    worded = dict(facts)
    if isinstance(expected := facts.get("expected"), str):
        worded["expected"] = translate(expected)
    if isinstance(hint := facts.get("hint"), str):
        others = {name: value for name, value in facts.items() if name != "hint"}
        worded["hint"] = translate(hint, **others)
    return worded


def _on_own_error(error: KbServiceError) -> ResponseReturnValue:
    if error.status >= 500 and not isinstance(error, Unavailable):  # noqa: PLR2004  # HTTP
        log.error("request_failed", code=error.code, reason=str(error))
    return _answer(_problem(error.code, error.title, error.status, rendered(error), error))


def _on_http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:  # noqa: PLR2004  # HTTP: a redirect is no problem
        return error
    if status == _NOT_FOUND:
        return _on_own_error(NotFound("There is nothing at this address"))
    kind = problem_types.HTTP_TYPES.get(status)
    if kind is None:
        kind = problem_types.HTTP_TYPES[400 if status < 500 else 500]  # noqa: PLR2004  # HTTP
    own_words = error.description if error.description != type(error).description else None
    problem = _problem(kind.code, kind.title, status, translate(own_words or kind.explanation))
    response = _answer(problem)
    if allowed := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _on_unexpected(error: Exception) -> ResponseReturnValue:
    """Answer without a word of what happened; the log has it."""
    log.error("request_crashed", route=str(request.url_rule or ""), exc_info=error)
    kind = problem_types.HTTP_TYPES[500]
    return _answer(_problem(kind.code, kind.title, 500, translate(kind.explanation)))


def _problem(
    code: str, title: str, status: int, detail: str, error: KbServiceError | None = None
) -> Problem:
    return Problem(
        code=code,
        title=translate(title),
        status=status,
        detail=detail,
        instance=quote(request.path),
        request_id=request_id(),
        facts=_worded(error.facts) if error else {},
        headers=_headers(error) if error else {},
    )


def _headers(error: KbServiceError) -> dict[str, str]:
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": 'Bearer realm="kbservice"'}
    if isinstance(error, RateLimited | Unavailable):
        wait_s = error.facts.get("retry_after_s", _RETRY_AFTER_S)
        return {"Retry-After": str(max(1, round(float(wait_s))))}
    return {}


def _answer(problem: Problem) -> Response:
    if wants_page():
        page: PageRenderer = current_app.extensions[_PAGE]
        response = make_response(page(problem))
    else:
        response = Response(
            orjson.dumps(problem.as_json(), default=str),
            status=problem.status,
            content_type=MEDIA_TYPE,
        )
    response.headers.update(problem.headers)
    return response


def wants_page() -> bool:
    """Tell whether the request comes from a person's browser, not from a program."""
    if request.path.startswith("/api/"):
        return False
    accepted = request.accept_mimetypes
    prefers_html = accepted.best_match((MEDIA_TYPE, "application/json", "text/html")) == "text/html"
    return "HX-Request" in request.headers or prefers_html


def _plain_page(problem: Problem) -> Response:
    text = f"{problem.title}\n\n{problem.detail}\n\n{problem.request_id}\n"
    return Response(text, status=problem.status, content_type="text/plain; charset=utf-8")
