"""Callers of the API: one for each role, and a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Role

API = "/api/v1"


@dataclass(frozen=True)
class Caller:
    """Sends requests with one key."""

    client: FlaskClient
    key: str = ""

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send one request; a path without a leading slash is one of the API."""
        headers = dict(options.pop("headers", {}))
        if self.key:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        address = path if path.startswith("/") else f"{API}/{path}"
        return self.client.open(address, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Send a GET."""
        return self("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Send a POST, with a JSON body where one is given."""
        return self("POST", path, **options, **({} if body is None else {"json": body}))

    def patch(self, path: str, body: Any, **options: Any) -> TestResponse:
        """Send a PATCH."""
        return self("PATCH", path, json=body, **options)

    def delete(self, path: str) -> TestResponse:
        """Send a DELETE."""
        return self("DELETE", path)


def key_for(application: Application, role: Role) -> str:
    """Return the key of a new account with this role."""
    name = f"{role.value}-caller"
    application.accounts.create(name, role, actor=SYSTEM)
    return application.accounts.issue_key(name, role, actor=SYSTEM).key
