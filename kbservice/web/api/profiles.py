"""Process profiles, for forms that offer categories and urgencies."""

from __future__ import annotations

from kbservice.domain.account import Role
from kbservice.profiles.schema import Profile
from kbservice.web.api.blueprint import api
from kbservice.web.api.conditions import weak_etag
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.base import PageOut, Query
from kbservice.web.api.schemas.profile import ProfileBrief, ProfileQuery
from kbservice.web.context import application, locale
from kbservice.web.security import requires


@api.get("/profiles")
@requires(Role.INTAKE)
@contract(tag="profiles", answers=PageOut[ProfileBrief])
def profile_list(query: Query) -> PageOut[ProfileBrief]:  # noqa: ARG001  # its locale
    """List the profiles of this instance, the default one first."""
    book = application().profiles
    return PageOut[ProfileBrief](
        items=[
            ProfileBrief.of(book.get(key), locale(), is_default=key == book.default_key)
            for key in book.available()
        ]
    )


@api.get("/profiles/<key>")
@requires(Role.INTAKE)
@contract(tag="profiles", answers=Profile)
def profile_show(key: str, query: ProfileQuery) -> tuple[Profile, dict[str, str]]:
    """Return a profile: categories, priorities, clocks, states and where each comes from."""
    profile = application().profiles.get(key, query.version)
    return profile, weak_etag(profile.key, profile.version)
