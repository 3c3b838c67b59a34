"""Why a document was found: what each term adds to its score, and in which field."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kbservice.search.documents import Reason, SearchDocument
from kbservice.search.naming import folded_id
from kbservice.search.recipe import NAMED, Averages, QueryTerm, TermCounts, saturate


def reasons(
    document: SearchDocument,
    terms: Iterable[QueryTerm],
    averages: Averages,
    names: Collection[str] = (),
) -> tuple[Reason, ...]:
    """Return the parts of a document's score, the strongest first; their sum is the score.

    A term's part is shared among the fields that hold it, by what each adds to its weight.
    Streams are told together: a word and the same two characters are one term to a reader.
    The id counts, as a field of its own, if it is among the folded ``names`` of the query.
    """
    weights = _weights(TermCounts.of(document), averages)
    parts: dict[tuple[str, str], float] = {}
    for item in terms:
        held = {
            field: found[item.term]
            for field, found in weights[item.stream].items()
            if item.term in found
        }
        whole = sum(held.values())
        for field, weight in held.items():
            part = item.factor * saturate(whole) * weight / whole
            key = (item.term, field)
            parts[key] = parts.get(key, 0.0) + part
    if folded_id(document.id) in names:
        parts[document.id, "id"] = NAMED
    ordered = sorted(parts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(Reason(term=term, field=field, score=part) for (term, field), part in ordered)


def _weights(counts: TermCounts, averages: Averages) -> dict[str, dict[str, dict[str, float]]]:
    """Return stream -> field -> term -> what the field adds to the term's weight."""
    return {
        stream: {
            field: TermCounts({stream: {field: found}}).weigh(stream, averages)
            for field, found in fields.items()
        }
        for stream, fields in counts.counts.items()
    }
