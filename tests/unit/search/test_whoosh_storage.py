"""Damage, planted files, rivals and sudden deaths: the index answers rightly or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from kbservice.errors import IndexCorrupt, IndexLocked, IndexUnavailable
from kbservice.search.documents import SearchDocument
from kbservice.search.syntax import parse
from kbservice.search.whoosh.engine import WhooshEngine

ROOT = Path(__file__).parents[3]
KEY = b"instance key"
CHILD = """
import os, sys, time
from pathlib import Path
from kbservice.search.documents import SearchDocument
from kbservice.search.whoosh.engine import WhooshEngine

engine = WhooshEngine(Path(sys.argv[1]), refresh_interval_s=0.0, key=b"instance key")
def commit(i, sequence):
    with engine.writer() as writer:
        writer.put(SearchDocument(id=f"KB-{i:06}", kind="article", title="卡纸", revision=sequence))
        writer.mark(sequence)
"""
HOLDER = """
with engine.writer():
    print("held", flush=True)
    time.sleep(60)
"""
COMMITTERS = """
for _ in sys.stdin:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        print("dead", flush=True)
        continue
    print(os.getpid(), flush=True)
    sequence = engine.state().sequence
    while True:
        sequence += 1
        commit(sequence % 50, sequence)
        print(sequence, flush=True)
"""
BUILDER = """
with engine.rebuild() as writer:
    writer.put(SearchDocument(id="KB-000777", kind="article", title="卡纸"))
    print("building", flush=True)
    time.sleep(60)
"""


def document(i: int, title: str = "卡纸") -> SearchDocument:
    return SearchDocument(id=f"KB-{i:06}", kind="article", title=title)


def opened(folder: Path, *, key: bytes = KEY) -> WhooshEngine:
    return WhooshEngine(folder, refresh_interval_s=0.0, key=key, lock_wait_s=0.2)


def child(folder: Path, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + script, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kill at once; return what it had still printed."""
    process.kill()
    printed, _ = process.communicate()
    return printed.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two generations: the first holds document 1, the second 1 and 2 in two commits."""
    engine = opened(tmp_path)
    with engine.rebuild() as writer:
        writer.put(document(1))
    with engine.rebuild() as writer:
        writer.put(document(1))
    with engine.writer() as writer:
        writer.put(document(2))
    engine.close()
    return tmp_path


@pytest.fixture
def engine(folder: Path) -> Iterator[WhooshEngine]:
    """An engine that has not looked at the folder yet."""
    engine = opened(folder)
    yield engine
    engine.close()


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES = (flip_a_bit, truncate, empty, Path.unlink)
PATTERNS = ("*.toc", "*.pst", "MANIFEST-*.json")


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_damaged_generation_gives_way_to_the_previous_one(
    folder: Path, engine: WhooshEngine, pattern: str, damage: Callable[[Path], None]
) -> None:
    damage(next((folder / "000002").glob(pattern)))
    assert engine.ids() == {"KB-000001": 1}
    state = engine.state()
    assert (1, 2, False) == (state.generation, state.stands_in_for, state.complete)


def test_a_refused_generation_is_logged_once_and_used_again_when_its_file_is_back(
    folder: Path, engine: WhooshEngine
) -> None:
    file = next((folder / "000002").glob("*.pst"))
    sound = file.read_bytes()
    with capture_logs() as logs:
        flip_a_bit(file)
        for _ in range(3):
            assert 2 == engine.state().stands_in_for
        file.write_bytes(sound)
        assert (2, True) == (engine.state().generation, engine.state().complete)
    assert ["index_generation_refused"] == [entry["event"] for entry in logs]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_with_every_generation_damaged_nothing_answers(
    folder: Path, engine: WhooshEngine, pattern: str, damage: Callable[[Path], None]
) -> None:
    for generation in ("000001", "000002"):
        damage(next((folder / generation).glob(pattern)))
    for use in (engine.ping, engine.ids, engine.state, lambda: engine.search(parse("卡纸"))):
        with pytest.raises(IndexUnavailable):
            use()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_damaged_generation_is_not_written_to(
    folder: Path, engine: WhooshEngine, pattern: str, damage: Callable[[Path], None]
) -> None:
    damage(next((folder / "000002").glob(pattern)))
    with pytest.raises(IndexUnavailable), engine.writer() as writer:
        writer.put(document(3))


def test_a_rebuild_repairs_a_damaged_index(folder: Path, engine: WhooshEngine) -> None:
    for generation in ("000001", "000002"):
        flip_a_bit(next((folder / generation).glob("*.pst")))
    with engine.rebuild() as writer:
        writer.put(document(3))
    assert engine.ids() == {"KB-000003": 1}


def test_damage_to_the_previous_generation_forbids_the_rollback(
    folder: Path, engine: WhooshEngine
) -> None:
    flip_a_bit(next((folder / "000001").glob("*.pst")))
    with pytest.raises(IndexCorrupt, match="1 does not open") as refused:
        engine.rollback()
    assert "retry_after_s" not in refused.value.facts
    assert set(engine.ids()) == {"KB-000001", "KB-000002"}


@pytest.mark.parametrize("content", [None, b"", b"x\n", b"99\n"])
def test_without_a_readable_pointer_nothing_new_is_claimed(
    folder: Path, engine: WhooshEngine, content: bytes | None
) -> None:
    (folder / "CURRENT").unlink()
    if content is not None:
        (folder / "CURRENT").write_bytes(content)
    try:
        known = set(engine.ids())
    except IndexUnavailable:
        return
    assert known in ({"KB-000001"}, {"KB-000001", "KB-000002"})


def test_a_lost_pointer_is_found_again_by_a_rebuild(folder: Path, engine: WhooshEngine) -> None:
    (folder / "CURRENT").unlink()
    with engine.rebuild() as writer:
        writer.put(document(3))
    assert engine.ids() == {"KB-000003": 1}


def test_an_empty_folder_has_no_index(tmp_path: Path) -> None:
    engine = opened(tmp_path / "nothing")
    with pytest.raises(IndexUnavailable):
        engine.ping()
    with pytest.raises(IndexUnavailable), engine.writer():
        pass


def test_an_index_signed_with_another_key_is_refused(folder: Path) -> None:
    stranger = opened(folder, key=b"another key")
    with pytest.raises(IndexUnavailable):
        stranger.search(parse("卡纸"))


def poisoned(marker: Path) -> bytes:
    """Return a table of contents whose pickle makes a file when it is read."""
    payload = f"cos\nmkdir\n(V{marker}\ntR.".encode()
    sizes = b"\x04\x08\x04" + (-12345).to_bytes(4, "big", signed=True)
    version = (-111).to_bytes(4, "big", signed=True) + b"\x03\x36\x00"
    return sizes + version + bytes([len(payload)]) + payload


@pytest.mark.parametrize("name", ["existing", "_MAIN_9999.toc", "_MAIN_09999.toc"])
def test_a_planted_pickle_is_never_run(folder: Path, engine: WhooshEngine, name: str) -> None:
    marker = folder / "m"
    for generation in (folder / "000001", folder / "000002"):
        target = next(generation.glob("*.toc")) if name == "existing" else generation / name
        target.write_bytes(poisoned(marker))
    with pytest.raises(IndexUnavailable):
        engine.search(parse("卡纸"))
    with pytest.raises(IndexCorrupt):
        engine.rollback()
    with pytest.raises(IndexUnavailable), engine.writer() as writer:
        writer.put(document(3))
    with engine.rebuild() as writer:
        writer.put(document(3))
    assert engine.ids() == {"KB-000003": 1}
    assert not marker.exists()


def test_the_poison_would_work(folder: Path) -> None:
    """The test above proves nothing unless Whoosh itself runs the planted pickle."""
    marker = folder / "m"
    next((folder / "000002").glob("*.toc")).write_bytes(poisoned(marker))
    script = "import sys, whoosh.index; whoosh.index.open_dir(sys.argv[1], 'MAIN')"
    command = [sys.executable, "-c", script, str(folder / "000002")]
    subprocess.run(command, check=False, capture_output=True)
    assert marker.exists()


def test_a_second_writer_is_refused_while_readers_go_on(folder: Path, engine: WhooshEngine) -> None:
    holder = child(folder, HOLDER)
    try:
        assert line_of(holder) == "held"
        with pytest.raises(IndexLocked) as caught, engine.writer():
            pass
        assert caught.value.facts["pid"] == str(holder.pid)
        with pytest.raises(IndexLocked), engine.rebuild():
            pass
        assert engine.search(parse("卡纸")).total == 2
    finally:
        kill(holder)
    with engine.writer() as writer:
        writer.put(document(3))
    assert len(engine.ids()) == 3


@pytest.mark.crash
def test_killed_committers_leave_an_index_that_opens(folder: Path) -> None:
    forker = child(folder, COMMITTERS)
    assert forker.stdin
    for attempt in range(10):
        forker.stdin.write("\n")
        forker.stdin.flush()
        committer = int(line_of(forker))
        committed = int(line_of(forker))
        time.sleep(0.013 * attempt)
        os.kill(committer, signal.SIGKILL)
        while (line := line_of(forker)) != "dead":
            committed = int(line)
        engine = opened(folder)
        state = engine.state()
        assert state.generation == 2
        # The commit during which it was killed counts in full or not at all.
        assert state.sequence in {committed, committed + 1}
        assert max(engine.ids().values()) == state.sequence
        assert engine.search(parse("卡纸")).total == state.documents
        engine.close()
    kill(forker)


@pytest.mark.crash
def test_leftovers_of_a_killed_build_are_swept(folder: Path, engine: WhooshEngine) -> None:
    builder = child(folder, BUILDER)
    assert line_of(builder) == "building"
    kill(builder)
    leftover = folder / "000003"
    assert leftover.is_dir()
    (leftover / "trace").touch()
    assert set(engine.ids()) == {"KB-000001", "KB-000002"}
    with engine.rebuild() as writer:
        writer.put(document(3))
    generations = sorted(path.name for path in folder.iterdir() if path.is_dir())
    assert not (leftover / "trace").exists()
    assert generations == ["000002", "000003"]
    assert engine.ids() == {"KB-000003": 1}


def test_searches_go_on_while_the_index_is_rebuilt_and_changed(
    folder: Path, engine: WhooshEngine
) -> None:
    stop = Event()

    def search() -> int:
        count = 0
        while not stop.is_set():
            page = engine.search(parse("卡纸"))
            assert page.total == len(page.hits)
            assert {hit.document.title for hit in page.hits} <= {"卡纸"}
            count += 1
        return count

    writing = opened(folder)
    with ThreadPoolExecutor(4) as pool:
        searches = [pool.submit(search) for _ in range(4)]
        try:
            for round_ in range(6):
                with writing.rebuild() as writer:
                    for i in range(8):
                        writer.put(document(i))
                with writing.writer() as writer:
                    writer.remove(f"KB-{round_:06}")
        finally:
            stop.set()
    assert all(search.result() > 0 for search in searches)
    writing.close()


def test_a_document_put_twice_in_a_huge_batch_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kbservice.search.whoosh.rebuild.CHUNK", 3)
    engine = opened(tmp_path)
    with engine.rebuild() as writer:
        for title in ("卡纸", "黑屏"):
            for i in range(4):
                writer.put(document(i, title))
        writer.remove("KB-000001")
    assert engine.search(parse("卡纸")).total == 0
    assert engine.search(parse("黑屏")).total == 3
    assert set(engine.ids()) == {"KB-000000", "KB-000002", "KB-000003"}
    engine.close()


def test_a_build_that_lost_documents_is_not_switched_to(folder: Path, engine: WhooshEngine) -> None:
    rebuild = engine.rebuild()
    writer = rebuild.__enter__()
    writer.put(document(3))
    writer.revisions["KB-000009"] = 1
    with pytest.raises(IndexCorrupt):
        rebuild.__exit__(None, None, None)
    assert set(engine.ids()) == {"KB-000001", "KB-000002"}


def test_unused_snapshots_let_their_files_go(folder: Path, engine: WhooshEngine) -> None:
    engine.ping()
    for i in range(5):
        with engine.writer() as writer:
            writer.put(document(10 + i))
        engine.ping()
    links = [path.resolve() for path in Path("/proc/self/fd").iterdir() if path.exists()]
    assert [path for path in links if folder in path.parents and "deleted" in path.name] == []
