"""The values that filters mean: people write the names that they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from difflib import get_close_matches
from functools import partial

from kbservice.search.documents import Filters
from kbservice.services.labels import Labels
from kbservice.services.profiles import ProfileBook

_FIELDS = ("category", "state")
"""Fields whose values the profiles name."""
_MOST_NEAR = 3
_ALIKE = 0.7


class FilterValues:
    """Reads names of either language, in any case, as the values of all profiles."""

    def __init__(self, profiles: ProfileBook) -> None:
        self._profiles = profiles
        self._labels: dict[tuple[str, int], Labels] = {}

    def read(self, filters: Filters) -> Filters:
        """Return the filters with values in the place of names; what is neither stays."""
        return self._replaced(filters, lambda field, stated: self._known(field, stated) or [stated])

    def nearest(self, filters: Filters) -> Filters:
        """Return the filters with the values of the most similar names in the place of unknown ones."""
        return self._replaced(
            filters,
            lambda field, stated: (
                self._known(field, stated) or self._near(field, stated) or [stated]
            ),
        )

    def _replaced(self, filters: Filters, values: Callable[[str, str], Iterable[str]]) -> Filters:
        if not (filters.category or filters.state or filters.without or filters.also):
            return filters
        without = (
            (field, value)
            for field, stated in filters.without
            for value in (values(field, stated) if field in _FIELDS else (stated,))
        )
        also = (
            (field, _each(stated, partial(values, field)) if field in _FIELDS else stated)
            for field, stated in filters.also
        )
        return replace(
            filters,
            category=_each(filters.category, partial(values, "category")),
            state=_each(filters.state, partial(values, "state")),
            without=tuple(dict.fromkeys(without)),
            also=tuple(also),
        )

    def _known(self, field: str, stated: str) -> list[str]:
        found = (labels.known(field, stated) for labels in self._all())
        return list(dict.fromkeys(filter(None, found)))

    def _near(self, field: str, stated: str) -> list[str]:
        names = {name: value for labels in self._all() for name, value in labels.names(field)}
        wanted = Labels.folded(stated)
        near = [name for name in names if wanted and wanted in name]
        near = near or get_close_matches(wanted, names, n=_MOST_NEAR, cutoff=_ALIKE)
        return list(dict.fromkeys(names[name] for name in near))[:_MOST_NEAR]

    def _all(self) -> list[Labels]:
        """Return the names of every profile, the default one's first."""
        found = []
        for key in self._profiles.available():
            profile = self._profiles.get(key)
            place = (profile.key, profile.version)
            if place not in self._labels:
                self._labels[place] = Labels(profile)
            found.append(self._labels[place])
        return found


def _each(stated: Iterable[str], values: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for one in stated for value in values(one)))
