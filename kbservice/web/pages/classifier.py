"""The classifier's card: its releases, and how each did on tickets that it had not seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.errors import KbServiceError
from kbservice.services.training import ReleaseCard
from kbservice.triage.card import Card, ReliabilityBin
from kbservice.web.api.schemas.suggestion import label_of
from kbservice.web.context import application, locale, principal, translate
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.pages.releases import returnable
from kbservice.web.problem import rendered
from kbservice.web.security import requires

_AXES = ("category", "priority", "kind")
_SIDE = 240
_HEATS = 5


@pages.get("/admin/classifier")
@requires(Role.LEAD)
def classifier() -> str:
    """Show the releases, and the card of the named or the current one."""
    training = application().training
    releases = training.releases()
    sound = [item["id"] for item in releases if "error" not in item]
    wanted = request.args.get("release") or training.current() or next(iter(sound), "")
    shown = training.release(wanted) if wanted in sound else None
    return render_template(
        "admin/classifier.html",
        releases=releases,
        profiles=sorted({item["profile"] for item in releases}),
        returnable=returnable(releases),
        wanted=wanted,
        counts=[] if releases else training.label_counts(),
        **_card_of(shown),
    )


@pages.post("/admin/classifier/promote")
@requires(Role.ADMIN)
def classifier_promote() -> Response:
    """Let a release answer from now on."""
    release = request.form.get("release", "")
    try:
        application().training.promote(release, principal())
    except KbServiceError as error:
        flash(rendered(error))
    else:
        flash(translate("Release {release} classifies from now on", release=release))
    return see_other("pages.classifier")


@pages.post("/admin/classifier/rollback")
@requires(Role.ADMIN)
def classifier_rollback() -> Response:
    """Let the release before a profile's current one answer again."""
    try:
        release = application().training.rollback(principal(), request.form.get("profile", ""))
    except KbServiceError as error:
        flash(rendered(error))
    else:
        flash(translate("Release {release} classifies from now on", release=release))
    return see_other("pages.classifier")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bin of the reliability diagram, in the drawing's own units."""

    x: float
    y: float
    width: float
    height: float
    target: float
    bin: ReliabilityBin


def bars(bins: Sequence[ReliabilityBin]) -> list[Bar]:
    """Return where each bin stands: right where it was sure, high where it was right."""
    most = max((item.tickets for item in bins), default=1)
    return [
        Bar(
            x=round(item.confidence * _SIDE - _width(item, most) / 2, 1),
            y=round((1 - item.accuracy) * _SIDE, 1),
            width=_width(item, most),
            height=round(item.accuracy * _SIDE, 1),
            target=round((1 - item.confidence) * _SIDE, 1),
            bin=item,
        )
        for item in bins
    ]


def heats(matrix: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return how dark each cell is, 0 to 5: by its share of the row, since labels differ in size."""
    found = []
    for row in matrix:
        total = sum(row) or 1
        found.append([0 if not count else 1 + int((_HEATS - 1) * count / total) for count in row])
    return found


def _width(item: ReliabilityBin, most: int) -> float:
    return round(4 + 10 * math.sqrt(item.tickets / most), 1)


def _card_of(shown: ReleaseCard | None) -> dict[str, Any]:
    axis = request.args.get("axis", _AXES[0])
    if shown is None or axis not in shown.cards:
        axis = next(iter(shown.cards), _AXES[0]) if shown else _AXES[0]
    card: Card | None = shown.cards.get(axis) if shown else None
    return {
        "shown": shown,
        "axis": axis,
        "card": card,
        "names": _names(axis, shown.facts["profile"] if shown else ""),
        "bars": bars(card.reliability) if card else [],
        "heats": heats(card.matrix) if card else [],
        "side": _SIDE,
    }


def _names(axis: str, profile_key: str) -> Mapping[str, str]:
    return label_of(application().profiles.get(profile_key), axis, locale())
