"""What of a record the search index may see: published text without personal data."""

from __future__ import annotations

from kbservice.domain.article import Article, ArticleState, Visibility
from kbservice.domain.ticket import Ticket
from kbservice.search.documents import SearchDocument
from kbservice.text.redaction import redact


def document_of_article(article: Article) -> SearchDocument | None:
    """Return the indexed form, or None while the article is not published."""
    if article.state != ArticleState.PUBLISHED:
        return None
    return SearchDocument(
        id=article.id,
        kind="article",
        title=article.title,
        sections=tuple(article.sections.items()),
        symptoms=tuple(article.symptoms),
        tags=tuple(article.tags),
        category=article.category or "",
        product=article.product or "",
        version=article.version or "",
        state=article.verification,
        visibility="public" if article.visibility == Visibility.PUBLIC else "internal",
        language=article.language,
        article_id=article.id,
        solved_count=article.solved_count,
        failed_count=article.failed_count,
        verification=article.verification,
        voices=article.voice_count,
        failures_heard=article.failures_heard,
        last_success_at=article.last_success_at,
        created_at=article.created_at,
        updated_at=article.updated_at,
        revision=article.revision,
    )


def document_of_ticket(ticket: Ticket) -> SearchDocument | None:
    """Return the indexed form, or None unless the ticket was solved."""
    resolution = ticket.resolution
    if resolution is None or resolution.outcome == "unsolved":
        return None
    solution = "\n".join(
        text for text in (resolution.summary, resolution.cause, resolution.steps) if text
    )
    sections = (("problem", ticket.body), ("solution", redact(solution).text))
    return SearchDocument(
        id=ticket.number,
        kind="ticket",
        title=ticket.title,
        sections=tuple((name, text) for name, text in sections if text),
        category=ticket.category or "",
        priority=ticket.priority or "",
        product=ticket.product or "",
        version=ticket.product_version or "",
        state=ticket.state,
        visibility="internal",
        language=ticket.language,
        article_id=resolution.article_id or "",
        solved_count=1,
        last_success_at=ticket.resolved_at,
        created_at=ticket.opened_at,
        updated_at=ticket.updated_at,
        revision=ticket.version,
    )
