"""Segments: readable by plain Whoosh, merged without loss, mended, few in number."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from whoosh import query, sorting
from whoosh.index import open_dir
from whoosh.searching import Searcher

from kbservice.errors import Conflict
from kbservice.search.documents import SearchDocument
from kbservice.search.engine import RebuildReport
from kbservice.search.syntax import parse
from kbservice.search.whoosh import rebuild as rebuilding
from kbservice.search.whoosh import tiers
from kbservice.search.whoosh.engine import WhooshEngine
from kbservice.text.tokens import sequence_terms
from tests.contract.documents import article, found
from tests.contract.search_engine import SearchEngineContract
from tests.contract.test_scores import document, text


def opened(folder: Path) -> WhooshEngine:
    return WhooshEngine(folder, refresh_interval_s=0.0, key=b"k", lock_wait_s=5.0)


def build(
    engine: WhooshEngine, documents: Sequence[SearchDocument], *report: RebuildReport
) -> None:
    with engine.rebuild(*report) as writer:
        for item in documents:
            writer.put(item)


def impact_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("0*/*.imp"))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[WhooshEngine]:
    with closing(opened(tmp_path)) as engine:
        dice = random.Random(3)
        with engine.rebuild() as writer:
            for number in range(300):
                writer.put(document(dice, number))
        yield engine


def answers(engine: WhooshEngine) -> list[list[tuple[str, float]]]:
    dice = random.Random(4)
    queries = [text(dice, words) for words in (1, 2, 3, 30) for _ in range(10)]
    return [[(hit.id, hit.score) for hit in engine.similar(q, limit=10)] for q in queries]


class TestStockWhoosh:
    """What a program with nothing but Whoosh finds in the folder."""

    @pytest.fixture
    def searcher(self, engine: WhooshEngine, tmp_path: Path):
        with open_dir(str(tmp_path / "000001"), "MAIN").searcher() as searcher:
            yield searcher

    def test_it_finds_words(self, engine: WhooshEngine, searcher: Searcher) -> None:
        found = searcher.search(query.Term("words", "打印机"), limit=None)
        mine = {hit.id for hit in engine.search(parse("打印机 kind:all")).hits}
        assert mine <= {hit["id"] for hit in found}
        assert len(found) > 10

    def test_it_finds_phrases(self, engine: WhooshEngine, searcher: Searcher) -> None:
        for phrase in ("驱动程序", "重新安装", "数据库", "connection"):
            units = sequence_terms(phrase)
            in_text = query.Phrase("sequence", units)
            in_title = query.Phrase("title_sequence", units)
            found = searcher.search(query.Or([in_text, in_title]), limit=None)
            assert len(found) == engine.search(parse(f'"{phrase}"')).total > 0

    def test_it_filters_and_groups(self, engine: WhooshEngine, searcher: Searcher) -> None:
        found = searcher.search(query.Term("category", "network"), limit=None)
        assert len(found) == engine.search(parse("category:network")).total > 0
        assert sorting.FieldFacet("kind").categorizer(searcher) is not None

    def test_it_reads_every_stored_document(self, engine: WhooshEngine, searcher: Searcher) -> None:
        stored = {
            fields["id"]: fields["revision"] for fields in searcher.reader().all_stored_fields()
        }
        assert stored == engine.ids()


class TestWithoutNumba(SearchEngineContract):
    """Plain Whoosh answers, from its own postings."""

    @pytest.fixture
    def engine(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WhooshEngine]:
        monkeypatch.setattr("kbservice.search.whoosh.compiled.AVAILABLE", False)
        with closing(opened(tmp_path)) as engine:
            with engine.rebuild():
                pass
            yield engine


def cut_off(path: Path) -> None:
    # Another file: a mapped one that shrinks would end the process that has it open.
    shorter = path.with_name("shorter")
    shorter.write_bytes(path.read_bytes()[:1000])
    shorter.rename(path)


@pytest.mark.parametrize("damage", [Path.unlink, cut_off])
def test_without_an_impact_file_answers_stay_right_and_the_next_writer_mends_it(
    engine: WhooshEngine, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    before = answers(engine)
    damage(impact_files(tmp_path)[0])
    with closing(opened(tmp_path)) as other:
        assert not other.state().whole
        assert other.ids() == engine.ids()
        assert other.search(parse('"驱动程序"')).total == engine.search(parse('"驱动程序"')).total
        assert other.similar("打印机卡纸", limit=3)
        with other.writer():
            pass
        assert other.state().whole
        assert answers(other) == before


def test_a_merge_changes_no_answer(
    engine: WhooshEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(5)
    monkeypatch.setattr(tiers, "_FAN", 99)
    for batch in range(9):
        with engine.writer() as writer:
            for number in range(300 + 30 * batch, 330 + 30 * batch):
                writer.put(document(dice, number))
            writer.remove(f"KB-{batch:06}")
            writer.put(document(dice, 100 + batch, revision=2))
    before, ids, segments = answers(engine), engine.ids(), len(impact_files(tmp_path))
    monkeypatch.setattr(tiers, "_FAN", 8)
    with engine.writer() as writer:
        writer.mark(1)
    wait_until(lambda: len(impact_files(tmp_path)) < segments)
    assert answers(engine) == before
    assert engine.ids() == ids


def test_many_small_commits_leave_few_segments(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as engine:
        with engine.rebuild():
            pass
        for number in range(70):
            with engine.writer() as writer:
                writer.put(article(f"KB-{number:06}", f"打印机卡纸 E-{number}00"))
        wait_until(lambda: len(impact_files(tmp_path)) < 8)
        assert len(engine.ids()) == 70
        assert found(engine, "E-3300") == ["KB-000033"]


def test_what_is_deleted_during_a_merge_stays_deleted(engine: WhooshEngine, tmp_path: Path) -> None:
    for number in range(40):
        with engine.writer() as writer:
            writer.put(article(f"NEW-{number}", "键盘失灵"))
            writer.remove(f"NEW-{number - 5}")
            writer.remove(f"KB-{number:06}")
    wait_until(lambda: len(impact_files(tmp_path)) < 9)
    assert {f"NEW-{number}" for number in range(35, 40)} == {
        key for key in engine.ids() if key.startswith("NEW")
    }
    assert engine.search(parse("键盘失灵")).total == 5


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({f"s{i}": (10, 0) for i in range(7)}, 0),
        ({f"s{i}": (10, 0) for i in range(8)}, 8),
        ({"big": (100_000, 0)} | {f"s{i}": (10, 0) for i in range(8)}, 8),
        ({"big": (9000, 3500)}, 1),
        ({"small": (9, 8)}, 0),
    ],
)
def test_eight_of_a_size_or_one_full_of_deletions_are_due(
    sizes: dict[str, tuple[int, int]], expected: int
) -> None:
    assert len(tiers.due(sizes)) == expected


class TestRebuild:
    """A rebuild in chunks."""

    @pytest.fixture(autouse=True)
    def _small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rebuilding, "CHUNK", 40)

    def documents(self) -> list[SearchDocument]:
        dice = random.Random(6)
        return [document(dice, number) for number in range(150)]

    def test_two_processes_build_what_one_does(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = []
        for processes in (1, 2):
            monkeypatch.setattr(rebuilding, "_PROCESSES", processes)
            with closing(opened(tmp_path / str(processes))) as engine:
                build(engine, self.documents())
                assert len(impact_files(tmp_path / str(processes))) == processes
                found.append(answers(engine))
        assert found[0] == found[1]

    def test_it_tells_its_stages(self, tmp_path: Path) -> None:
        told: list[tuple[str, int, int]] = []
        with closing(opened(tmp_path)) as engine:
            build(engine, self.documents(), lambda *report: told.append(report))
        assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["analyze", "merge", "verify"]
        assert told[-1] == ("verify", 150, 150)
        assert all(done <= total == 150 for _, done, total in told)

    def test_it_tells_each_finished_chunk_also_without_further_processes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rebuilding, "_PROCESSES", 1)
        told: list[tuple[str, int, int]] = []
        with closing(opened(tmp_path)) as engine:
            build(engine, self.documents(), lambda *report: told.append(report))
        for stage in ("analyze", "merge", "verify"):
            done = [report[1] for report in told if report[0] == stage]
            assert (done[0], done[-1]) == (0, 150)
            assert done == sorted(done)
        assert {40, 80, 120} & {done for stage, done, _ in told if stage == "analyze"}

    def test_a_cancelled_one_leaves_the_old_and_is_resumed_where_it_stopped(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cancel(stage: str, done: int, total: int) -> None:
            if stage == "merge":
                raise Conflict("enough")

        monkeypatch.setattr(rebuilding, "_PROCESSES", 1)
        analyzed: list[Path] = []
        original = rebuilding._analyze
        monkeypatch.setattr(
            rebuilding, "_analyze", lambda *work: (analyzed.append(work[1]), original(*work))
        )
        with closing(opened(tmp_path)) as engine:
            with engine.rebuild() as writer:
                writer.put(article("KB-000001", "old"))
            analyzed.clear()
            with pytest.raises(Conflict):
                build(engine, self.documents(), cancel)
            assert engine.ids() == {"KB-000001": 1}
            assert len(analyzed) == 4
            changed = [*self.documents()[:-1], article("KB-000777", "new")]
            build(engine, changed)
            # Only the chunk with the changed document was analyzed again.
            assert len(analyzed) == 5
            assert set(engine.ids()) == {item.id for item in changed}
            assert not (tmp_path / "spool").exists()
