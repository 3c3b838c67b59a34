"""Releases of something learned, on disk: written aside, signed, verified before they are read.

<folder>/
├── CURRENT                 number of the release in use
├── TRAINING.lock           held by the process that makes a release
└── 000001/
    ├── MANIFEST.json       hashes of the files and what its training recorded; signed
    └── ...                 the files
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kbservice.errors import ArtifactRejected, JobRunning, NotFound
from kbservice.files import sync_folder, write_durably

_POINTER: Final = "CURRENT"
_MANIFEST: Final = "MANIFEST.json"
_LOCK: Final = "TRAINING.lock"
_KEPT: Final = 5


@contextmanager
def training_alone(folder: Path, kind: str) -> Iterator[None]:
    """Let one process at a time make releases below a folder: ids are chosen before training.

    Raises:
        JobRunning: Another one does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JobRunning("A {kind} job is waiting or running already", kind=kind) from error
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A release as it lay on the shelf, verified: nobody else wrote or changed it."""

    id: str
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]


class Shelf:
    """The releases of one kind in one instance.

    Args:
        kind: What is released; part of the signature, so that kinds cannot be mistaken.
        key: The instance's signing key: a release that it did not sign is never read.
    """

    def __init__(self, folder: Path, key: bytes, *, kind: str) -> None:
        self._folder = folder
        self._key = key
        self._kind = kind

    @property
    def current(self) -> str:
        """Id of the release in use, empty if there is none; cheap to ask often."""
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

    def training_alone(self) -> AbstractContextManager[None]:
        """Keep other processes from making a release; raises JobRunning while one does."""
        return training_alone(self._folder, f"train_{self._kind}")

    def earlier(self) -> list[str]:
        """Return the ids of the releases before the current one, newest first."""
        current = self.current
        return [release_id for release_id in self.ids() if release_id < current]

    def save(self, release_id: str, files: Mapping[str, bytes], facts: Mapping[str, Any]) -> None:
        """Store a release; it is not in use before ``promote``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{release_id}.{os.getpid()}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        try:
            for name, data in files.items():
                write_durably(aside / name, data)
            hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
            manifest = {**facts, "id": release_id, "files": hashes}
            write_durably(aside / _MANIFEST, self._signed(manifest))
            aside.rename(self._folder / release_id)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        sync_folder(self._folder)
        self._drop_oldest(keep={release_id, self.current, *self.earlier()[:1]})

    def promote(self, release_id: str) -> None:
        """Let a release be used from now on; the caller has loaded it without fault."""
        write_durably(self._folder / _POINTER, f"{release_id}\n".encode("ascii"))

    def first_sound(self, load: Callable[[str], Any]) -> tuple[Any, list[str]]:
        """Return the current release, or the newest sound one before it, and all faults met.

        Args:
            load: Loads a release by id, or raises ArtifactRejected.
        """
        faults = list[str]()
        for release_id in filter(None, (self.current, *self.earlier())):
            try:
                return load(release_id), faults
            except (ArtifactRejected, NotFound) as error:
                faults.append(str(error))
        return None, faults

    def read(self, release_id: str) -> Shelved:
        """Verify and read one release.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: It is damaged, or not signed by this instance.
        """
        manifest = self.manifest(release_id)
        try:
            return Shelved(
                id=release_id, manifest=manifest, files=self._files(release_id, manifest)
            )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise self.rejected(release_id, f"{type(error).__name__}: {error}") from error

    def manifest(self, release_id: str) -> dict[str, Any]:
        """Return what a release's training recorded, if this instance signed it.

        Raises:
            NotFound: There is no such release.
            ArtifactRejected: Its manifest or its set of files was changed.
        """
        if release_id not in self.ids():
            if release_id and release_id == self.current:
                raise self.rejected(release_id, "it is gone")
            raise NotFound("Release {id} does not exist", id=release_id)
        try:
            self._check_files(release_id)
            return self._verified(release_id)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise self.rejected(release_id, f"{type(error).__name__}: {error}") from error

    def rejected(self, release_id: str, reason: str) -> ArtifactRejected:
        """Return the error that refuses a release."""
        return ArtifactRejected("Release {id} was refused: {reason}", id=release_id, reason=reason)

    def _files(self, release_id: str, manifest: Mapping[str, Any]) -> dict[str, bytes]:
        files = {}
        for name, expected in manifest["files"].items():
            files[name] = (self._folder / release_id / name).read_bytes()
            if hashlib.sha256(files[name]).hexdigest() != expected:
                raise self.rejected(release_id, f"{name} is damaged")
        return files

    def _signed(self, manifest: Mapping[str, Any]) -> bytes:
        signed = {"manifest": manifest, "signature": self._signature(manifest)}
        return json.dumps(signed, ensure_ascii=False, indent=2).encode()

    def _signature(self, manifest: Mapping[str, Any]) -> str:
        text = json.dumps(manifest, ensure_ascii=False, sort_keys=True)
        message = f"{self._kind}\0{text}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def _verified(self, release_id: str) -> dict[str, Any]:
        folder = self._folder / release_id
        signed = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        manifest: dict[str, Any] = signed["manifest"]
        if not hmac.compare_digest(self._signature(manifest), str(signed["signature"])):
            raise self.rejected(release_id, "it is not signed by this instance")
        if manifest["id"] != release_id:
            raise self.rejected(release_id, f"it was signed as {manifest['id']}")
        if {path.name for path in folder.iterdir()} != {_MANIFEST, *manifest["files"]}:
            raise self.rejected(release_id, "files are missing or were added")
        return manifest

    def _check_files(self, release_id: str) -> None:
        """Refuse links and devices: what is read must be what lies here."""
        folder = self._folder / release_id
        modes = [folder.lstat().st_mode, *(path.lstat().st_mode for path in folder.iterdir())]
        if not stat.S_ISDIR(modes[0]) or not all(stat.S_ISREG(mode) for mode in modes[1:]):
            raise self.rejected(release_id, "it holds something that is not a file")

    def _drop_oldest(self, keep: set[str]) -> None:
        for release_id in self.ids()[_KEPT:]:
            if release_id not in keep:
                shutil.rmtree(self._folder / release_id, ignore_errors=True)
