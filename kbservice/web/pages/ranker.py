"""The ranker of known fixes: its releases, and what each learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.errors import KbServiceError
from kbservice.web.context import application, principal, translate
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.pages.releases import returnable
from kbservice.web.problem import rendered
from kbservice.web.security import requires

FEATURES: Final[Mapping[str, str]] = {
    "fixed_order": "The order without feedback",
    "score_share": "Search score against the best one",
    "lead": "Lead over the next one",
    "standing": "Place in the search",
    "summary_in_title": "The ticket’s summary in the title",
    "title_in_ticket": "The title in the ticket",
    "summary_in_text": "The ticket’s summary in the text",
    "codes": "Codes, versions and addresses in common",
    "asked_in_title": "Rare words in the title",
    "asked_in_text": "Rare words in the text",
    "similarity": "Similarity of the texts",
    "tags": "Tags that the ticket says",
    "wording": "Wording of tickets that it solved",
    "text_length": "Length of the text",
    "title_length": "Length of the title",
    "category": "Same category",
    "differences": "Other product, version or environment",
    "success": "Successes",
    "failure": "Failures",
    "freshness": "Freshness",
    "verified": "Verified",
    "votes": "Similar tickets that it solved",
}


@pages.get("/admin/ranker")
@requires(Role.LEAD)
def ranker() -> str:
    """Show the releases, and what the named or the current one learned."""
    ranking = application().ranking
    releases = ranking.releases()
    known = [item["id"] for item in sorted(releases, key=lambda item: not item["current"])]
    wanted = request.args.get("release") or next(iter(known), "")
    shown: dict[str, Any] = {}
    with suppress(KbServiceError):
        shown = ranking.release(wanted) if wanted in known else {}
    weights = sorted(shown.get("weights", {}).items(), key=lambda pair: -abs(pair[1]))
    return render_template(
        "admin/ranker.html",
        releases=releases,
        returnable=returnable(releases),
        wanted=wanted,
        shown=shown,
        weights=[(FEATURES[name], weight) for name, weight in weights if weight],
    )


@pages.post("/admin/ranker/promote")
@requires(Role.ADMIN)
def ranker_promote() -> Response:
    """Let a release rank from now on."""
    release = request.form.get("release", "")
    return _switched(lambda: application().ranking.promote(release, principal()))


@pages.post("/admin/ranker/rollback")
@requires(Role.ADMIN)
def ranker_rollback() -> Response:
    """Let the release before the current one rank again."""
    return _switched(lambda: application().ranking.rollback(principal()))


def _switched(switch: Callable[[], str]) -> Response:
    try:
        release = switch()
    except KbServiceError as error:
        flash(rendered(error))
    else:
        flash(translate("Release {release} ranks from now on", release=release))
    return see_other("pages.ranker")
