"""Who may call what: policies, keys and sessions, forged requests, protective headers.

Every view states its policy with ``requires`` or ``open_access``; one without is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response as AnyResponse

from kbservice.domain.account import Principal, Role
from kbservice.errors import NotPermitted, NotSignedIn
from kbservice.services.accounts import SESSION_LIFETIME, SignedIn
from kbservice.web.context import application, principal_or_none

View = TypeVar("View", bound=Callable[..., object])

_POLICY = "kbservice_policy"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_CSP_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "Content-Security-Policy": "; ".join(
        f"{name} {sources}" for name, sources in _CSP_SOURCES.items()
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# What has an ETag may be kept by its reader's own browser, and is asked for before each use.
_NOT_KEPT = ("Cache-Control", "no-store")
_ASKED_FOR = ("Cache-Control", "private, no-cache")
_SECURE_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may call a view.

    Attributes:
        role: The least role; None: everybody, signed in or not.
        from_loopback: Callers on this machine need no role.
    """

    role: Role | None
    from_loopback: bool = False

    def allows(self, caller: Principal | None, address: str = "") -> bool:
        """Tell whether ``caller`` at ``address`` may call the view."""
        if self.role is None or (self.from_loopback and address in _LOOPBACK):
            return True
        return caller is not None and caller.role.covers(self.role)


def requires(role: Role, *, from_loopback: bool = False) -> Callable[[View], View]:
    """Open a view to everybody with at least ``role``."""
    return _stating(Policy(role=role, from_loopback=from_loopback))


def open_access(view: View) -> View:
    """Open a view to strangers."""
    return _stating(Policy(role=None))(view)


def _stating(policy: Policy) -> Callable[[View], View]:
    def state(view: View) -> View:
        setattr(view, _POLICY, policy)
        return view

    return state


def policy_of(app: Flask, endpoint: str) -> Policy | None:
    """Return the policy that a view states; files of the pages are open."""
    if endpoint.rpartition(".")[2] == "static":
        return Policy(role=None)
    found = getattr(app.view_functions.get(endpoint), _POLICY, None)
    return found if isinstance(found, Policy) else None


def key_in(authorization: str) -> str:
    """Return the API key of an Authorization header, empty where there is none."""
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def register(app: Flask) -> None:
    """Check every request to ``app`` and protect every answer."""
    app.before_request(_authorise)
    is_secure = app.extensions["kbservice"].settings.secure_cookies
    app.wsgi_app = _protected(app.wsgi_app, is_secure=is_secure)  # type: ignore[assignment, method-assign]


def _authorise() -> None:
    """Let the request through if its view's policy does.

    Raises:
        NotSignedIn: The view needs a role and nobody valid asks.
        NotPermitted: The role is too small, or another site's page sent the request.
    """
    if request.endpoint is None:
        return
    policy = policy_of(current_app, request.endpoint)
    if policy is None:
        raise NotPermitted("This address is not open to anybody")
    g.principal = _caller(policy)
    _refuse_forgery()
    if policy.allows(principal_or_none(), request.remote_addr or ""):
        return
    if g.principal is None or policy.role is None:
        raise NotSignedIn("No valid API key or session came with the request")
    g.principal.demand(policy.role)


def _caller(policy: Policy) -> Principal | None:
    """Find out who asks; a bad key is refused even where none is needed, unless on open views."""
    header = request.headers.get("Authorization", "")
    if policy.role is None and (header or not _session_token()):
        return None
    if not header:
        token = _session_token()
        return application().accounts.by_session(token) if token else None
    secret = key_in(header)
    found = application().accounts.by_key(secret) if secret else None
    if found is None and not policy.allows(None, request.remote_addr or ""):
        raise NotSignedIn("The API key is not valid")
    return found


def _refuse_forgery() -> None:
    """Refuse what another site's page makes a signed-in browser send.

    Tokens are not needed: browsers tell where a request comes from (Sec-Fetch-Site, older
    ones Origin), and pages cannot forge that. Source: OWASP CSRF cheat sheet, "Fetch
    metadata headers"; the algorithm of Go's net/http.CrossOriginProtection.
    """
    if request.method in _SAFE_METHODS or "Authorization" in request.headers:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        is_own = site in {"same-origin", "none"}
    elif origin is not None:
        is_own = urlsplit(origin).netloc == request.host
    else:
        # No browser of today: without a cookie there is nobody's session to abuse.
        is_own = _session_token() == ""
    if not is_own:
        raise NotPermitted("The request was sent from another site's page")


def _cookie_name() -> str:
    # The prefix makes browsers refuse the cookie from other hosts and over plain HTTP.
    return "__Host-kbservice" if application().settings.secure_cookies else "kbservice_session"


def _session_token() -> str:
    return request.cookies.get(_cookie_name(), "")


def start_session(response: AnyResponse, signed_in: SignedIn) -> None:
    """Let the browser keep the session."""
    response.set_cookie(
        _cookie_name(),
        signed_in.token,
        max_age=SESSION_LIFETIME,
        path="/",
        secure=application().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )


def drop_session(response: AnyResponse) -> None:
    """End the browser's session, here and in the store."""
    if token := _session_token():
        application().accounts.sign_out(token)
    response.delete_cookie(
        _cookie_name(),
        path="/",
        secure=application().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )


def _protected(served: WSGIApplication, *, is_secure: bool) -> WSGIApplication:
    """Give every answer the protective headers that it does not state itself.

    Around the application, not within: there each header is checked and copied, which took a
    tenth of the time of a short answer.
    """
    protection = [*_HEADERS.items(), *(_SECURE_HEADERS.items() if is_secure else ())]

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            stated = {name for name, _ in headers}
            kept = _ASKED_FOR if "ETag" in stated else _NOT_KEPT
            further = [pair for pair in (*protection, kept) if pair[0] not in stated]
            return start_response(status, headers + further, exc_info)

        return served(environ, start)

    return answer
