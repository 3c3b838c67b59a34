"""What an open reader sees when others change the index, and how a small index weighs."""

from __future__ import annotations

from pathlib import Path

from kbservice.search.whoosh.engine import WhooshEngine
from tests.contract.documents import article, fill, found


def opened(folder: Path) -> WhooshEngine:
    return WhooshEngine(folder, refresh_interval_s=0.0, key=b"test key")


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
