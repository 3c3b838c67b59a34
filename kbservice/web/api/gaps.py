"""Gaps in the knowledge: what no article answers."""

from __future__ import annotations

from kbservice.domain.account import Role
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.base import PageOut
from kbservice.web.api.schemas.gap import GapOut, GapVerdictIn
from kbservice.web.context import application, principal
from kbservice.web.security import requires


@api.get("/admin/knowledge-gaps")
@requires(Role.LEAD)
@contract(tag="admin", answers=PageOut[GapOut])
def gap_list() -> PageOut[GapOut]:
    """List what no article answers: first tickets, then searches; the most frequent first."""
    return PageOut[GapOut](items=[GapOut.of(gap) for gap in application().gaps.listed(principal())])


@api.post("/admin/knowledge-gaps/<gap_id>")
@requires(Role.LEAD)
@contract(tag="admin", status=204)
def gap_settle(gap_id: str, json: GapVerdictIn) -> tuple[str, int]:
    """Close a gap: an article was written, or none is needed."""
    application().gaps.settle(gap_id, json.verdict, principal(), article_id=json.article_id or "")
    return "", 204
