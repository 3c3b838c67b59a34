"""Shapes of synonym rules."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from kbservice.domain.synonym import SynonymRule
from kbservice.search.documents import SearchHit
from kbservice.search.synonyms import MAX_RULE_CHARACTERS
from kbservice.services.synonyms import MAX_PREVIEWED, QueryPreview, SynonymImport
from kbservice.web.api.schemas.base import In, Out, version_tag
from kbservice.web.context import translate

RuleText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_RULE_CHARACTERS,
        description="`a, b, c`: equal words; `a => b, c`: who asks for a also gets b and c",
    ),
]


class SynonymIn(In):
    """A rule."""

    rule: RuleText


class SynonymPreviewIn(In):
    """A rule that is not stored yet, and what to try it on.

    Without `queries` the rule's own words and the latest searches that it changes are tried.
    `replaces`: the stored rule whose place it would take.
    """

    rule: RuleText
    queries: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=MAX_PREVIEWED)
    ] = Field([])
    replaces: int | None = None


class SynonymImportIn(In):
    """Rules, one a line; what follows a # is a remark."""

    text: str = Field(max_length=500_000)


class SynonymOut(Out):
    """A stored rule."""

    id: int
    rule: str
    author: str
    version: int
    version_tag: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, rule: SynonymRule) -> Self:
        """Present a rule."""
        return cls(
            id=rule.id,
            rule=rule.rule,
            author=rule.author,
            version=rule.version,
            version_tag=version_tag(rule.version),
            created_at=rule.created_at,
            updated_at=rule.updated_at,
        )


class PreviewedHitOut(Out):
    """One of the first hits."""

    id: str
    kind: Literal["article", "ticket"]
    title: str

    @classmethod
    def of(cls, hit: SearchHit) -> Self:
        """Present a hit."""
        return cls(id=hit.id, kind=hit.document.kind, title=hit.document.title)


class QueryPreviewOut(Out):
    """What one query finds without and with the rule; ids of what it gains and loses."""

    query: str
    total_before: int
    total_after: int
    before: list[PreviewedHitOut]
    after: list[PreviewedHitOut]
    gained: list[str]
    lost: list[str]

    @classmethod
    def of(cls, preview: QueryPreview) -> Self:
        """Present a comparison."""
        return cls(
            query=preview.query,
            total_before=preview.total_before,
            total_after=preview.total_after,
            before=[PreviewedHitOut.of(hit) for hit in preview.before],
            after=[PreviewedHitOut.of(hit) for hit in preview.after],
            gained=list(preview.gained),
            lost=list(preview.lost),
        )


class SynonymPreviewOut(Out):
    """The comparison of each query."""

    items: list[QueryPreviewOut]


class RefusedLineOut(Out):
    """A line that is no rule."""

    line: int
    text: str
    reason: str


class SynonymImportOut(Out):
    """What became of the lines."""

    added: int
    known: int
    refused: list[RefusedLineOut]

    @classmethod
    def of(cls, report: SynonymImport) -> Self:
        """Present a report."""
        refused = [
            RefusedLineOut(
                line=item.line,
                text=item.text[:200],
                reason=translate(item.error.message, **item.error.facts),
            )
            for item in report.refused
        ]
        return cls(added=report.added, known=report.known, refused=refused)
