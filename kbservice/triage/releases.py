"""Classifier releases on disk: written aside, signed, verified before they are read.

classifiers/
├── CURRENT                 number of the release that classifies
└── 000001/
    ├── MANIFEST.json       hashes of the files, versions, labels, metrics; signed
    ├── category.skops
    └── priority.skops
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import platform
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import skops
import sklearn

from kbservice.errors import ArtifactRejected, NotFound
from kbservice.files import sync_folder, write_durably
from kbservice.text.tokens import FINGERPRINT
from kbservice.triage.artifacts import FORMAT, pack, unpack
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.linear_classifier import LinearClassifier
from kbservice.triage.training import TrainedRelease

_POINTER: Final = "CURRENT"
_MANIFEST: Final = "MANIFEST.json"
_SUFFIX: Final = ".skops"
_KEPT: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A verified release, ready to classify.

    Attributes:
        classifiers: By kind of label.
        manifest: Everything its training recorded.
    """

    id: str
    profile_key: str
    classifiers: Mapping[str, LinearClassifier]
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The best release that could be loaded.

    Attributes:
        release: None where no release exists, or none can be trusted.
        faults: Why newer releases were passed over; empty when all is well.
    """

    release: Release | None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseEntry:
    """One release in a list; ``fault`` says why it would be refused."""

    id: str
    is_current: bool
    manifest: Mapping[str, Any]
    fault: str = ""


class Releases:
    """The releases of one instance.

    Args:
        key: The instance's signing key: a release that it did not sign is never read.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    @property
    def current_id(self) -> str:
        """Id of the release that classifies, empty if there is none; cheap to ask often."""
        try:
            found = (self._folder / _POINTER).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""
        return found if found.isdigit() else ""

    def ids(self) -> list[str]:
        """Return the ids of all releases, newest first."""
        if not self._folder.is_dir():
            return []
        return sorted((path.name for path in self._folder.iterdir() if path.name.isdigit()))[::-1]

    def add(self, trained: TrainedRelease) -> str:
        """Store a training's result and return its id; it does not classify before ``promote``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        number = f"{max(map(int, self.ids()), default=0) + 1:06}"
        aside = self._folder / f".{number}.{os.getpid()}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        try:
            files = self._write_artifacts(aside, trained)
            write_durably(aside / _MANIFEST, self._signed(_manifest(number, trained, files)))
            aside.rename(self._folder / number)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        sync_folder(self._folder)
        self._drop_oldest(keep={number, self.current_id})
        return number

    def promote(self, release_id: str) -> Release:
        """Let a release classify from now on.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: It cannot be trusted; the current one stays.
        """
        release = self.load(release_id)
        write_durably(self._folder / _POINTER, f"{release.id}\n".encode("ascii"))
        return release

    def rollback(self) -> Release:
        """Let the newest sound release before the current one classify again.

        Raises:
            NotFound: None is kept.
        """
        for release_id in self._before(self.current_id):
            try:
                return self.promote(release_id)
            except ArtifactRejected:
                continue
        raise NotFound("There is no previous classifier release")

    def entries(self) -> list[ReleaseEntry]:
        """List all releases, newest first."""
        return [self._entry(release_id) for release_id in self.ids()]

    def load_current(self) -> Loaded:
        """Load the current release, or the newest sound one before it."""
        current, faults = self.current_id, []
        for release_id in (current, *self._before(current)) if current else ():
            try:
                return Loaded(release=self.load(release_id), faults=tuple(faults))
            except (ArtifactRejected, NotFound) as error:
                faults.append(str(error))
        return Loaded(release=None, faults=tuple(faults))

    def load(self, release_id: str) -> Release:
        """Verify and load one release.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: It is damaged, not signed by this instance, or made for other
                library versions.
        """
        if release_id not in self.ids():
            raise NotFound("Classifier release {id} does not exist", id=release_id)
        try:
            return self._load(release_id)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise _rejected(release_id, f"{type(error).__name__}: {error}") from error

    def _load(self, release_id: str) -> Release:
        folder = self._folder / release_id
        _check_files(release_id, folder)
        manifest = self._verified(release_id, folder)
        _check_versions(release_id, manifest)
        info = ReleaseInfo(
            release=release_id,
            trained_at=datetime.fromisoformat(manifest["trained_at"]),
            tickets=int(manifest["tickets"]),
        )
        return Release(
            id=release_id,
            profile_key=str(manifest["profile"]),
            classifiers={
                name: _classifier(release_id, folder, name, manifest, info)
                for name in manifest["labels"]
            },
            manifest=manifest,
        )

    def _before(self, release_id: str) -> list[str]:
        return [other for other in self.ids() if other < release_id]

    def _entry(self, release_id: str) -> ReleaseEntry:
        is_current = release_id == self.current_id
        try:
            release = self.load(release_id)
        except ArtifactRejected as error:
            return ReleaseEntry(id=release_id, is_current=is_current, manifest={}, fault=str(error))
        return ReleaseEntry(id=release_id, is_current=is_current, manifest=release.manifest)

    def _write_artifacts(self, folder: Path, trained: TrainedRelease) -> dict[str, str]:
        files = {}
        for name, classifier in trained.classifiers.items():
            data = pack(classifier)
            write_durably(folder / f"{name}{_SUFFIX}", data)
            files[f"{name}{_SUFFIX}"] = hashlib.sha256(data).hexdigest()
        return files

    def _signed(self, manifest: Mapping[str, Any]) -> bytes:
        signed = {"manifest": manifest, "signature": self._signature(manifest)}
        return json.dumps(signed, ensure_ascii=False, indent=2).encode()

    def _signature(self, manifest: Mapping[str, Any]) -> str:
        text = json.dumps(manifest, ensure_ascii=False, sort_keys=True)
        return hmac.new(self._key, b"classifier\0" + text.encode(), hashlib.sha256).hexdigest()

    def _verified(self, release_id: str, folder: Path) -> dict[str, Any]:
        signed = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        manifest: dict[str, Any] = signed["manifest"]
        if not hmac.compare_digest(self._signature(manifest), str(signed["signature"])):
            raise _rejected(release_id, "it is not signed by this instance")
        if manifest["id"] != release_id:
            raise _rejected(release_id, f"it was signed as {manifest['id']}")
        expected = {_MANIFEST, *manifest["files"]}
        if {path.name for path in folder.iterdir()} != expected:
            raise _rejected(release_id, "files are missing or were added")
        return manifest

    def _drop_oldest(self, keep: set[str]) -> None:
        for release_id in self.ids()[_KEPT:]:
            if release_id not in keep:
                shutil.rmtree(self._folder / release_id, ignore_errors=True)


def _check_files(release_id: str, folder: Path) -> None:
    """Refuse links and devices: what is read must be what lies here."""
    modes = [folder.lstat().st_mode, *(path.lstat().st_mode for path in folder.iterdir())]
    if not stat.S_ISDIR(modes[0]) or not all(stat.S_ISREG(mode) for mode in modes[1:]):
        raise _rejected(release_id, "it holds something that is not a file")


def _check_versions(release_id: str, manifest: Mapping[str, Any]) -> None:
    made_with, here = str(manifest["versions"]["scikit-learn"]), str(sklearn.__version__)
    if _minor(made_with) != _minor(here):
        reason = f"it was made with scikit-learn {made_with}, this is {here}"
        raise _rejected(release_id, reason)
    if manifest["format"] != FORMAT or manifest["analyzer"] != FINGERPRINT:
        raise _rejected(release_id, "it was made by another analyzer; train again")


def _classifier(
    release_id: str, folder: Path, name: str, manifest: Mapping[str, Any], info: ReleaseInfo
) -> LinearClassifier:
    data = (folder / f"{name}{_SUFFIX}").read_bytes()
    if hashlib.sha256(data).hexdigest() != manifest["files"][f"{name}{_SUFFIX}"]:
        raise _rejected(release_id, f"{name}{_SUFFIX} is damaged")
    classifier = unpack(data, info)
    if list(classifier.labels) != manifest["labels"][name]:
        raise _rejected(release_id, f"{name}{_SUFFIX} has other labels")
    return classifier


def _manifest(number: str, trained: TrainedRelease, files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": number,
        "format": FORMAT,
        "profile": trained.profile_key,
        "trained_at": trained.trained_at.isoformat(),
        "tickets": trained.tickets,
        "data_sha256": trained.data_hash,
        "analyzer": FINGERPRINT,
        "versions": {
            "python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "skops": skops.__version__,
            "numpy": np.__version__,
        },
        "labels": {name: list(item.labels) for name, item in trained.classifiers.items()},
        "metrics": {name: item.as_json() for name, item in trained.metrics.items()},
        "skipped": dict(trained.skipped),
        "files": dict(files),
    }


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _rejected(release_id: str, reason: str) -> ArtifactRejected:
    return ArtifactRejected(
        "Classifier release {id} was refused: {reason}", id=release_id, reason=reason
    )
