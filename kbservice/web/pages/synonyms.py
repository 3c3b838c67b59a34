"""The administrator's page of the synonym book: write a rule, see what it changes, store it."""

from __future__ import annotations

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.errors import Conflict, IndexUnavailable, InvalidInput
from kbservice.web.context import application, principal, translate
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.problem import rendered
from kbservice.web.security import requires

_REFUSED_SHOWN = 5


@pages.get("/admin/synonyms")
@requires(Role.ADMIN)
def synonym_list() -> str:
    """Show the rules with a form for a new one, or for the one to ``edit``."""
    rules = application().synonyms.all(principal())
    edited = request.args.get("edit", type=int)
    rule = next((rule for rule in rules if rule.id == edited), None)
    return render_template("admin/synonyms.html", rules=rules, edited=rule)


@pages.post("/admin/synonyms")
@requires(Role.ADMIN)
def synonym_save() -> Response:
    """Store a new rule, or the changed one."""
    rule_id = request.form.get("id", type=int)
    text = request.form.get("rule", "")
    try:
        if rule_id is None:
            application().synonyms.add(text, principal())
        else:
            version = request.form.get("version", type=int)
            application().synonyms.change(
                rule_id, text, expected_version=version, principal=principal()
            )
    except (InvalidInput, Conflict) as error:
        flash(rendered(error))
    return see_other("pages.synonym_list")


@pages.post("/admin/synonyms/<int:rule_id>/remove")
@requires(Role.ADMIN)
def synonym_remove(rule_id: int) -> Response:
    """Delete a rule."""
    try:
        application().synonyms.remove(
            rule_id, expected_version=request.form.get("version", type=int), principal=principal()
        )
    except Conflict as error:
        flash(rendered(error))
    return see_other("pages.synonym_list")


@pages.post("/admin/synonyms/import")
@requires(Role.ADMIN)
def synonym_import() -> Response:
    """Add the rules of a text, one a line."""
    report = application().synonyms.import_lines(request.form.get("text", ""), principal())
    flash(
        translate(
            "{added} rules are added, {known} were known", added=report.added, known=report.known
        )
    )
    for item in report.refused[:_REFUSED_SHOWN]:
        flash(translate("Line {line}: {reason}", line=item.line, reason=rendered(item.error)))
    return see_other("pages.synonym_list")


@pages.post("/admin/synonyms/_preview")
@requires(Role.ADMIN)
def synonym_preview() -> str:
    """Return what searches would find with the rule in the form."""
    queries = [
        line for line in map(str.strip, request.form.get("queries", "").splitlines()) if line
    ]
    facts: dict[str, object] = {}
    try:
        facts["previews"] = application().synonyms.preview(
            request.form.get("rule", ""),
            queries,
            principal(),
            replaces=request.form.get("id", type=int),
        )
    except (InvalidInput, IndexUnavailable) as error:
        facts["error"] = rendered(error)
    return render_template("admin/_synonym_preview.html", **facts)
