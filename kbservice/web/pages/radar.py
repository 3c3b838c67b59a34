"""The page of incidents and repeats, and what staff say of them."""

from __future__ import annotations

from typing import get_args

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.errors import InvalidInput
from kbservice.services.radar_desk import Settled
from kbservice.services.sighting import grouped
from kbservice.web.context import application, principal
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.problem import rendered
from kbservice.web.security import requires


@pages.get("/radar")
@requires(Role.AGENT)
def radar() -> str:
    """Show what goes on, and what was probably handed in twice."""
    desk = application().radar_desk
    incidents = [
        {
            "shown": grouped(incident),
            "title": incident.parent.title,
            "last_at": incident.last_at,
        }
        for incident in desk.incidents(principal())
    ]
    return render_template(
        "radar/index.html", incidents=incidents, repeats=desk.proposed_repeats(principal())
    )


@pages.post("/tickets/<number>/repeat")
@requires(Role.AGENT)
def repeat_settle(number: str) -> Response:
    """Link a ticket to the one it repeats, or note that it is another matter."""
    try:
        application().radar_desk.settle_repeat(number, _verdict(), principal())
    except InvalidInput as error:
        flash(rendered(error))
    if request.form.get("back") == "radar":
        return see_other("pages.radar")
    return see_other("pages.ticket", number=number)


@pages.post("/radar/incidents/<int:incident_id>")
@requires(Role.AGENT)
def incident_settle(incident_id: int) -> Response:
    """Confirm or dismiss an incident."""
    parent = request.form.get("parent", "")
    try:
        application().radar_desk.settle_incident(
            incident_id, _verdict(), principal(), parent=parent
        )
    except InvalidInput as error:
        flash(rendered(error))
    if back := request.form.get("back", ""):
        return see_other("pages.ticket", number=back)
    return see_other("pages.radar")


def _verdict() -> Settled:
    """Return what the pressed button says.

    Raises:
        InvalidInput: It says nothing that we know.
    """
    given = request.form.get("verdict", "")
    said = next((known for known in get_args(Settled) if known == given), None)
    if said is None:
        raise InvalidInput.of("verdict", " | ".join(get_args(Settled)), given)
    verdict: Settled = said
    return verdict
