from __future__ import annotations

import pytest

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Principal, Role
from kbservice.errors import Conflict, InvalidInput, NotFound, NotPermitted, StaleVersion
from kbservice.services.retrieval import SearchRequest
from kbservice.services.synonyms import Synonyms
from kbservice.store import articles, audit, outbox
from tests.builders import NOW, an_article

TITLES = {"KB-1": "电脑蓝屏", "KB-2": "笔记本死机", "KB-3": "打印机脱机"}


@pytest.fixture
def filled(application: Application) -> Application:
    with application.database.transaction() as session:
        for key, title in TITLES.items():
            articles.add(session, an_article(key, title=title, problem=title))
            outbox.append(session, "article", key, 1, NOW)
    application.indexing.drain()
    return application


def found(application: Application, text: str) -> set[str]:
    page = application.retrieval.search(SearchRequest(q=text), SYSTEM).page
    return {hit.id for hit in page.hits}


def test_a_stored_rule_applies_to_the_next_search_and_a_removed_one_no_longer(
    filled: Application,
):
    assert {"KB-1"} == found(filled, "蓝屏")

    rule = filled.synonyms.add("蓝屏, 死机", SYSTEM)
    assert {"KB-1", "KB-2"} == found(filled, "蓝屏")

    filled.synonyms.change(rule.id, "蓝屏, 脱机", expected_version=1, principal=SYSTEM)
    assert {"KB-1", "KB-3"} == found(filled, "蓝屏")

    filled.synonyms.remove(rule.id, expected_version=2, principal=SYSTEM)
    assert {"KB-1"} == found(filled, "蓝屏")


def test_the_answer_tells_what_was_searched_besides(filled: Application):
    filled.synonyms.add("蓝屏, 死机", SYSTEM)
    answer = filled.retrieval.search(SearchRequest(q="蓝屏"), SYSTEM)
    assert [("蓝屏", ("死机",))] == [(item.text, item.added) for item in answer.query.expansions]


def test_a_ticket_length_text_is_not_widened(filled: Application):
    before = [hit.id for hit in filled.engine.similar("电脑蓝屏", limit=5)]
    filled.synonyms.add("蓝屏, 死机", SYSTEM)
    assert before == [hit.id for hit in filled.engine.similar("电脑蓝屏", limit=5)]


def test_another_process_sees_the_change(filled: Application):
    other = Synonyms(
        database=filled.database, engine=filled.engine, clock=filled.clock, check_interval_s=0.0
    )
    assert 0 == len(other.book())
    filled.synonyms.add("蓝屏, 死机", SYSTEM)
    assert 2 == len(other.book())


def test_changes_are_in_the_audit_log(filled: Application):
    rule = filled.synonyms.add("蓝屏,死机", SYSTEM)
    filled.synonyms.change(rule.id, "蓝屏, 卡死", expected_version=None, principal=SYSTEM)
    filled.synonyms.remove(rule.id, expected_version=None, principal=SYSTEM)

    with filled.database.reading() as session:
        entries = audit.of_subject(session, f"synonym:{rule.id}")

    assert [
        ("synonym_removed", {"rule": "蓝屏, 卡死"}),
        ("synonym_changed", {"rule": "蓝屏, 卡死", "before": "蓝屏, 死机"}),
        ("synonym_added", {"rule": "蓝屏, 死机"}),
    ] == [(entry.action, entry.facts) for entry in entries]


def test_two_editors_do_not_overwrite_each_other(filled: Application):
    rule = filled.synonyms.add("蓝屏, 死机", SYSTEM)
    filled.synonyms.change(rule.id, "蓝屏, 卡死", expected_version=1, principal=SYSTEM)

    with pytest.raises(StaleVersion):
        filled.synonyms.change(rule.id, "蓝屏, 卡住", expected_version=1, principal=SYSTEM)
    with pytest.raises(StaleVersion):
        filled.synonyms.remove(rule.id, expected_version=1, principal=SYSTEM)


def test_the_same_rule_in_other_words_is_refused(filled: Application):
    filled.synonyms.add("蓝屏, 死机", SYSTEM)
    other = filled.synonyms.add("a1, b1", SYSTEM)

    with pytest.raises(Conflict):
        filled.synonyms.add(" 蓝屏、死机 ", SYSTEM)
    with pytest.raises(Conflict):
        filled.synonyms.change(other.id, "蓝屏,死机", expected_version=None, principal=SYSTEM)


def test_saving_a_rule_unchanged_is_no_conflict(filled: Application):
    rule = filled.synonyms.add("蓝屏, 死机", SYSTEM)
    same = filled.synonyms.change(rule.id, "蓝屏, 死机", expected_version=1, principal=SYSTEM)
    assert "蓝屏, 死机" == same.rule


def test_bad_rules_and_unknown_ids_are_told(filled: Application):
    with pytest.raises(InvalidInput):
        filled.synonyms.add("蓝屏", SYSTEM)
    with pytest.raises(NotFound):
        filled.synonyms.change(99, "a1, b1", expected_version=None, principal=SYSTEM)
    with pytest.raises(NotFound):
        filled.synonyms.remove(99, expected_version=None, principal=SYSTEM)


def test_only_administrators_touch_the_book(filled: Application):
    lead = Principal(name="lead", role=Role.LEAD)
    for call in (
        lambda: filled.synonyms.all(lead),
        lambda: filled.synonyms.add("a1, b1", lead),
        lambda: filled.synonyms.import_lines("a1, b1", lead),
        lambda: filled.synonyms.preview("a1, b1", [], lead),
    ):
        with pytest.raises(NotPermitted):
            call()


def test_an_import_takes_what_is_a_rule_and_tells_the_rest(filled: Application):
    filled.synonyms.add("蓝屏, 死机", SYSTEM)
    text = "# office words\n蓝屏,死机\n\nvpn => 虚拟专用网 # short\nlonely\nvpn => 虚拟专用网\n"

    report = filled.synonyms.import_lines(text, SYSTEM)

    assert (1, 2) == (report.added, report.known)
    assert [(5, "lonely")] == [(item.line, item.text) for item in report.refused]
    rules = [rule.rule for rule in filled.synonyms.all(SYSTEM)]
    assert ["蓝屏, 死机", "vpn => 虚拟专用网"] == rules


def test_a_preview_tells_what_is_gained_without_storing_anything(filled: Application):
    (shown,) = filled.synonyms.preview("蓝屏, 死机", ["蓝屏"], SYSTEM)

    assert (1, 2) == (shown.total_before, shown.total_after)
    assert ("KB-2",) == shown.gained
    assert () == shown.lost
    assert ["KB-1"] == [hit.id for hit in shown.before]
    assert {"KB-1", "KB-2"} == {hit.id for hit in shown.after}
    assert [] == filled.synonyms.all(SYSTEM)
    assert {"KB-1"} == found(filled, "蓝屏")


def test_a_preview_of_a_change_is_without_the_old_rule(filled: Application):
    rule = filled.synonyms.add("蓝屏, 死机", SYSTEM)

    (shown,) = filled.synonyms.preview("蓝屏, 脱机", ["蓝屏"], SYSTEM, replaces=rule.id)

    assert ("KB-3",) == shown.gained
    assert ("KB-2",) == shown.lost


def test_without_queries_the_rules_words_and_the_latest_searches_it_changes_are_tried(
    filled: Application,
):
    found(filled, "笔记本蓝屏")
    found(filled, "打印机")

    shown = filled.synonyms.preview("蓝屏 => 死机", [], SYSTEM)

    assert ["蓝屏", "笔记本蓝屏"] == [item.query for item in shown]
