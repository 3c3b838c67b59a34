"""The errors that kbservice raises on purpose.

    KbServiceError
    ├── InvalidInput            400/422  a field is missing, malformed or not allowed
    │   ├── QuerySyntaxError             a search query that cannot be read; carries the column
    │   └── CalendarUnknown              the holidays of a year are not published yet
    ├── NotFound                404
    ├── Conflict                409      the request clashes with what is stored
    │   ├── AlreadyResolved
    │   ├── StaleVersion                 somebody else changed it first
    │   └── JobRunning
    ├── Denied                  401/403/429
    │   ├── NotSignedIn         401
    │   ├── NotPermitted        403
    │   └── RateLimited         429
    ├── Unavailable             503      may work later
    │   ├── IndexUnavailable
    │   ├── IndexLocked
    │   ├── DatabaseUnavailable
    │   └── ClassifierMissing
    └── Broken                  500      needs a person
        ├── IndexCorrupt
        ├── ArtifactRejected
        ├── SchemaMismatch               the database is older or newer than this program
        └── BadSettings

A message is an English sentence with ``{placeholders}``; it is also the key of the
message catalogues, so that each face (API, page, command) renders it in its language.
"""

from __future__ import annotations

from typing import Any, ClassVar


class KbServiceError(Exception):
    """An expected failure: a message, a stable code and the facts behind it.

    Attributes:
        message: Catalogue key with ``{name}`` placeholders filled from ``facts``.
        facts: What the client may see, JSON-ready.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be completed"
    status: ClassVar[int] = 500

    def __init__(self, message: str, /, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __str__(self) -> str:
        return self.message.format_map(self.facts)


class InvalidInput(KbServiceError):
    """The input breaks a rule; ``facts`` names field, what was expected and what came."""

    code = "invalid-input"
    title = "The input is not valid"
    status = 422

    @classmethod
    def of(cls, field: str, expected: str, got: object) -> InvalidInput:
        """Build the usual refusal of one field."""
        return cls(
            "Field {field}: expected {expected}, got {got}",
            field=field,
            expected=expected,
            got=str(got)[:200],
        )


class QuerySyntaxError(InvalidInput):
    """A search query cannot be read; ``facts`` holds ``column`` (1-based) and ``hint``."""

    code = "query-syntax"
    title = "The search query cannot be read"
    status = 422


class CalendarUnknown(InvalidInput):
    """Which days of a year are worked is not known; ``facts`` holds ``year``."""

    code = "calendar-unknown"
    title = "The calendar of this year is not known"


class NotFound(KbServiceError):
    """The thing asked for does not exist, or not for this reader."""

    code = "not-found"
    title = "Not found"
    status = 404


class Conflict(KbServiceError):
    """The request clashes with the stored state."""

    code = "conflict"
    title = "The request clashes with the stored state"
    status = 409


class AlreadyResolved(Conflict):
    """The ticket has a resolution already."""

    code = "already-resolved"
    title = "The ticket is resolved already"


class StaleVersion(Conflict):
    """Somebody else changed it first; read again and repeat."""

    code = "stale-version"
    title = "It was changed by somebody else meanwhile"
    status = 412


class JobRunning(Conflict):
    """A job of this kind is waiting or running already."""

    code = "job-running"
    title = "A job of this kind is running already"


class Denied(KbServiceError):
    """The caller may not do this."""

    code = "denied"
    title = "Not permitted"
    status = 403


class NotSignedIn(Denied):
    """No valid key or session came with the request."""

    code = "not-signed-in"
    title = "Sign in or send an API key"
    status = 401


class NotPermitted(Denied):
    """The caller's role does not allow this."""

    code = "not-permitted"
    title = "Your role does not allow this"


class RateLimited(Denied):
    """Too many requests; ``facts`` holds ``retry_after_s``."""

    code = "rate-limited"
    title = "Too many requests"
    status = 429


class Unavailable(KbServiceError):
    """A part is down for now; ``facts`` may hold ``retry_after_s``."""

    code = "unavailable"
    title = "Temporarily unavailable"
    status = 503


class IndexUnavailable(Unavailable):
    """The search index cannot answer now."""

    code = "index-unavailable"
    title = "The search index cannot answer now"


class IndexLocked(Unavailable):
    """Another process writes the index."""

    code = "index-locked"
    title = "Another process is writing the index"


class DatabaseUnavailable(Unavailable):
    """The ticket store cannot be reached or is busy."""

    code = "database-unavailable"
    title = "The ticket store cannot answer now"


class ClassifierMissing(Unavailable):
    """No classifier release can be loaded."""

    code = "classifier-missing"
    title = "No classifier release can be loaded"


class Broken(KbServiceError):
    """A part is damaged and needs a person."""

    code = "broken"
    title = "A part of the service is damaged"


class IndexCorrupt(Broken):
    """An index generation does not match its manifest."""

    code = "index-corrupt"
    title = "The search index is damaged"


class ArtifactRejected(Broken):
    """A classifier artefact does not match its manifest or this scikit-learn."""

    code = "artifact-rejected"
    title = "A classifier artefact was refused"


class SchemaMismatch(Broken):
    """The database schema is older or newer than this program."""

    code = "schema-mismatch"
    title = "The database schema does not fit this version"


class BadSettings(Broken):
    """A setting is unknown or has a bad value."""

    code = "bad-settings"
    title = "A setting is not valid"
