"""Which corrections of a search are worth proposing: those that find more, or lose less."""

from __future__ import annotations

from kbservice.search.documents import SearchPage, SearchQuery

# Fewer hits than this may come from a mistyped word.
_FEW_HITS = 3


def may_be_mistyped(page: SearchPage, query: SearchQuery) -> bool:
    """Tell whether little was found, and on a first page."""
    is_first = query.page == 1 and query.after is None and bool(query.clauses)
    return is_first and (page.relaxed or page.total < _FEW_HITS)


def is_better(
    typed: SearchQuery, page: SearchPage, proposal: SearchQuery, found: SearchPage
) -> bool:
    """Tell whether what a proposal found is nearer to what was meant than the page as typed."""
    return _finds_more(found, page) or _is_understood(typed, page, proposal, found)


def _is_understood(
    typed: SearchQuery, page: SearchPage, proposal: SearchQuery, found: SearchPage
) -> bool:
    """Tell whether mistyped words, given up as typed, are kept as proposed."""
    before, after = (
        {term.text for clause in query.clauses for term in clause.own}
        for query in (typed, proposal)
    )
    is_as_full = found.total > 0 and len(found.dropped) <= len(page.dropped)
    mistyped, corrected = before - after, after - before
    is_mended = bool(mistyped) and mistyped <= set(page.dropped)
    return is_as_full and is_mended and corrected.isdisjoint(found.dropped)


def _finds_more(found: SearchPage, page: SearchPage) -> bool:
    """Tell whether a correction's hits are more, or match what was asked more fully."""
    if not (found.total and page.total):
        return found.total > 0
    if found.relaxed != page.relaxed:
        return page.relaxed
    if page.relaxed:
        return len(found.dropped) < len(page.dropped)
    return found.total > page.total
