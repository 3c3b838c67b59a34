"""The search page: every state of it is an address, every filter a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, get_args

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.errors import QuerySyntaxError
from kbservice.search.documents import Reason, SearchHit, Sort
from kbservice.services.retrieval import SearchRequest
from kbservice.text.tokens import spans
from kbservice.web.api.schemas.suggestion import label_of
from kbservice.web.context import application, locale, principal, translate
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.problem import rendered
from kbservice.web.searching import MAX_OFFSET, dated, heed, relaxation_notice
from kbservice.web.security import requires

_SIZE = 10
_LAST_PAGE = MAX_OFFSET // _SIZE
_FILTERS = ("kind", "category", "product", "version", "tag", "state")
_SORTS: tuple[Sort, ...] = get_args(Sort)
_TRANSLATED = frozenset({"kind", "state"})
_REASONS = 6
_AROUND = 40


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a query cannot be read: what stands there, and a little around it."""

    message: str
    before: str
    at: str
    after: str

    @classmethod
    def of(cls, error: QuerySyntaxError, query: str) -> Self:
        """Find the column of an error in what was typed."""
        start = min(int(error.facts["column"]) - 1, len(query))
        found = re.compile(r"\S*").match(query, start)
        end = min(found.end() if found else start, start + _AROUND)
        return cls(
            message=rendered(error),
            before=query[max(0, start - _AROUND) : start],
            at=query[start:end],
            after=query[end : end + _AROUND],
        )


@pages.get("/")
@requires(Role.INTAKE)
def search() -> str | Response:
    """Show hits with snippets and facets; intake accounts land on the ticket form."""
    if not principal().is_staff:
        return see_other("pages.ticket_new")
    query = request.args.get("q", "").strip()
    chosen = {name: values for name in _FILTERS if (values := request.args.getlist(name))}
    page = min(max(1, request.args.get("page", 1, type=int)), _LAST_PAGE)
    sort = request.args.get("sort", "relevance")
    facts: dict[str, object] = {
        "q": query,
        "chosen": chosen,
        "page": page,
        "last_page": _LAST_PAGE,
        "limit": MAX_OFFSET,
        "size": _SIZE,
        "sort": sort,
        "sorts": _SORTS,
        "explain": _is_explained(),
        "toggled": toggled,
        "changed": changed,
        "main_reasons": main_reasons,
        "named": _namer(),
    }
    if query or chosen:
        facts |= _answer(query, chosen, page)
    return render_template("search/index.html", **facts)


def _answer(query: str, chosen: dict[str, list[str]], page: int) -> dict[str, object]:
    kinds = chosen.get("kind", [])
    named = request.args.get("sort", "")
    wanted = SearchRequest(
        q=query,
        kind="article" if kinds == ["article"] else "ticket" if kinds == ["ticket"] else None,
        category=tuple(chosen.get("category", ())),
        product=tuple(chosen.get("product", ())),
        version=tuple(chosen.get("version", ())),
        tag=tuple(chosen.get("tag", ())),
        state=tuple(chosen.get("state", ())),
        sort=next((sort for sort in _SORTS if sort == named), "relevance"),
        size=_SIZE,
        page=page,
        explain=_is_explained(),
    )
    try:
        answer = application().retrieval.search(dated(wanted), principal())
    except QuerySyntaxError as error:
        return {"error": Spot.of(error, query)}
    heed(wanted, answer, principal())
    return {"answer": answer, "notice": relaxation_notice(answer.page)}


def _namer() -> Callable[[str, str], str]:
    """Return what tells a filter value's name: the profile's for a category, others translated."""
    categories = label_of(application().profiles.get(), "category", locale())

    def name(field: str, value: str) -> str:
        if field == "category":
            return categories.get(value, value)
        return translate(value) if field in _TRANSLATED else value

    return name


def _is_explained() -> bool:
    return request.args.get("explain") == "1"


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


def changed(**parameters: object) -> str:
    """Return this search with other parameters; at its first page unless that is one of them."""
    values: MultiDict[str, str] = MultiDict(request.args)
    values.poplist("page")
    for name, value in parameters.items():
        values[name] = str(value)
    return _address(values)


def main_reasons(hit: SearchHit, query: str) -> list[Reason]:
    """Return what gave a hit the most of its score, as shares of it.

    Characters and pairs of characters are told with the longest word they are part of, and
    stems as the words that were typed.
    """
    typed = {span.term: span.text for span in spans(query)}
    whole = sum(reason.score for reason in hit.why) or 1.0
    shares: dict[tuple[str, str], float] = {}
    for reason in hit.why:
        words = [
            other.term
            for other in hit.why
            if other.field == reason.field and reason.term in other.term and " " not in other.term
        ]
        word = reason.term if reason.term.isascii() else max(words, key=len, default=reason.term)
        key = (word, reason.field)
        shares[key] = shares.get(key, 0.0) + reason.score / whole
    ordered = sorted(shares.items(), key=lambda entry: (-entry[1], entry[0]))
    return [
        Reason(
            term=" ".join(typed.get(part, part) for part in term.split(" ")),
            field=field,
            score=share,
        )
        for (term, field), share in ordered[:_REASONS]
    ]


def _address(values: MultiDict[str, str]) -> str:
    parameters: dict[str, Any] = {key: values.getlist(key) for key in values}
    return url_for("pages.search", **parameters)
