"""The search page."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.errors import QuerySyntaxError
from kbservice.services.retrieval import SearchRequest
from kbservice.web.context import application, principal
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.problem import rendered
from kbservice.web.security import requires

_SIZE = 10
_FILTERS = ("kind", "category", "product", "version", "tag")


@pages.get("/")
@requires(Role.INTAKE)
def search() -> str | Response:
    """Show hits with snippets and facets; intake accounts land on the ticket form."""
    if not principal().is_staff:
        return see_other("pages.ticket_new")
    query = request.args.get("q", "").strip()
    chosen = {name: values for name in _FILTERS if (values := request.args.getlist(name))}
    facts: dict[str, object] = {
        "q": query,
        "chosen": chosen,
        "page": max(1, request.args.get("page", 1, type=int)),
        "size": _SIZE,
        "toggled": toggled,
        "turned": turned,
    }
    if query or chosen:
        facts |= _answer(query, chosen, int(str(facts["page"])))
    return render_template("search/index.html", **facts)


def _answer(query: str, chosen: dict[str, list[str]], page: int) -> dict[str, object]:
    kinds = chosen.get("kind", [])
    wanted = SearchRequest(
        q=query,
        kind="article" if kinds == ["article"] else "ticket" if kinds == ["ticket"] else None,
        category=tuple(chosen.get("category", ())),
        product=tuple(chosen.get("product", ())),
        version=tuple(chosen.get("version", ())),
        tag=tuple(chosen.get("tag", ())),
        size=_SIZE,
        page=page,
    )
    try:
        return {"answer": application().retrieval.search(wanted, principal())}
    except QuerySyntaxError as error:
        return {"error": rendered(error)}


def toggled(field: str, value: str) -> str:
    """Return this search with one filter value added or taken away."""
    values: MultiDict[str, str] = MultiDict(request.args)
    values.poplist("page")
    chosen = values.poplist(field)
    kept = [item for item in chosen if item != value]
    if value not in chosen:
        kept = [value] if field == "kind" else [*kept, value]
    values.setlist(field, kept)
    return _address(values)


def turned(page: int) -> str:
    """Return this search at another page."""
    values: MultiDict[str, str] = MultiDict(request.args)
    values["page"] = str(page)
    return _address(values)


def _address(values: MultiDict[str, str]) -> str:
    parameters: dict[str, Any] = {key: values.getlist(key) for key in values}
    return url_for("pages.search", **parameters)
