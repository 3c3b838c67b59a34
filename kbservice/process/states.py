"""States of a ticket, looked up in its profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kbservice.errors import NotFound

if TYPE_CHECKING:
    from kbservice.profiles.clocks import Event
    from kbservice.profiles.schema import Profile, State


def initial_state(profile: Profile) -> State:
    """Return the state of a new ticket."""
    return profile.initial_state


def state_after(profile: Profile, event: Event) -> State:
    """Return where a ticket lands when ``event`` is recorded without the steps before it.

    Raises:
        NotFound: The profile does not say.
    """
    key = profile.landing_states.get(event)
    if key is None:
        raise NotFound(
            "Profile {profile} names no state after {event}", profile=profile.key, event=event
        )
    return profile.state(key)
