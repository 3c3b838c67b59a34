from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from kbservice.files import sha256_of, sync_file, sync_folder, write_durably


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path):
    path = tmp_path / "new" / "CURRENT"

    write_durably(path, b"000042", mode=0o600)

    assert path.read_bytes() == b"000042"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_replaced_and_nothing_else_stays(tmp_path: Path):
    path = tmp_path / "CURRENT"
    write_durably(path, b"old")
    write_durably(path, b"new")

    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["CURRENT"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "CURRENT"
    write_durably(path, b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kbservice.files.os.fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_durably(path, b"new")

    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["CURRENT"]


def test_the_rename_is_on_the_disk_after_the_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    steps: list[str] = []
    replace = Path.replace

    def note_replace(source: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(source, target)

    monkeypatch.setattr("kbservice.files.os.fsync", lambda _: steps.append("sync"))
    monkeypatch.setattr(Path, "replace", note_replace)

    write_durably(tmp_path / "CURRENT", b"new")

    assert steps == ["sync", "rename", "sync"]


def test_a_checksum_is_that_of_the_content(tmp_path: Path):
    path = tmp_path / "segment"
    path.write_bytes(b"abc" * 100_000)

    assert sha256_of(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()


def test_files_and_folders_can_be_forced_to_disk(tmp_path: Path):
    path = tmp_path / "segment"
    path.touch()

    sync_file(path)
    sync_folder(tmp_path)

    with pytest.raises(FileNotFoundError):
        sync_file(tmp_path / "gone")
    with pytest.raises(NotADirectoryError):
        sync_folder(path)
