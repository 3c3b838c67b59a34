"""The index, the classifier and the health of the instance."""

from __future__ import annotations

from kbservice.domain.account import Role
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.card import ReleaseCardOut
from kbservice.web.api.schemas.operation import (
    DoctorOut,
    FindingOut,
    IndexOut,
    IndexStateOut,
    ReleaseOut,
    ReleasesOut,
    RollbackQuery,
)
from kbservice.web.context import application, principal
from kbservice.web.security import requires


@api.get("/admin/index")
@requires(Role.ADMIN)
@contract(tag="admin", answers=IndexOut)
def index_show() -> IndexOut:
    """Tell how the index stands beside the store."""
    return IndexOut.of(application().indexing.status())


@api.post("/admin/index/rollback")
@requires(Role.ADMIN)
@contract(tag="admin", answers=IndexStateOut)
def index_rollback() -> IndexStateOut:
    """Make the previous index generation answer again."""
    return IndexStateOut.of(application().indexing.rollback(principal()))


@api.get("/admin/classifiers")
@requires(Role.LEAD)
@contract(tag="admin", answers=ReleasesOut)
def classifier_list() -> ReleasesOut:
    """List classifier releases with what was measured when they were trained."""
    return ReleasesOut(items=list(application().training.releases()))


@api.get("/admin/classifiers/<release>")
@requires(Role.LEAD)
@contract(tag="admin", answers=ReleaseCardOut)
def classifier_show(release: str) -> ReleaseCardOut:
    """Show one release with its cards: how it did on tickets that it had not seen."""
    return ReleaseCardOut.of(application().training.release(release))


@api.post("/admin/classifiers/<release>/promote")
@requires(Role.ADMIN)
@contract(tag="admin", answers=ReleaseOut)
def classifier_promote(release: str) -> ReleaseOut:
    """Let a release answer its profile's tickets from now on."""
    application().training.promote(release, principal())
    return ReleaseOut(release=release)


@api.post("/admin/classifiers/rollback")
@requires(Role.ADMIN)
@contract(tag="admin", answers=ReleaseOut)
def classifier_rollback(query: RollbackQuery) -> ReleaseOut:
    """Let the release before a profile's current one answer again."""
    return ReleaseOut(release=application().training.rollback(principal(), query.profile))


@api.get("/admin/doctor")
@requires(Role.ADMIN)
@contract(tag="admin", answers=DoctorOut)
def doctor_show() -> DoctorOut:
    """Examine every part."""
    items = [FindingOut.of(finding) for finding in application().doctor.check()]
    return DoctorOut(ok=all(item.ok for item in items), items=items)
