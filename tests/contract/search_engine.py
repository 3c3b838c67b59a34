"""What every search engine does: mix-ins for test classes with an ``engine`` fixture."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kbservice.errors import NotFound
from kbservice.search.documents import Filters, SearchQuery, Sort
from kbservice.search.engine import SearchEngine
from kbservice.search.syntax import parse
from kbservice.text.tokens import FINGERPRINT
from tests.contract.documents import MONDAY, OFFICE, article, fill, found
from tests.contract.naming import Naming

STRANGE_TICKETS = (
    "数据库连接超时" * 7_000,
    "a" * 50_000,
    " ".join(f"ERR-{number}" for number in range(5_000)),
    "的了是 the of " * 3_000,
    '(*[^"~:-+' * 5_000,
    "👩\u200d💻e\u0301\u202e" * 5_000,
    "\n" * 50_000,
)


def fail_amid_a_batch(engine: SearchEngine) -> None:
    with engine.writer() as writer:
        writer.remove("KB-000001")
        writer.put(article("KB-000009", "新文章"))
        writer.mark(7)
        _ = 1 / 0


class Writing:
    """Changes come together, once, and in the order of revisions."""

    def test_a_committed_document_is_found(self, engine: SearchEngine) -> None:
        with engine.writer() as writer:
            writer.put(article("KB-000001", "打印机卡纸"))
        assert found(engine, "卡纸") == ["KB-000001"]

    def test_nothing_is_visible_before_the_commit(self, engine: SearchEngine) -> None:
        with engine.writer() as writer:
            writer.put(article("KB-000001", "打印机卡纸"))
            assert found(engine, "卡纸") == []

    def test_a_new_revision_replaces_the_old_one(self, engine: SearchEngine) -> None:
        fill(engine, article("KB-000001", "打印机卡纸"))
        with engine.writer() as writer:
            writer.put(article("KB-000001", "显示器黑屏", revision=2))
        assert (found(engine, "卡纸"), found(engine, "黑屏")) == ([], ["KB-000001"])
        assert engine.ids() == {"KB-000001": 2}

    def test_an_older_revision_is_ignored(self, engine: SearchEngine) -> None:
        fill(engine, article("KB-000001", "显示器黑屏", revision=2))
        with engine.writer() as writer:
            writer.put(article("KB-000001", "打印机卡纸", revision=1))
        assert engine.ids() == {"KB-000001": 2}
        assert found(engine, "卡纸") == []

    def test_the_last_put_of_a_batch_counts(self, engine: SearchEngine) -> None:
        with engine.writer() as writer:
            writer.put(article("KB-000001", "打印机卡纸"))
            writer.put(article("KB-000001", "显示器黑屏"))
        assert (found(engine, "卡纸"), found(engine, "黑屏")) == ([], ["KB-000001"])

    def test_a_removed_document_is_gone(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        with engine.writer() as writer:
            writer.remove("KB-000001")
            writer.remove("KB-999999")
        assert "KB-000001" not in engine.ids()
        assert found(engine, "驱动程序") == []

    def test_a_document_removed_and_put_again_is_there(self, engine: SearchEngine) -> None:
        fill(engine, article("KB-000001", "打印机卡纸", revision=5))
        with engine.writer() as writer:
            writer.remove("KB-000001")
            writer.put(article("KB-000001", "显示器黑屏", revision=1))
        assert found(engine, "黑屏") == ["KB-000001"]
        assert engine.ids() == {"KB-000001": 1}

    def test_a_document_put_and_removed_in_one_batch_is_gone(self, engine: SearchEngine) -> None:
        with engine.writer() as writer:
            writer.put(article("KB-000001", "打印机卡纸"))
            writer.remove("KB-000001")
        assert engine.ids() == {}

    def test_an_error_discards_the_whole_batch(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        before = engine.ids()
        with pytest.raises(ZeroDivisionError):
            fail_amid_a_batch(engine)
        assert engine.ids() == before
        with engine.writer() as writer:
            writer.put(article("KB-000009", "新文章"))
        assert found(engine, "新文章") == ["KB-000009"]

    def test_an_error_discards_the_whole_rebuild(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        before = engine.state().generation
        with pytest.raises(ZeroDivisionError), engine.rebuild():
            _ = 1 / 0
        assert engine.state().generation == before
        assert set(engine.ids()) == {document.id for document in OFFICE}

    def test_many_commits_keep_every_document(self, engine: SearchEngine) -> None:
        for i in range(12):
            with engine.writer() as writer:
                writer.put(article(f"KB-{i:06}", f"error E-{i}00", "卡纸"))
        assert set(engine.ids()) == {f"KB-{i:06}" for i in range(12)}
        assert found(engine, "E-700") == ["KB-000007"]


class State:
    """The index says what it holds."""

    def test_the_mark_is_stored_with_the_commit(self, engine: SearchEngine) -> None:
        with engine.writer() as writer:
            writer.mark(7)
        assert engine.state().sequence == 7

    def test_the_mark_never_goes_back(self, engine: SearchEngine) -> None:
        for sequence in (7, 3):
            with engine.writer() as writer:
                writer.mark(sequence)
        assert engine.state().sequence == 7

    def test_a_reader_of_the_current_generation_answers_as_the_engine(
        self, engine: SearchEngine
    ) -> None:
        fill(engine, *OFFICE)
        reader = engine.kept(engine.state().generation)
        assert reader.state() == engine.state()
        assert reader.similar("打印机卡纸", limit=3) == engine.similar("打印机卡纸", limit=3)

    def test_a_generation_that_is_not_kept_is_not_found(self, engine: SearchEngine) -> None:
        with pytest.raises(NotFound):
            engine.kept(99)

    def test_a_discarded_batch_leaves_the_mark(self, engine: SearchEngine) -> None:
        with pytest.raises(ZeroDivisionError):
            fail_amid_a_batch(engine)
        assert engine.state().sequence == 0

    def test_state_counts_documents_and_names_the_analyzer(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        state = engine.state()
        assert (state.documents, state.analyzer) == (len(OFFICE), FINGERPRINT)

    def test_what_was_searched_is_told_if_it_is_only_a_stop_word(
        self, engine: SearchEngine
    ) -> None:
        fill(engine, article("KB-1", "打印机的驱动"), article("KB-2", "restart the server"))
        for word, key in (("的", "KB-1"), ("the", "KB-2")):
            page = engine.search(parse(word))
            assert ((word,), [key]) == (page.terms, [hit.id for hit in page.hits])

    def test_every_rebuild_is_a_new_generation(self, engine: SearchEngine) -> None:
        before = engine.state().generation
        fill(engine, *OFFICE)
        assert engine.state().generation > before

    def test_rollback_brings_the_previous_generation_back(self, engine: SearchEngine) -> None:
        fill(engine, article("KB-000001", "打印机卡纸"))
        fill(engine, article("KB-000002", "显示器黑屏"))
        engine.rollback()
        assert engine.ids() == {"KB-000001": 1}
        assert found(engine, "卡纸") == ["KB-000001"]

    def test_rollback_needs_a_previous_generation(self, engine: SearchEngine) -> None:
        fill(engine, article("KB-000001", "打印机卡纸"))
        fill(engine, article("KB-000002", "显示器黑屏"))
        engine.rollback()
        with pytest.raises(NotFound):
            engine.rollback()

    def test_after_a_rollback_rebuilding_works(self, engine: SearchEngine) -> None:
        fill(engine, article("KB-000001", "打印机卡纸"))
        fill(engine, article("KB-000002", "显示器黑屏"))
        engine.rollback()
        fill(engine, article("KB-000003", "键盘失灵"))
        assert engine.ids() == {"KB-000003": 1}

    def test_a_ready_engine_answers_the_ping(self, engine: SearchEngine) -> None:
        engine.ping()


class Matching:
    """What a query finds."""

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("打印机", "KB-000001"),
            ("驱动程序", "KB-000001"),
            ("打印機", "KB-000001"),
            ("网络", "20261123-0001"),
            ("路由器", "20261123-0001"),
            ("脱", "KB-000001"),
            ("ORA-12541", "KB-000003"),
            ("ora12541", "KB-000003"),
            ("12541", "KB-000003"),
            ("202310-001", "KB-000003"),
            ("Win11", "KB-000004"),
            ("Excel导出", "KB-000004"),
            ("Win11+Excel导出", "KB-000004"),
            ("connecting servers", "KB-000002"),
            ("outlook 邮件服务器", "KB-000002"),
            ("邮件服务器 restart", "KB-000002"),
            ("lsnrctl", "KB-000003"),
            ("lsnr*", "KB-000003"),
            ("ＯＵＴＬＯＯＫ", "KB-000002"),
        ],
    )
    def test_a_query_finds_its_document_first(
        self, engine: SearchEngine, query: str, expected: str
    ) -> None:
        fill(engine, *OFFICE)
        assert found(engine, query)[:1] == [expected]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ('"重置密码"', {"KB-000004"}),
            ('"密码重置"', set()),
            ("“mail server”", {"KB-000002"}),
            ('"server mail"', set()),
            ("「无法打印」", {"KB-000001"}),
            ('"打印机无法打印检查"', set()),
            ("重启 -邮件", set()),
            ("导出 -oracle", {"KB-000004"}),
            ('密码 -"重置密码"', set()),
            ("导出 OR lsnrctl", {"KB-000003", "KB-000004"}),
            ("title:导出", {"KB-000004"}),
            ("title:密码", set()),
            ("text:密码", {"KB-000004"}),
            ("title:无法 kind:article", {"KB-000001"}),
            ("category:software", {"KB-000002", "KB-000004"}),
            ("category:software category:Database", {"KB-000002", "KB-000003", "KB-000004"}),
            ("kind:ticket", {"20261123-0001"}),
            ("product:excel", {"KB-000004"}),
            ("tag:打印", {"KB-000001"}),
            ("version:2.1", {"KB-000001"}),
            ("state:resolved", {"20261123-0001"}),
            ("Exc*", {"KB-000004"}),
            ("驱动*", {"KB-000001"}),
        ],
    )
    def test_an_operator_means_exactly_this(
        self, engine: SearchEngine, query: str, expected: set[str]
    ) -> None:
        fill(engine, *OFFICE)
        assert set(found(engine, query)) == expected

    def test_no_clause_matches_everything(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        assert engine.search(SearchQuery()).total == len(OFFICE)

    def test_an_unknown_word_finds_nothing(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        page = engine.search(parse("xyzzy"))
        assert (page.hits, page.total, page.relaxed) == ((), 0, False)

    def test_terms_are_given_up_when_nothing_holds_all(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        page = engine.search(parse("ORA-12541 xyzzy"))
        assert [hit.id for hit in page.hits] == ["KB-000003"]
        assert page.relaxed

    def test_a_match_of_all_terms_is_not_relaxed(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        assert not engine.search(parse("ORA-12541 数据库")).relaxed

    def test_a_sentence_need_not_occur_in_full(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        assert found(engine, "我的打印机今天早上突然无法打印了怎么办")[:1] == ["KB-000001"]

    def test_an_empty_index_finds_nothing(self, engine: SearchEngine) -> None:
        assert engine.search(parse("打印机")).total == 0
        assert engine.similar("打印机", limit=5) == []


class Ranking:
    """In which order, how many, and with what beside them."""

    def test_equal_scores_are_ordered_by_id(self, engine: SearchEngine) -> None:
        keys = [f"KB-{i:06}" for i in (7, 3, 9, 1, 5)]
        fill(engine, *(article(key, "打印机卡纸") for key in keys))
        assert found(engine, "卡纸") == sorted(keys)
        assert [hit.id for hit in engine.similar("卡纸", limit=2)] == sorted(keys)[:2]

    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            ("newest", ["KB-000003", "KB-000002", "KB-000001", "20261123-0001", "KB-000004"]),
            ("solved", ["KB-000002", "KB-000001", "KB-000004", "20261123-0001", "KB-000003"]),
        ],
    )
    def test_other_orders(self, engine: SearchEngine, sort: Sort, expected: list[str]) -> None:
        fill(engine, *OFFICE)
        assert [hit.id for hit in engine.search(SearchQuery(sort=sort)).hits] == expected

    def test_newest_tells_moments_of_one_second_apart(self, engine: SearchEngine) -> None:
        later = MONDAY + timedelta(microseconds=1)
        fill(
            engine,
            article("KB-000001", "卡纸", updated_at=MONDAY),
            article("KB-000002", "卡纸", updated_at=later),
        )
        query = SearchQuery(sort="newest")
        assert [hit.id for hit in engine.search(query).hits] == ["KB-000002", "KB-000001"]

    @pytest.mark.parametrize("query", ["卡纸", "", '"卡纸"', "-密码 卡纸"])
    def test_pages_follow_each_other(self, engine: SearchEngine, query: str) -> None:
        fill(engine, *(article(f"KB-{i:06}", "打印机卡纸", "新 " * i) for i in range(25)))
        parsed = replace(parse(query), size=10)
        pages = [engine.search(replace(parsed, page=page)) for page in (1, 2, 3, 4)]
        keys = [hit.id for page in pages for hit in page.hits]
        assert [len(page.hits) for page in pages] == [10, 10, 5, 0]
        assert sorted(keys) == [f"KB-{i:06}" for i in range(25)]
        assert {page.total for page in pages} == {25}

    def test_a_match_without_a_score_is_listed_last(self, engine: SearchEngine) -> None:
        fill(
            engine,
            article("KB-000001", "the and of", "Nothing else"),
            article("KB-000002", "Printer", "the printer and the tray"),
        )
        page = engine.search(parse('"the" OR printer'))
        assert [hit.id for hit in page.hits] == ["KB-000002", "KB-000001"]
        assert page.total == 2

    def test_facets_count_all_matches_most_frequent_first(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        facets = engine.search(SearchQuery(size=1)).facets
        assert facets["kind"] == (("article", 4), ("ticket", 1))
        assert facets["category"] == (
            ("software", 2),
            ("database", 1),
            ("hardware", 1),
            ("network", 1),
        )
        assert engine.search(parse("导出")).facets["product"] == (("Excel", 1),)

    def test_terms_are_held_within_filters(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        public = Filters(visibility=("public",))
        assert engine.holds("打印机", public)
        assert engine.holds("ora-12541", Filters())
        assert not engine.holds("ora-12541", public)
        assert not engine.holds("nowhere", Filters())

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            (Filters(since=MONDAY + timedelta(days=1)), {"KB-000002", "KB-000003"}),
            (Filters(until=MONDAY + timedelta(days=1)), {"KB-000001", "20261123-0001"}),
            (Filters(since=MONDAY, until=MONDAY + timedelta(seconds=1)), {"KB-000001"}),
            (Filters(visibility=("public",)), {"KB-000001"}),
            (
                Filters(kind="article", exclude=("KB-000001", "KB-000002")),
                {"KB-000003", "KB-000004"},
            ),
            (Filters(category=("network", "NOWHERE")), {"20261123-0001"}),
            (Filters(category=("software",), product=("Outlook",)), {"KB-000002"}),
            (Filters(kind="article", also=(("kind", ("ticket",)),)), set()),
            (Filters(tag=("Mail", "打印"), also=(("tag", ("DRIVER",)),)), {"KB-000001"}),
            (
                Filters(
                    category=("software", "network"), also=(("category", ("Network", "hardware")),)
                ),
                {"20261123-0001"},
            ),
        ],
    )
    def test_filters_restrict_what_is_found(
        self, engine: SearchEngine, filters: Filters, expected: set[str]
    ) -> None:
        fill(engine, *OFFICE)
        page = engine.search(SearchQuery(filters=filters))
        assert {hit.id for hit in page.hits} == expected
        near = engine.similar(" ".join(d.title for d in OFFICE), limit=9, within=filters)
        assert {hit.id for hit in near} == expected

    @pytest.mark.parametrize("text", STRANGE_TICKETS)
    def test_similar_takes_any_text_and_still_finds_what_it_says(
        self, engine: SearchEngine, text: str
    ) -> None:
        fill(engine, *OFFICE)
        printer = OFFICE[0]
        found = engine.similar(f"{text} {printer.title}", title=printer.title, limit=3)
        assert printer.id in {hit.id for hit in found}
        assert len(engine.similar(text, limit=3)) <= 3

    def test_similar_ranks_a_whole_ticket_text(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        hits = engine.similar(
            "早上好，今天连接数据库时报错 ORA-12541，请帮忙", title="连不上", limit=3
        )
        assert hits[0].id == "KB-000003"
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

    def test_a_hit_brings_the_whole_document(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        hits = {hit.id: hit.document for hit in engine.search(SearchQuery()).hits}
        assert hits == {document.id: document for document in OFFICE}

    def test_matches_are_marked(self, engine: SearchEngine) -> None:
        fill(engine, *OFFICE)
        (hit,) = engine.search(parse("lsnrctl")).hits
        assert "<mark>lsnrctl</mark>" in hit.snippet_html


class SearchEngineContract(Writing, State, Matching, Ranking, Naming):
    """All of it."""
