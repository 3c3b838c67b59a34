"""The process profiles of this instance: the shipped ones and its own."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from threading import Lock

from kbservice.errors import InvalidInput, NotFound
from kbservice.profiles import available, load, read
from kbservice.profiles.schema import Profile

_FILE = re.compile(r"^(?P<key>[a-z][a-z0-9-]*)@(?P<version>[1-9]\d*)\.toml$")


class ProfileBook:
    """Finds profiles by key and version.

    An instance's own profiles are files ``instance/profiles/KEY@VERSION.toml``; they win
    over shipped ones. A version's file is never changed once tickets pin it.
    """

    def __init__(self, folder: Path, default_key: str) -> None:
        self._folder = folder
        self._default_key = default_key
        self._cache: dict[tuple[str, int], Profile] = {}
        self._lock = Lock()

    @property
    def default_key(self) -> str:
        """Key of the profile for tickets that name none."""
        return self._default_key

    def available(self) -> tuple[str, ...]:
        """Return every profile key, the default one first."""
        keys = sorted({*available(), *(key for key, _ in self._own())})
        return tuple(sorted(keys, key=lambda key: key != self._default_key))

    def get(self, key: str = "", version: int | None = None) -> Profile:
        """Return a profile; the newest version unless one is named.

        Raises:
            NotFound: There is no such profile or version.
        """
        key = key or self._default_key
        own = self._own()
        newest = max((v for k, v in own if k == key), default=None)
        wanted = version or newest
        if wanted is not None and (key, wanted) in own:
            return self._read(key, wanted, own[key, wanted])
        if key not in available():
            raise NotFound(
                "Profile {key} does not exist; known are {known}",
                key=key,
                known=", ".join(self.available()),
            )
        return load(key, version)

    def dropped_categories(self, profile: Profile) -> set[str]:
        """Return what earlier versions of a profile had as a category and this one has not."""
        versions = {version for key, version in self._own() if key == profile.key}
        if profile.key in available():
            versions.add(load(profile.key).version)
        dropped = set[str]()
        for version in versions:
            if version < profile.version:
                # An old file that cannot be read keeps nobody from an answer.
                with suppress(InvalidInput):
                    before = self.get(profile.key, version)
                    dropped |= {item.value for item in before.categories}
        return dropped - {item.value for item in profile.categories}

    def _own(self) -> dict[tuple[str, int], Path]:
        if not self._folder.is_dir():
            return {}
        found = ((_FILE.match(path.name), path) for path in self._folder.iterdir())
        return {(m["key"], int(m["version"])): path for m, path in found if m}

    def _read(self, key: str, version: int, path: Path) -> Profile:
        with self._lock:
            if (key, version) not in self._cache:
                self._cache[key, version] = read(path)
            return self._cache[key, version]
