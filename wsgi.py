"""The application for WSGI servers: ``waitress-serve wsgi:app``."""

from __future__ import annotations

from kbservice.web.app import create_app

app = create_app()
