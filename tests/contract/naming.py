"""How every search engine finds a document by its id."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kbservice.search.documents import Filters
from kbservice.search.engine import SearchEngine
from kbservice.search.syntax import parse
from tests.contract.documents import OFFICE, article, fill, found


class Naming:
    """A document is found by its id."""

    @pytest.mark.parametrize(
        "typed",
        [
            "KB-000075",
            "kb-000075",
            "ＫＢ－００００７５",
            '"KB-000075"',
            "+KB-000075",
            "KB-000075怎么样",
            "打印机 KB-000075",
            "打印机 卡纸 KB-000075",
            "邮件服务器重启之后仍然无法连接，参见 KB-000075",
            "KB-000075 OR 打印机",
            "KB-000075 kind:article",
        ],
    )
    def test_an_id_typed_alone_or_among_words_finds_its_document_first(
        self, engine: SearchEngine, typed: str
    ) -> None:
        fill(
            engine,
            *OFFICE,
            article("KB-000075", "键盘", "回车键卡住"),
            article("KB-000076", "参见 KB-000075：打印机卡纸，邮件服务器重启", "KB-000075"),
        )
        query = replace(parse(typed), explain=True)
        first = engine.search(query).hits[0]
        assert first.id == "KB-000075"
        assert sum(part.score for part in first.why) == pytest.approx(first.score, abs=1e-5)
        assert ("KB-000075", "id") in {(part.term, part.field) for part in first.why}

    def test_ids_differ_in_case_only_and_each_document_stays_its_own(
        self, engine: SearchEngine
    ) -> None:
        fill(engine, article("Faq-00012", "甲"), article("FAQ-00012", "乙"))
        with engine.writer() as writer:
            writer.put(article("Faq-00012", "丙", revision=2))
        assert engine.ids() == {"Faq-00012": 2, "FAQ-00012": 1}
        assert sorted(found(engine, "faq-00012")) == ["FAQ-00012", "Faq-00012"]

    def test_an_id_keeps_within_the_filters_and_can_be_excluded(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        public = replace(parse("KB-000002"), filters=Filters(visibility=("public",)))
        assert engine.search(public).total == 0
        assert engine.search(parse("KB-000002")).total == 1
        assert "KB-000001" not in found(engine, "打印机 -KB-000001")

    def test_pages_and_cursors_go_on_behind_it(self, engine: SearchEngine) -> None:
        fill(engine, *(article(f"KB-0000{n}", f"打印机 {n}") for n in range(10, 20)))
        query = replace(parse("打印机 OR KB-000015"), size=3)
        whole = [hit.id for hit in engine.search(replace(query, size=20)).hits]
        assert (whole[0], len(whole)) == ("KB-000015", 10)
        paged: list[str] = []
        after = None
        while True:
            page = engine.search(replace(query, after=after))
            paged += [hit.id for hit in page.hits]
            if (after := page.more_after) is None:
                break
        assert paged == whole

    def test_a_plain_number_names_nothing(self, engine: SearchEngine) -> None:
        fill(engine, article("12345", "键盘"), article("KB-000001", "错误 12345"))
        assert found(engine, "错误 12345") == ["KB-000001"]
