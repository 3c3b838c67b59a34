"""Every kind of problem that the service can report, for clients and for the pages on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kbservice.errors import KbServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """One kind of problem: its stable code, its title and what to do about it."""

    code: str
    title: str
    status: int
    explanation: str


# Problems of HTTP itself; those of the service come from the tree in ``errors``.
HTTP_TYPES: Mapping[int, ProblemType] = {
    kind.status: kind
    for kind in (
        ProblemType(
            code="malformed-request",
            title="The request cannot be read",
            status=400,
            explanation="Send a well-formed request; a body must be one JSON object in UTF-8, "
            "without repeated keys, NaN or lone surrogates.",
        ),
        ProblemType(
            code="method-not-allowed",
            title="This address does not take that method",
            status=405,
            explanation="The header Allow lists the methods that the address takes.",
        ),
        ProblemType(
            code="too-large",
            title="The request is too large",
            status=413,
            explanation="A body may have 1 MB at most; import larger files with the command line.",
        ),
        ProblemType(
            code="unsupported-media-type",
            title="The body must be JSON",
            status=415,
            explanation="Send the body as application/json, uncompressed.",
        ),
        ProblemType(
            code="internal-error",
            title="Something went wrong on our side",
            status=500,
            explanation="The log holds the details under the request id. Nothing was half done.",
        ),
    )
}

_EXPLANATIONS: Mapping[str, str] = {
    "error": "The request could not be completed.",
    "invalid-input": "Correct the named field and send the request again.",
    "query-syntax": "Correct the search query at the named column: close quotes and "
    "brackets, or put special characters in quotes.",
    "calendar-unknown": "The public holidays of that year are not known to this version yet.",
    "not-found": "It does not exist, or you may not see it. Check the address.",
    "conflict": "Read the current state, then decide whether to repeat the request.",
    "already-resolved": "A ticket is resolved once. Read the resolution that it has.",
    "stale-version": "Read it again, apply your change to the new version and repeat the "
    "request with its ETag in If-Match.",
    "job-running": "Wait until the running job of this kind has ended, or cancel it.",
    "cancelled": "Somebody stopped the work. Start it again if it is still needed.",
    "denied": "You may not do this.",
    "not-signed-in": "Sign in, or send an API key in the header Authorization: Bearer.",
    "not-permitted": "Ask an administrator for a role that includes this.",
    "rate-limited": "Wait as long as the header Retry-After says, then repeat the request.",
    "unavailable": "Repeat the request a little later.",
    "index-unavailable": "Search works in a reduced form until the index is back. "
    "Administrators: rebuild it if this lasts.",
    "index-locked": "Another process writes the index. Repeat the request a little later.",
    "database-unavailable": "The ticket store is busy or down. Repeat the request a little later.",
    "classifier-missing": "Triage works by the profile's criteria until a classifier is trained.",
    "broken": "An administrator has to look at it: run kbservice doctor.",
    "index-corrupt": "An administrator has to rebuild the index or go back to the previous one.",
    "artifact-rejected": "An administrator has to train the classifier anew or go back to the "
    "previous release.",
    "schema-mismatch": "An administrator has to run the version of kbservice that fits the "
    "database, or migrate it.",
    "bad-settings": "An administrator has to correct the named setting.",
}


def find(code: str) -> ProblemType | None:
    """Return the kind with this code, or None."""
    return next((kind for kind in every() if kind.code == code), None)


def every() -> Iterator[ProblemType]:
    """Yield every kind that can occur, those of the service first."""
    yield from _of(KbServiceError)
    yield from HTTP_TYPES.values()


def _of(branch: type[KbServiceError]) -> Iterator[ProblemType]:
    yield ProblemType(
        code=branch.code,
        title=branch.title,
        status=branch.status,
        explanation=_EXPLANATIONS.get(branch.code, branch.title),
    )
    for leaf in branch.__subclasses__():
        yield from _of(leaf)
