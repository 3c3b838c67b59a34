"""Conditional requests: ETags out, If-None-Match and If-Match in, waiting for searches."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, request

from kbservice.errors import StaleVersion
from kbservice.web.api.blueprint import api
from kbservice.web.api.recall import VARY
from kbservice.web.api.schemas.base import RefreshQuery, version_tag
from kbservice.web.context import application, locale

_WAIT_S = 10.0


def etag_of(version: int) -> dict[str, str]:
    """Return the header that names a version of something editable."""
    return {"ETag": version_tag(version)}


def weak_etag(*parts: Any) -> dict[str, str]:
    """Return the header of an answer that is the same while ``parts`` are."""
    digest = hashlib.sha256(repr((locale(), *parts)).encode()).hexdigest()
    return {"ETag": f'W/"{digest[:32]}"'}


def expected_version() -> int | None:
    """Return the version that If-Match names; None: any will do.

    Raises:
        StaleVersion: It names something that was never a version.
    """
    given = request.headers.get("If-Match", "*").strip()
    if given == "*":
        return None
    number = given.strip('"')
    if not (number.isascii() and number.isdecimal() and len(number) < 10):  # noqa: PLR2004  # 32 bits
        raise StaleVersion("If-Match {given} names no version", given=given)
    return int(number)


def wait_until_visible(query: RefreshQuery, sequence: int) -> bool | None:
    """Wait if it was asked for; tell whether searches see the change, None if not asked."""
    if query.refresh is None:
        return None
    return not sequence or application().indexing.wait_until_visible(sequence, _WAIT_S)


@api.after_request
def _answer_if_changed(response: Response) -> Response:
    """Leave the body out where the client has it already."""
    is_read = request.method == "GET" and response.status_code == 200  # noqa: PLR2004  # HTTP
    if is_read and "If-None-Match" in request.headers:
        response.make_conditional(request)
    # Not by ``response.vary``, which writes the header anew for each name.
    response.headers.add("Vary", VARY)
    return response
