"""Whether tickets are still like those that the classifier learned from."""

from __future__ import annotations

from kbservice.domain.account import Role
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.base import Query
from kbservice.web.api.schemas.drift import DriftOut
from kbservice.web.context import application, locale
from kbservice.web.security import requires


@api.get("/admin/drift")
@requires(Role.LEAD)
@contract(tag="admin", answers=DriftOut)
def drift_show(query: Query) -> DriftOut:  # noqa: ARG001  # its locale
    """Compare the last weeks' tickets with those that the classifier learned from."""
    return DriftOut.of(application().drift.report(), locale())
