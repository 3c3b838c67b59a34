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
from typing import Any, Final, cast

import numpy as np
import sklearn
import skops

from kbservice.errors import ArtifactRejected, NotFound
from kbservice.files import sync_folder, write_durably
from kbservice.text.tokens import FINGERPRINT
from kbservice.triage.card import card
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import LabelName
from kbservice.triage.drift import usual
from kbservice.triage.linear_classifier import LinearClassifier
from kbservice.triage.packing import FORMAT, pack, unpack
from kbservice.triage.training import Trained

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


class ReleaseShelf:
    """The releases of one instance.

    Args:
        key: The instance's signing key: a release that it did not sign is never read.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    @property
    def current(self) -> str:
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
        names = (path.name for path in self._folder.iterdir())
        return sorted((name for name in names if name.isdigit()), reverse=True)

    def next_id(self) -> str:
        """Return the id for a new release; ids grow and are never given twice."""
        numbers = [int(name) for name in (*self.ids(), self.current) if name]
        return f"{max(numbers, default=0) + 1:06}"

    def before(self, release_id: str) -> str:
        """Return the id of the newest release before another, empty if there is none."""
        return next((other for other in self.ids() if other < release_id), "")

    def save(
        self,
        release_id: str,
        trained: Trained,
        *,
        profile: str,
        now: datetime,
        verdict: Mapping[str, Any] | None = None,
    ) -> None:
        """Store a training's result; it does not classify before ``promote``.

        Args:
            release_id: Its name.
            trained: What came out.
            profile: Whose tickets it learned from.
            now: When.
            verdict: How it did beside the release in use.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{release_id}.{os.getpid()}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        try:
            files = _write(aside, trained)
            manifest = _manifest(release_id, trained, files)
            manifest |= {"profile": profile, "created_at": now.isoformat()}
            manifest["verdict"] = dict(verdict or {})
            write_durably(aside / _MANIFEST, self._signed(manifest))
            aside.rename(self._folder / release_id)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        sync_folder(self._folder)
        self._drop_oldest(keep={release_id, self.current, self.before(self.current)})

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
        release_id = self.before(self.current)
        while release_id:
            try:
                return self.promote(release_id)
            except ArtifactRejected:
                release_id = self.before(release_id)
        raise NotFound("There is no earlier classifier release")

    def load_current(self) -> Loaded:
        """Load the current release, or the newest sound one before it."""
        release_id, faults = self.current, list[str]()
        while release_id:
            try:
                return Loaded(release=self.load(release_id), faults=tuple(faults))
            except ArtifactRejected as error:
                faults.append(str(error))
                release_id = self.before(release_id)
        return Loaded(release=None, faults=tuple(faults))

    def load(self, release_id: str) -> Release:
        """Verify and load one release.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: It is damaged, not signed by this instance, or made for other
                library versions.
        """
        manifest = self.manifest(release_id)
        try:
            return self._loaded(release_id, manifest)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise _rejected(release_id, f"{type(error).__name__}: {error}") from error

    def manifest(self, release_id: str) -> dict[str, Any]:
        """Return what a release's training recorded, if this instance signed it.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: Its manifest or its set of files was changed.
        """
        if release_id not in self.ids():
            if release_id and release_id == self.current:
                raise _rejected(release_id, "it is gone")
            raise NotFound("Classifier release {id} does not exist", id=release_id)
        try:
            _check_files(release_id, self._folder / release_id)
            return self._verified(release_id, self._folder / release_id)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise _rejected(release_id, f"{type(error).__name__}: {error}") from error

    def _loaded(self, release_id: str, manifest: Mapping[str, Any]) -> Release:
        _check_versions(release_id, manifest)
        info = ReleaseInfo(
            release=release_id,
            trained_at=datetime.fromisoformat(manifest["created_at"]),
            tickets=int(manifest["tickets"]),
        )
        folder = self._folder / release_id
        classifiers = {
            name: _classifier(folder, name, manifest, info) for name in manifest["labels"]
        }
        return Release(id=release_id, classifiers=classifiers, manifest=manifest)

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
        if {path.name for path in folder.iterdir()} != {_MANIFEST, *manifest["files"]}:
            raise _rejected(release_id, "files are missing or were added")
        return manifest

    def _drop_oldest(self, keep: set[str]) -> None:
        for release_id in self.ids()[_KEPT:]:
            if release_id not in keep:
                shutil.rmtree(self._folder / release_id, ignore_errors=True)


def _write(folder: Path, trained: Trained) -> dict[str, str]:
    """Write the artefacts; return their hashes by file name."""
    files = {}
    for name, classifier in trained.classifiers.items():
        data = pack(classifier)
        write_durably(folder / f"{name}{_SUFFIX}", data)
        files[f"{name}{_SUFFIX}"] = hashlib.sha256(data).hexdigest()
    return files


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
    folder: Path, name: str, manifest: Mapping[str, Any], info: ReleaseInfo
) -> LinearClassifier:
    data = (folder / f"{name}{_SUFFIX}").read_bytes()
    if hashlib.sha256(data).hexdigest() != manifest["files"][f"{name}{_SUFFIX}"]:
        raise _rejected(info.release, f"{name}{_SUFFIX} is damaged")
    try:
        classifier = unpack(data, info)
    except ArtifactRejected as error:
        raise _rejected(info.release, str(error.facts["reason"])) from error
    if list(classifier.labels) != manifest["labels"][name]:
        raise _rejected(info.release, f"{name}{_SUFFIX} has other labels")
    return classifier


def _manifest(release_id: str, trained: Trained, files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": release_id,
        "format": FORMAT,
        "tickets": trained.tickets,
        "data_hash": trained.data_hash,
        "window": [moment.isoformat() for moment in trained.window or ()],
        "analyzer": FINGERPRINT,
        "versions": {
            "python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "skops": skops.__version__,
            "numpy": np.__version__,
        },
        "labels": {name: list(item.labels) for name, item in trained.classifiers.items()},
        "metrics": {name: dict(figures) for name, figures in trained.metrics.items()},
        "parameters": {name: dict(chosen) for name, chosen in trained.parameters.items()},
        "skipped": dict(trained.skipped),
        "usual": _usual(trained),
        "card": _cards(trained),
        "files": dict(files),
    }


def _usual(trained: Trained) -> dict[str, Any] | None:
    """Return what drift is measured against: what unseen tickets of the training looked like."""
    trial = trained.trials.get("category")
    if trial is None:
        return None
    words = [ticket.words for ticket in trial.holdout]
    return usual(trial.classifier, words, trial.table).plain()


def _cards(trained: Trained) -> dict[str, Any]:
    """Return the card of each kind of label."""
    return {
        name: card(
            cast("LabelName", name),
            trial.holdout,
            trial.classifier.labels,
            trial.table,
            trained.classifiers[name].thresholds(),
        ).plain()
        for name, trial in trained.trials.items()
    }


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _rejected(release_id: str, reason: str) -> ArtifactRejected:
    return ArtifactRejected(
        "Classifier release {id} was refused: {reason}", id=release_id, reason=reason
    )
