"""Classifier releases on disk, a shelf for each profile: they learned from its tickets alone.

classifiers/
├── TRAINING.lock           held by the process that makes a release
└── it-support/             a shelf (see kbservice/shelf.py)
    ├── CURRENT
    └── 000001/
        ├── MANIFEST.json   versions, labels, metrics, card
        ├── category.skops
        └── priority.skops
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import sklearn
import skops

from kbservice.errors import ArtifactRejected, NotFound
from kbservice.shelf import Shelf, Shelved, training_alone
from kbservice.text.tokens import FINGERPRINT
from kbservice.triage.card import card
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import LabelName
from kbservice.triage.drift import usual
from kbservice.triage.linear_classifier import LinearClassifier
from kbservice.triage.packing import FORMAT, pack, unpack
from kbservice.triage.training import Trained

_SUFFIX: Final = ".skops"


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


class ReleaseShelves:
    """The releases of one instance; an id names one release of any profile.

    Args:
        key: The instance's signing key: a release that it did not sign is never read.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def of(self, profile: str) -> Shelf:
        """Return the shelf of a profile's releases, which may be empty."""
        return Shelf(self._folder / profile, self._key, kind="classifier")

    def profiles(self) -> list[str]:
        """Return the profiles that ever had a release."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir())

    def ids(self) -> list[str]:
        """Return the ids of all releases, newest first."""
        found = (name for profile in self.profiles() for name in self.of(profile).ids())
        return sorted(found, reverse=True)

    def next_id(self) -> str:
        """Return the id for a new release; ids grow and are never given twice."""
        return max((self.of(profile).next_id() for profile in self.profiles()), default="000001")

    def training_alone(self) -> AbstractContextManager[None]:
        """Keep other processes from making a release; raises JobRunning while one does."""
        return training_alone(self._folder, "train_classifier")

    def holding(self, release_id: str) -> Shelf:
        """Return the shelf that holds a release, or whose pointer names it though it is gone.

        Raises:
            NotFound: None does.
        """
        for profile in self.profiles():
            shelf = self.of(profile)
            if release_id and release_id in (*shelf.ids(), shelf.current):
                return shelf
        raise NotFound("Classifier release {id} does not exist", id=release_id)

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
        files = {f"{name}{_SUFFIX}": pack(item) for name, item in trained.classifiers.items()}
        facts = _facts(trained) | {
            "profile": profile,
            "created_at": now.isoformat(),
            "verdict": dict(verdict or {}),
        }
        self.of(profile).save(release_id, files, facts)

    def promote(self, release_id: str) -> Release:
        """Let a release classify its profile's tickets from now on.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: It cannot be trusted; the current one stays.
        """
        release = self.load(release_id)
        self.holding(release_id).promote(release_id)
        return release

    def load_current(self, profile: str) -> Loaded:
        """Load a profile's current release, or its newest sound one before it."""
        release, faults = self.of(profile).first_sound(self.load)
        return Loaded(release=release, faults=tuple(faults))

    def load(self, release_id: str) -> Release:
        """Verify and load one release.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: It is damaged, not signed by this instance, or made for other
                library versions.
        """
        shelf = self.holding(release_id)
        try:
            return _loaded(shelf.read(release_id))
        except ArtifactRejected as error:
            reason = str(error.facts["reason"])
        except (KeyError, TypeError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
        raise _rejected(release_id, reason)

    def manifest(self, release_id: str) -> dict[str, Any]:
        """Return what a release's training recorded, if this instance signed it.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: Its manifest or its set of files was changed.
        """
        try:
            return self.holding(release_id).manifest(release_id)
        except ArtifactRejected as error:
            raise _rejected(release_id, str(error.facts["reason"])) from error


def _loaded(shelved: Shelved) -> Release:
    manifest = shelved.manifest
    _check_versions(shelved.id, manifest)
    info = ReleaseInfo(
        release=shelved.id,
        trained_at=datetime.fromisoformat(manifest["created_at"]),
        tickets=int(manifest["tickets"]),
    )
    classifiers = {name: _classifier(shelved, name, info) for name in manifest["labels"]}
    return Release(id=shelved.id, classifiers=classifiers, manifest=manifest)


def _classifier(shelved: Shelved, name: str, info: ReleaseInfo) -> LinearClassifier:
    classifier = unpack(shelved.files[f"{name}{_SUFFIX}"], info)
    if list(classifier.labels) != shelved.manifest["labels"][name]:
        raise _rejected(shelved.id, f"{name}{_SUFFIX} has other labels")
    return classifier


def _check_versions(release_id: str, manifest: Mapping[str, Any]) -> None:
    made_with, here = str(manifest["versions"]["scikit-learn"]), str(sklearn.__version__)
    if _minor(made_with) != _minor(here):
        reason = f"it was made with scikit-learn {made_with}, this is {here}"
        raise _rejected(release_id, reason)
    if manifest["format"] != FORMAT or manifest["analyzer"] != FINGERPRINT:
        raise _rejected(release_id, "it was made by another analyzer; train again")


def _facts(trained: Trained) -> dict[str, Any]:
    return {
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
