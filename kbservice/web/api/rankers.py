"""The releases of the ranker of known fixes."""

from __future__ import annotations

from kbservice.domain.account import Role
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.operation import RankerOut, ReleaseOut, ReleasesOut
from kbservice.web.context import application, principal
from kbservice.web.security import requires


@api.get("/admin/rankers")
@requires(Role.LEAD)
@contract(tag="admin", answers=ReleasesOut)
def ranker_list() -> ReleasesOut:
    """List ranker releases with what was measured when they were trained."""
    return ReleasesOut(items=application().ranking.releases())


@api.get("/admin/rankers/<release>")
@requires(Role.LEAD)
@contract(tag="admin", answers=RankerOut)
def ranker_show(release: str) -> RankerOut:
    """Show one release with what it learned."""
    return RankerOut(release=application().ranking.release(release))


@api.post("/admin/rankers/<release>/promote")
@requires(Role.ADMIN)
@contract(tag="admin", answers=ReleaseOut)
def ranker_promote(release: str) -> ReleaseOut:
    """Let a release rank from now on."""
    return ReleaseOut(release=application().ranking.promote(release, principal()))


@api.post("/admin/rankers/rollback")
@requires(Role.ADMIN)
@contract(tag="admin", answers=ReleaseOut)
def ranker_rollback() -> ReleaseOut:
    """Let the release before the current one rank again."""
    return ReleaseOut(release=application().ranking.rollback(principal()))
