"""The API's own description: OpenAPI for programs, one page for people."""

from __future__ import annotations

from flask import Response, jsonify, render_template

from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import document
from kbservice.web.security import open_access


@api.get("/openapi.json")
@open_access
def openapi() -> Response:
    """Return the OpenAPI document."""
    return jsonify(document())


@api.get("/docs")
@open_access
def docs() -> str:
    """Show the OpenAPI document to people."""
    return render_template("api/docs.html", document=document())
