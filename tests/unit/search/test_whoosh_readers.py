"""What an open reader sees when others change the index, and how a small index weighs."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest

from kbservice.errors import IndexUnavailable
from kbservice.search.whoosh.engine import WhooshEngine
from tests.contract.documents import article, fill, found


def opened(folder: Path, refresh_interval_s: float = 0.0) -> WhooshEngine:
    return WhooshEngine(folder, refresh_interval_s=refresh_interval_s, key=b"test key")


def ask_until_refused(reading: WhooshEngine) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        time.sleep(0.02)
        reading.ids()


def test_an_idle_reader_notices_a_rebuild_after_a_rollback(tmp_path: Path):
    writing, reading = opened(tmp_path), opened(tmp_path)
    for key in ("KB-1", "KB-2"):
        fill(writing, article(key, "打印机"))
    assert {"KB-2": 1} == reading.ids()

    writing.rollback()
    fill(writing, article("KB-3", "打印机"))

    assert {"KB-3": 1} == reading.ids()
    writing.close()
    reading.close()


def test_an_odd_first_article_does_not_weigh_down_the_later_ones(tmp_path: Path):
    engine = opened(tmp_path)
    fill(engine)
    for document in (
        article("KB-1", "长" * 60, "x"),
        article("KB-2", "其他", "打印机卡纸处理方法说明 " * 2 + "许多别的内容 " * 30),
    ):
        with engine.writer() as writer:
            writer.put(document)

    assert ["KB-2"] == found(engine, "打印机卡纸")
    (hit,) = engine.similar("打印机卡纸", limit=1)
    assert hit.score > 1.0
    engine.close()


def test_a_busy_reader_goes_on_with_the_old_generation_while_the_new_one_is_opened(tmp_path: Path):
    with closing(opened(tmp_path)) as writing, closing(opened(tmp_path, 0.01)) as reading:
        fill(writing, article("KB-1", "打印机"))
        assert {"KB-1": 1} == reading.ids()
        fill(writing, article("KB-2", "打印机"))
        time.sleep(0.02)

        assert {"KB-1": 1} == reading.ids()

        end = time.monotonic() + 20
        while reading.ids() != {"KB-2": 1}:
            assert time.monotonic() < end
            time.sleep(0.02)
        assert ["KB-2"] == found(reading, "打印机")


def test_an_idle_reader_waits_for_the_new_generation(tmp_path: Path):
    with closing(opened(tmp_path)) as writing, closing(opened(tmp_path, 0.01)) as reading:
        fill(writing, article("KB-1", "打印机"))
        assert {"KB-1": 1} == reading.ids()
        fill(writing, article("KB-2", "打印机"))
        time.sleep(1.1)

        assert {"KB-2": 1} == reading.ids()


def test_a_busy_reader_says_so_when_its_index_is_gone(tmp_path: Path):
    with closing(opened(tmp_path)) as writing, closing(opened(tmp_path, 0.01)) as reading:
        fill(writing, article("KB-1", "打印机"))
        assert {"KB-1": 1} == reading.ids()
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()

        with pytest.raises(IndexUnavailable):
            ask_until_refused(reading)


def test_an_idle_reader_answers_no_more_from_an_index_that_is_gone(tmp_path: Path):
    with closing(opened(tmp_path)) as writing, closing(opened(tmp_path, 0.5)) as reading:
        fill(writing, article("KB-1", "打印机"))
        assert {"KB-1": 1} == reading.ids()
        (tmp_path / "CURRENT").unlink()
        time.sleep(1.1)

        for _ in range(3):
            with pytest.raises(IndexUnavailable):
                reading.ids()


def test_a_generation_keeps_the_time_of_its_building_through_later_changes(tmp_path: Path):
    with closing(opened(tmp_path)) as engine:
        fill(engine, article("KB-1", "打印机"))
        built = engine.state()
        with engine.writer() as writer:
            writer.put(article("KB-2", "打印机"))
        changed = engine.state()

        assert built.built_at is not None
        assert built.changed_at is not None
        assert changed.changed_at is not None
        assert built.built_at <= built.changed_at
        assert built.built_at == changed.built_at
        assert built.changed_at < changed.changed_at
