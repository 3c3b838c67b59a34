"""What the pages of trained releases share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def returnable(releases: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the profiles whose current release has a sound one before it.

    Releases that belong to no profile count as those of an empty one.
    """
    current = {item.get("profile", ""): item["id"] for item in releases if item["current"]}
    return sorted(
        {
            profile
            for item in releases
            if "error" not in item
            and (profile := item.get("profile", "")) in current
            and item["id"] < current[profile]
        }
    )
