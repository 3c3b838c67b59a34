"""Records in the import form: what the source stated, and ``record`` for the rest.

``record`` marks a row as our own: an import then takes its texts as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kbservice.domain.article import Article
from kbservice.domain.ticket import Resolution, Ticket
from kbservice.services.requesters import WORDING, unseal
from kbservice.services.row_facts import SOURCE_KEY
from kbservice.text.redaction import redact
from kbservice.vault import Vault

_ARTICLE_FACTS = ("category", "product", "version", "kind", "url", "visibility", "verification")
_TICKET_FACTS = ("kind", "category", "urgency", "priority", "product", "channel", "satisfaction")


def article_row(article: Article) -> dict[str, Any]:
    """Return an article as one import row."""
    return _filled(
        {
            "id": article.id,
            "source_id": article.source_id if article.source_id != article.id else None,
            "title": article.title,
            "sections": article.sections,
            "tags": article.tags,
            **{name: getattr(article, name) for name in _ARTICLE_FACTS},
            "lang": article.language,
            "created_at": _iso(article.created_at),
            "updated_at": _iso(article.updated_at),
            "extra": _extra(article.extra),
            "record": _filled(
                {
                    "state": str(article.state),
                    "revision": article.revision,
                    "published_at": _iso(article.published_at),
                    "solved": article.solved_count,
                    "failed": article.failed_count,
                    "last_success_at": _iso(article.last_success_at),
                    "symptoms": article.symptoms,
                }
            ),
        }
    )


def ticket_row(ticket: Ticket, vault: Vault | None = None) -> dict[str, Any]:
    """Return a ticket as one import row; with the vault, its requester unmasked."""
    requester: Mapping[str, Any] = ticket.requester_masked
    wording = {name: getattr(ticket, name) or "" for name in WORDING}
    if vault is not None:
        plain = unseal(vault, ticket.number, ticket.requester_sealed)
        requester = {name: plain.get(name, "") for name in requester}
        for name, shown in wording.items():
            # What was edited since is newer than what was sealed at intake.
            if redact(plain.get(name, "")).text == shown:
                wording[name] = plain.get(name, "")
    return _filled(
        {
            "id": ticket.source_id,
            "number": ticket.number,
            "profile": {"key": ticket.profile_key, "version": ticket.profile_version},
            **wording,
            **{name: getattr(ticket, name) for name in _TICKET_FACTS},
            "version": ticket.product_version,
            "lang": ticket.language,
            "requester": _filled(requester),
            "state": ticket.state,
            "created_at": _iso(ticket.opened_at),
            "first_response_at": _iso(ticket.first_response_at),
            "resolved_at": _iso(ticket.resolved_at),
            "updated_at": _iso(ticket.updated_at),
            "article_id": ticket.resolution.article_id if ticket.resolution else None,
            "resolution": _resolution(ticket.resolution),
            "extra": _extra(ticket.extra),
            "record": _process(ticket),
        }
    )


def _resolution(resolution: Resolution | None) -> dict[str, Any] | None:
    if resolution is None:
        return None
    return _filled(
        {
            "outcome": resolution.outcome,
            "summary": resolution.summary,
            "cause": resolution.cause,
            "steps": resolution.steps,
            "is_new_article": resolution.is_new_article,
            "verification": resolution.verification,
            "author": resolution.author,
            "created_at": _iso(resolution.created_at),
        }
    )


def _process(ticket: Ticket) -> dict[str, Any]:
    return _filled(
        {
            "version": ticket.version,
            "category_by": ticket.category_by,
            "priority_by": ticket.priority_by,
            "kind_by": ticket.kind_by,
            "response_due_at": _iso(ticket.response_due_at),
            "resolution_due_at": _iso(ticket.resolution_due_at),
            "clocks": ticket.clocks,
            "missing": ticket.missing,
            "degraded": ticket.degraded,
        }
    )


def _extra(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {name: extra[name] for name in sorted(extra) if name != SOURCE_KEY}


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing; False and 0 do say something."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
