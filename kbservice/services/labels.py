"""The profile's own value behind a label that an import states."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from kbservice.profiles.schema import Profile
from kbservice.profiles.wording import Bilingual


class Labels:
    """Finds values by their Chinese or English label; unknown ones are no one's default."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        levels = profile.satisfaction.levels if profile.satisfaction else ()
        self._values = {
            "category": _by_label((item.value, item.labels) for item in profile.categories),
            "priority": _by_label((item.value, item.labels) for item in profile.priorities),
            "urgency": _by_label((item.value, item.labels) for item in profile.urgencies),
            "kind": _by_label((item.value, item.labels) for item in profile.kinds),
            "channel": _by_label((item.value, item.labels) for item in profile.channels),
            "satisfaction": _by_label((item.value, item.labels) for item in levels),
            "state": _by_label((item.key, item.labels) for item in profile.states),
        }

    def known(self, field: str, stated: str) -> str:
        """Return the profile's value for a label or value, or empty if it has none."""
        return self._values[field].get(_fold(stated), "")

    def names(self, field: str) -> Iterable[tuple[str, str]]:
        """Return every folded name of a field with its value."""
        return self._values[field].items()

    @staticmethod
    def folded(name: str) -> str:
        """Return the form in which names are compared."""
        return _fold(name)

    def value(self, field: str, stated: str) -> str:
        """Return the profile's value, or what was stated: labels of the instance's own."""
        return self.known(field, stated) or stated


def _by_label(items: Iterable[tuple[str, Bilingual]]) -> dict[str, str]:
    table: dict[str, str] = {}
    for value, labels in items:
        for name in (labels.zh, labels.en, value):
            table[_fold(name)] = value
    return table


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
