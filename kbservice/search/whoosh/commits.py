"""Commits: Whoosh's files made durable; nothing counts before it is on disk and vouched for.

Whoosh never calls fsync and its files hold pickles, so a power cut can lose a commit and a
planted file can run code. Before a table of contents gets its final name, every file of the
commit is forced to the disk and listed with size and SHA-256 in a manifest that is signed
with the instance's key; a reader opens nothing that its manifest does not vouch for. A
damaged impact file is told rather than refused: Whoosh's own files can do without it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from whoosh.fields import Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, clean_files

from kbservice.errors import IndexCorrupt
from kbservice.files import sha256_of, sync_file, sync_folder, write_durably
from kbservice.search.whoosh.part import SUFFIX
from kbservice.search.whoosh.stock_segment import INDEX

_TOC = re.compile(r"^_MAIN_(\d+)\.toc$")
_SEGMENT = re.compile(r"^(MAIN_[0-9a-z]+)\..+$")
_MANIFEST = "MANIFEST-{}.json"
Fingerprint = tuple[int, int, int, int]
"""What changes with a file's content, save by a fault of the disk."""
_hashes: dict[Fingerprint, str] = {}
_synced: dict[Fingerprint, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What rides in each commit.

    Attributes:
        sequence: Last outbox sequence whose change is in the commit.
        lengths: What ``recipe.Lengths`` has learned.
        analyzer: Fingerprint of the analyzer that made the terms.
        built_at: When the generation was built, in ISO 8601; empty if by an older program.
    """

    sequence: int = 0
    lengths: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    analyzer: str = ""
    built_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit as it was found on disk.

    Attributes:
        moment: Tells it from a commit of the same number in another life of the folder.
        segments: Whoosh's segments, with their deletions.
        damaged: Names of segments whose impact file cannot be trusted.
        fingerprints: Of each file before it was checked, None for an absent one.
        checksums: What each file's SHA-256 must be; the manifest has none, it is signed.
    """

    number: int
    moment: int
    written_at: datetime
    meta: Meta
    schema: Schema
    segments: Sequence[Any]
    damaged: frozenset[str]
    fingerprints: Mapping[str, Fingerprint | None]
    checksums: Mapping[str, str]
    size_bytes: int


class SignedStorage(FileStorage):
    """A folder of index files; commits through it are durable and signed."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__(str(path))  # type: ignore[no-untyped-call]
        self._path = path
        self._key = key
        self._segments: frozenset[str] = frozenset()
        self._meta = Meta()

    def commit(self, number: int, schema: Schema, segments: Sequence[Any], meta: Meta) -> None:
        """Let these segments be the index; files of others are deleted."""
        self._segments = frozenset(segment.segment_id() for segment in segments)
        self._meta = meta
        TOC(schema, list(segments), number).write(self, INDEX)
        clean_files(self, INDEX, number, segments)

    def rename_file(self, frm: str, to: str, safe: bool = False) -> None:  # noqa: FBT001, FBT002
        """Rename; a table of contents only after everything it names is durable and signed."""
        toc = _TOC.match(to)
        if toc is None:
            super().rename_file(frm, to, safe=safe)  # type: ignore[no-untyped-call]
            return
        names = {
            path.name: path
            for path in self._path.iterdir()
            if (match := _SEGMENT.match(path.name)) and match[1] in self._segments
        }
        names[to] = self._path / frm
        for path in names.values():
            if _of_existing(path) not in _synced:
                sync_file(path)
                _remember(_synced, _of_existing(path), "")
        sign(self._path, int(toc[1]), names, self._key, self._meta)
        super().rename_file(frm, to, safe=safe)  # type: ignore[no-untyped-call]
        sync_folder(self._path)
        for path in self._path.glob(_MANIFEST.format("*")):
            if path.name != _MANIFEST.format(toc[1]):
                path.unlink(missing_ok=True)


def read_commit(folder: Path, key: bytes) -> Commit:
    """Return the newest commit of a folder.

    Raises:
        IndexCorrupt: Its manifest is absent, not signed by us, or a file of Whoosh differs.
    """
    number, moment = newest_commit(folder)
    body = _manifest(folder, number, key)
    checksums = {name: facts["sha256"] for name, facts in body["files"].items()}
    names = (_MANIFEST.format(number), *checksums)
    fingerprints = {name: fingerprint(folder / name) for name in names}
    damaged = _damaged(folder, body["files"])
    storage = SignedStorage(folder, key)
    toc = TOC.read(storage, INDEX, gen=number)
    return Commit(
        number=number,
        moment=moment,
        written_at=datetime.fromisoformat(body["written_at"]),
        meta=Meta(**body["meta"]),
        schema=toc.schema,
        segments=toc.segments,
        damaged=damaged,
        fingerprints=fingerprints,
        checksums=checksums,
        size_bytes=sum(facts["bytes"] for facts in body["files"].values()),
    )


def sign(folder: Path, toc: int, files: Mapping[str, Path], key: bytes, meta: Meta) -> None:
    """Write the manifest of one commit."""
    body = {
        "toc": toc,
        "written_at": datetime.now(UTC).isoformat(),
        "meta": asdict(meta),
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


def fingerprint(path: Path) -> Fingerprint | None:
    """Return what tells a file from its earlier states, None if it is absent."""
    try:
        return _of_existing(path)
    except OSError:
        return None


def forget_checksum(path: Path) -> None:
    """Let the next commit that is read compute this file's checksum anew."""
    if found := fingerprint(path):
        _hashes.pop(found, None)


def _manifest(folder: Path, toc: int, key: bytes) -> dict[str, Any]:
    path = folder / _MANIFEST.format(toc)
    try:
        signed = orjson.loads(path.read_bytes())
        body, signature = signed["body"], signed["hmac"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _corrupt(path.name, f"unreadable manifest ({type(error).__name__})") from error
    if not hmac.compare_digest(str(signature), _signature(body, key)) or body["toc"] != toc:
        raise _corrupt(path.name, "the signature does not fit")
    return dict(body)


def _damaged(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Check every file; return the segments whose impact file is damaged or absent."""
    damaged = set()
    for name, facts in files.items():
        try:
            _check_file(folder / name, facts)
        except IndexCorrupt:
            if not name.endswith(SUFFIX):
                raise
            damaged.add(name.removesuffix(SUFFIX))
    return frozenset(damaged)


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
    key = _of_existing(path)
    if key not in _hashes:
        _remember(_hashes, key, sha256_of(path))
    return _hashes[key]


def _of_existing(path: Path) -> Fingerprint:
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_ctime_ns, stat.st_size


def _remember(known: dict[Fingerprint, str], key: Fingerprint, value: str) -> None:
    if len(known) > 4096:  # noqa: PLR2004  # a bound on memory, not a rule
        known.clear()
    known[key] = value


def _signature(body: Mapping[str, Any], key: bytes) -> str:
    content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return hmac.new(key, content, "sha256").hexdigest()


def _corrupt(name: str, reason: str) -> IndexCorrupt:
    return IndexCorrupt("Index file {name}: {reason}", name=name, reason=reason)
