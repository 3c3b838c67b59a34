"""Search without an index: the store is read through, nothing is ranked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from kbservice.search.documents import Clause, SearchDocument, SearchHit, SearchPage, SearchQuery
from kbservice.search.filtering import allows
from kbservice.services.projection import document_of_article
from kbservice.store import articles
from kbservice.store.database import Database
from kbservice.text.normalise import fold_text

_MOST_HITS: Final = 50
# Rows that hold the words but may fail a filter: what is looked at is bounded, not what is found.
_MOST_ROWS: Final = 2_000


def from_store(database: Database, query: SearchQuery) -> SearchPage:
    """Return published articles that hold the words literally, latest change first.

    Every filter and exclusion holds; solved tickets are not looked through, so that there is
    none of ``kind:ticket``.
    """
    with database.reading() as session:
        rows = articles.containing(
            session,
            [[term.text for term in clause.terms] for clause in _positive(query)],
            public_only="public" in query.filters.visibility,
            limit=_MOST_ROWS,
        )
        read = (document for row in rows if (document := document_of_article(row)))
        documents = list(islice(_passing(query, read), _MOST_HITS))
    # Nothing is ranked: behind a place in an order there is nothing.
    start = len(documents) if query.after else (query.page - 1) * query.size
    shown = documents[start : start + query.size]
    return SearchPage(
        hits=tuple(SearchHit(document=document, score=0.0) for document in shown),
        total=len(documents),
        terms=tuple(term.text for clause in _positive(query) for term in clause.terms),
    )


def _positive(query: SearchQuery) -> list[Clause]:
    return [clause for clause in query.clauses if not clause.negated]


def _passing(query: SearchQuery, documents: Iterator[SearchDocument]) -> Iterator[SearchDocument]:
    # The store has looked for these already, if not in one field.
    checked = [c for c in query.clauses if c.negated or any(term.field for term in c.terms)]
    for document in documents:
        if allows(query.filters, document) and all(
            _holds(clause, document) != clause.negated for clause in checked
        ):
            yield document


def _holds(clause: Clause, document: SearchDocument) -> bool:
    return any(_folded(term.text) in _folded(_text(document, term.field)) for term in clause.terms)


def _text(document: SearchDocument, field: str) -> str:
    match field:
        case "title":
            return document.title
        case "text":
            return document.text
        case _:
            return "\n".join((document.title, document.text, *document.symptoms, *document.tags))


def _folded(text: str) -> str:
    return fold_text(text).lower()
