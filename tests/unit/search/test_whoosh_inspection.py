"""Files damaged under an engine that has them open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kbservice.errors import IndexUnavailable
from kbservice.search.syntax import parse
from kbservice.search.whoosh.commits import read_commit
from kbservice.search.whoosh.engine import WhooshEngine
from kbservice.search.whoosh.inspection import Inspection
from tests.contract.documents import OFFICE, fill

KEY = b"test key"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[WhooshEngine]:
    engine = WhooshEngine(tmp_path, refresh_interval_s=0.0, key=KEY)
    with engine.rebuild():
        pass
    fill(engine, *OFFICE)
    yield engine
    engine.close()


def zero_the_middle(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 4)
        file.write(bytes(size // 2))


DAMAGES = (zero_the_middle, Path.unlink)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_an_open_impact_file_is_noticed_and_mended(
    tmp_path: Path, engine: WhooshEngine, damage: Callable[[Path], None]
) -> None:
    before = engine.search(parse("打印机")).hits
    damage(next((tmp_path / "000002").glob("*.imp")))

    engine.inspect()
    assert not engine.state().whole
    with engine.writer():
        pass
    engine.inspect()

    assert engine.state().whole
    assert engine.search(parse("打印机")).hits == before


def test_a_reader_lets_go_of_the_damaged_file_once_another_process_has_mended_it(
    tmp_path: Path, engine: WhooshEngine
) -> None:
    reader = WhooshEngine(tmp_path, refresh_interval_s=0.0, key=KEY)
    before = reader.search(parse("打印机")).hits
    zero_the_middle(next((tmp_path / "000002").glob("*.imp")))

    engine.inspect()
    with engine.writer():
        pass

    assert reader.search(parse("打印机")).hits == before
    reader.close()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("pattern", ["*.toc", "*.pst", "MANIFEST-*.json"])
def test_damage_that_nothing_mends_gives_way_to_the_generation_before(
    tmp_path: Path, engine: WhooshEngine, pattern: str, damage: Callable[[Path], None]
) -> None:
    assert engine.state().complete
    damage(next((tmp_path / "000002").glob(pattern)))

    engine.inspect()

    assert engine.state().stands_in_for == 2


def test_without_an_index_there_is_nothing_to_look_after(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable):
        WhooshEngine(tmp_path / "none", refresh_interval_s=0.0, key=KEY).inspect()


def test_rot_that_leaves_no_trace_in_the_times_shows_when_the_file_has_its_turn(
    tmp_path: Path, engine: WhooshEngine
) -> None:
    folder = tmp_path / "000002"
    commit = read_commit(folder, KEY)
    assert engine.state().whole
    last = max(commit.checksums)
    rotten = replace(commit, checksums={**commit.checksums, last: "0" * 64})

    looks = [Inspection(rest=0).finds_damage(folder, commit)]
    inspection = Inspection(rest=0)
    looks += [inspection.finds_damage(folder, rotten) for _ in commit.checksums]

    assert looks == [False] * len(commit.checksums) + [True]


def test_checksums_leave_a_rest_between_them(tmp_path: Path, engine: WhooshEngine) -> None:
    folder = tmp_path / "000002"
    commit = read_commit(folder, KEY)
    assert engine.state().whole
    wrong = replace(commit, checksums=dict.fromkeys(commit.checksums, "0" * 64))
    inspection = Inspection(rest=1_000_000)

    assert [inspection.finds_damage(folder, wrong) for _ in range(3)] == [True, False, False]
