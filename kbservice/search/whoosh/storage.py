"""Whoosh's files made durable: nothing counts before it is on the disk and vouched for.

Whoosh never calls fsync and its files hold pickles, so a power cut can lose a commit and a
planted file can run code. Before a table of contents gets its final name, every file of the
commit is forced to the disk and listed with size and SHA-256 in a manifest that is signed
with the instance's key; a reader opens nothing that its manifest does not vouch for.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from whoosh.filedb.filestore import FileStorage

from kbservice.errors import IndexCorrupt
from kbservice.files import sha256_of, sync_file, sync_folder, write_durably

_TOC = re.compile(r"^_MAIN_(\d+)\.toc$")
_SEGMENT = re.compile(r"^(MAIN_[0-9a-z]+)\..+$")
_MANIFEST = "MANIFEST-{}.json"
_hashes: dict[tuple[int, int, int, int], str] = {}


class SignedStorage(FileStorage):
    """A folder of index files; commits through it are durable and signed."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__(str(path))  # type: ignore[no-untyped-call]
        self._path = path
        self._key = key
        # Segments of the commit under way; files of merged ones are about to be deleted.
        self.segments: frozenset[str] = frozenset()

    def rename_file(self, frm: str, to: str, safe: bool = False) -> None:  # noqa: FBT001, FBT002
        """Rename; a table of contents only after everything it names is durable and signed."""
        toc = _TOC.match(to)
        if toc is None:
            super().rename_file(frm, to, safe=safe)  # type: ignore[no-untyped-call]
            return
        names = {
            path.name: path
            for path in self._path.iterdir()
            if (match := _SEGMENT.match(path.name)) and match[1] in self.segments
        }
        names[to] = self._path / frm
        for path in names.values():
            sync_file(path)
        sign(self._path, int(toc[1]), names, self._key)
        super().rename_file(frm, to, safe=safe)  # type: ignore[no-untyped-call]
        sync_folder(self._path)
        for path in self._path.glob(_MANIFEST.format("*")):
            if path.name != _MANIFEST.format(toc[1]):
                path.unlink(missing_ok=True)


def sign(folder: Path, toc: int, files: Mapping[str, Path], key: bytes) -> None:
    """Write the manifest of one commit."""
    body = {
        "toc": toc,
        "written_at": datetime.now(UTC).isoformat(),
        "files": {
            name: {"bytes": path.stat().st_size, "sha256": _hash(path)}
            for name, path in sorted(files.items())
        },
    }
    signed = {"body": body, "hmac": _signature(body, key)}
    write_durably(folder / _MANIFEST.format(toc), orjson.dumps(signed, option=orjson.OPT_INDENT_2))


def newest_toc(folder: Path) -> int:
    """Return the number of the newest table of contents, 0 if there is none."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return 0
    return max((int(match[1]) for name in names if (match := _TOC.match(name))), default=0)


def newest_commit(folder: Path) -> tuple[int, int]:
    """Return what tells the newest commit from all others, (0, 0) if there is none.

    Its number alone does not: after a rollback a rebuild takes the number of the generation
    that was left, and may come to as many commits.
    """
    number = newest_toc(folder)
    try:
        return number, (folder / f"_MAIN_{number}.toc").stat().st_mtime_ns
    except OSError:
        return 0, 0


def verify(folder: Path, toc: int, key: bytes) -> datetime:
    """Check every file of a commit against its manifest; return when it was written.

    Raises:
        IndexCorrupt: The manifest is absent, not signed by us, or a file differs.
    """
    path = folder / _MANIFEST.format(toc)
    try:
        signed = orjson.loads(path.read_bytes())
        body, signature = signed["body"], signed["hmac"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _corrupt(path.name, f"unreadable manifest ({type(error).__name__})") from error
    if not hmac.compare_digest(str(signature), _signature(body, key)) or body["toc"] != toc:
        raise _corrupt(path.name, "the signature does not fit")
    for name, facts in body["files"].items():
        _check_file(folder / name, facts)
    return datetime.fromisoformat(body["written_at"])


def _check_file(path: Path, facts: Mapping[str, Any]) -> None:
    try:
        size = path.stat().st_size
        digest = _hash(path) if size == facts["bytes"] else ""
    except OSError as error:
        raise _corrupt(path.name, "the file is absent") from error
    if digest != facts["sha256"]:
        raise _corrupt(path.name, "the content was changed")


def _hash(path: Path) -> str:
    """Return a file's SHA-256, computed once per inode, change time and size (about 1 s/GB)."""
    stat = path.stat()
    key = (stat.st_dev, stat.st_ino, stat.st_ctime_ns, stat.st_size)
    if key not in _hashes:
        if len(_hashes) > 4096:  # noqa: PLR2004  # a bound on memory, not a rule
            _hashes.clear()
        _hashes[key] = sha256_of(path)
    return _hashes[key]


def _signature(body: Mapping[str, Any], key: bytes) -> str:
    content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return hmac.new(key, content, "sha256").hexdigest()


def _corrupt(name: str, reason: str) -> IndexCorrupt:
    return IndexCorrupt("Index file {name}: {reason}", name=name, reason=reason)
