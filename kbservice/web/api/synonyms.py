"""The synonym book: rules that apply to searches as soon as they are stored."""

from __future__ import annotations

from flask import url_for

from kbservice.domain.account import Role
from kbservice.web.api.blueprint import api
from kbservice.web.api.conditions import etag_of, expected_version
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.base import PageOut
from kbservice.web.api.schemas.synonym import (
    QueryPreviewOut,
    SynonymImportIn,
    SynonymImportOut,
    SynonymIn,
    SynonymOut,
    SynonymPreviewIn,
    SynonymPreviewOut,
)
from kbservice.web.context import application, principal
from kbservice.web.security import requires

Headers = dict[str, str]


@api.get("/admin/synonyms")
@requires(Role.ADMIN)
@contract(tag="admin", answers=PageOut[SynonymOut])
def synonym_list() -> PageOut[SynonymOut]:
    """List the rules, oldest first."""
    rules = application().synonyms.all(principal())
    return PageOut[SynonymOut](items=[SynonymOut.of(rule) for rule in rules])


@api.post("/admin/synonyms")
@requires(Role.ADMIN)
@contract(tag="admin", answers=SynonymOut, status=201)
def synonym_add(json: SynonymIn) -> tuple[SynonymOut, int, Headers]:
    """Add a rule; searches follow at once."""
    rule = application().synonyms.add(json.rule, principal())
    location = url_for("api.synonym_show", rule_id=rule.id)
    return SynonymOut.of(rule), 201, {"Location": location, **etag_of(rule.version)}


@api.get("/admin/synonyms/<int:rule_id>")
@requires(Role.ADMIN)
@contract(tag="admin", answers=SynonymOut)
def synonym_show(rule_id: int) -> tuple[SynonymOut, Headers]:
    """Return one rule."""
    rule = application().synonyms.get(rule_id, principal())
    return SynonymOut.of(rule), etag_of(rule.version)


@api.patch("/admin/synonyms/<int:rule_id>")
@requires(Role.ADMIN)
@contract(tag="admin", answers=SynonymOut)
def synonym_change(rule_id: int, json: SynonymIn) -> tuple[SynonymOut, Headers]:
    """Replace a rule; If-Match guards against lost updates."""
    rule = application().synonyms.change(
        rule_id, json.rule, expected_version=expected_version(), principal=principal()
    )
    return SynonymOut.of(rule), etag_of(rule.version)


@api.delete("/admin/synonyms/<int:rule_id>")
@requires(Role.ADMIN)
@contract(tag="admin", status=204)
def synonym_remove(rule_id: int) -> tuple[str, int]:
    """Delete a rule; If-Match guards against deleting what somebody changed."""
    application().synonyms.remove(
        rule_id, expected_version=expected_version(), principal=principal()
    )
    return "", 204


@api.post("/admin/synonyms/preview")
@requires(Role.ADMIN)
@contract(tag="admin", answers=SynonymPreviewOut)
def synonym_preview(json: SynonymPreviewIn) -> SynonymPreviewOut:
    """Tell what searches would find with a rule, without storing it."""
    found = application().synonyms.preview(
        json.rule, json.queries, principal(), replaces=json.replaces
    )
    return SynonymPreviewOut(items=[QueryPreviewOut.of(item) for item in found])


@api.post("/admin/synonyms/import")
@requires(Role.ADMIN)
@contract(tag="admin", answers=SynonymImportOut)
def synonym_import(json: SynonymImportIn) -> SynonymImportOut:
    """Add many rules; what is no rule is told line by line, known rules are skipped."""
    return SynonymImportOut.of(application().synonyms.import_lines(json.text, principal()))
