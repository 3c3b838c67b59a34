"""The loop that the product is for: ticket, known fix, resolution, article, next ticket."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace

import pytest

from kbservice.bootstrap import Application, build
from kbservice.domain.account import SYSTEM, Principal, Role
from kbservice.domain.article import ArticleState, Visibility
from kbservice.errors import AlreadyResolved, InvalidInput, NotFound, NotPermitted
from kbservice.services.doctor import Finding
from kbservice.services.feedback import NewFeedback
from kbservice.services.intake import NewTicket
from kbservice.services.knowledge import NewArticle
from kbservice.services.question import Question
from kbservice.services.resolution import NewResolution
from kbservice.services.retrieval import SearchRequest

pytestmark = pytest.mark.every_database

FORM = Principal(name="form", role=Role.INTAKE)
AGENT = Principal(name="agent", role=Role.AGENT)
PRINTER = NewTicket(
    title="打印机脱机,无法打印报表",
    body="重启后仍然脱机,错误代码 0x80070005,请回电 13812345678",
    requester={"name": "张三", "contact": "13812345678", "department": "财务部"},
)


def published(
    application: Application,
    title: str,
    solution: str,
    visibility: Visibility = Visibility.PUBLIC,
) -> str:
    sections = {"problem": title, "solution": solution}
    new = NewArticle(title=title, sections=sections, visibility=visibility)
    article = application.knowledge.create(new, SYSTEM)
    application.knowledge.publish(article.id, SYSTEM)
    application.indexing.drain()
    return article.id


def test_a_new_solution_becomes_a_draft_and_once_published_answers_the_next_ticket(
    application: Application,
) -> None:
    ticket = application.intake.submit(PRINTER, FORM).ticket
    resolved = application.resolution.resolve(
        ticket.number,
        NewResolution(summary="重装驱动", steps="1. 卸载驱动\n2. 重装驱动", cause="驱动损坏"),
        AGENT,
    )
    assert resolved.article is not None
    assert resolved.article.state == ArticleState.DRAFT
    assert "13812345678" not in resolved.article.problem

    application.knowledge.publish(resolved.article.id, SYSTEM)
    application.indexing.drain()
    answer = application.suggesting.suggest(Question(title="印表機離線 打印機脫機無法打印"), FORM)

    assert [fix.article_id for fix in answer.fixes] == [resolved.article.id]
    assert answer.fixes[0].evidence.solved == 1


def test_resolving_by_an_article_counts_for_it_once(application: Application) -> None:
    article_id = published(application, "打印机脱机怎么办", "重装驱动")
    submitted = application.intake.submit(PRINTER, FORM)
    assert submitted.answer is not None
    application.feedback.record(
        submitted.answer.id, NewFeedback(action="solved", item=article_id), AGENT
    )
    application.resolution.resolve(
        submitted.ticket.number, NewResolution(article_id=article_id), AGENT
    )
    application.indexing.drain()

    answer = application.suggesting.suggest(Question(title=PRINTER.title), AGENT)

    assert answer.fixes[0].evidence.solved == 1
    assert [similar.number for similar in answer.similar_tickets] == [submitted.ticket.number]
    assert application.knowledge.usage(article_id, AGENT).tickets == (submitted.ticket.number,)


def outcomes(application: Application, article_id: str) -> tuple[int, int]:
    article = application.knowledge.get(article_id, AGENT)
    return article.solved_count, article.failed_count


def test_the_last_word_on_a_ticket_counts_for_an_article(application: Application) -> None:
    article_id = published(application, "打印机脱机怎么办", "重装驱动")
    answer = application.intake.submit(PRINTER, FORM).answer
    assert answer is not None

    def say(action: str, reason: str = "") -> tuple[int, int]:
        given = NewFeedback(action=action, item=article_id, reason=reason)
        application.feedback.record(answer.id, given, AGENT)
        return outcomes(application, article_id)

    assert say("solved") == (1, 0)
    assert application.knowledge.get(article_id, AGENT).symptoms == [PRINTER.title]
    assert say("rejected", "outdated") == (0, 1)
    corrected = application.knowledge.get(article_id, AGENT)
    assert (corrected.symptoms, corrected.last_success_at) == ([], None)
    assert say("rejected", "wrong_env") == (0, 1)
    assert say("rejected", "unrelated") == (0, 1)
    assert say("solved") == (1, 0)


def test_a_resolution_corrects_what_feedback_said(application: Application) -> None:
    article_id = published(application, "打印机脱机怎么办", "重装驱动")
    submitted = application.intake.submit(PRINTER, FORM)
    assert submitted.answer is not None
    failed = NewFeedback(action="rejected", item=article_id, reason="outdated")
    application.feedback.record(submitted.answer.id, failed, AGENT)

    application.resolution.resolve(
        submitted.ticket.number, NewResolution(article_id=article_id), AGENT
    )

    assert outcomes(application, article_id) == (1, 0)


def test_a_label_given_by_feedback_moves_the_deadlines_and_stands_in_the_timeline(
    application: Application,
) -> None:
    submitted = application.intake.submit(replace(PRINTER, priority="normal"), AGENT)
    assert submitted.answer is not None

    application.feedback.record(
        submitted.answer.id, NewFeedback(action="accepted", priority="urgent"), AGENT
    )

    changed = application.tickets.get(submitted.ticket.number, AGENT)
    assert (changed.priority, changed.priority_by) == ("urgent", "person")
    assert changed.response_due_at is not None
    assert (changed.response_due_at - changed.opened_at).total_seconds() == 2 * 3600
    entry = application.tickets.timeline(changed.number, AGENT)[-1]
    assert entry.action == "ticket_changed"
    assert entry.facts == {"before": {"priority": "normal"}, "after": {"priority": "urgent"}}


def test_a_ticket_is_resolved_once(application: Application) -> None:
    number = application.intake.submit(PRINTER, FORM).ticket.number
    application.resolution.resolve(number, NewResolution(summary="重装驱动"), AGENT)

    with pytest.raises(AlreadyResolved):
        application.resolution.resolve(number, NewResolution(summary="再来一次"), AGENT)


def test_an_intake_form_cannot_resolve(application: Application) -> None:
    number = application.intake.submit(PRINTER, FORM).ticket.number

    with pytest.raises(NotPermitted):
        application.resolution.resolve(number, NewResolution(summary="好了"), FORM)


def test_contact_details_are_sealed_masked_and_shown_only_for_a_recorded_reason(
    application: Application,
) -> None:
    number = application.intake.submit(PRINTER, FORM).ticket.number
    ticket = application.tickets.get(number, AGENT)

    assert "13812345678" not in ticket.body
    assert ticket.requester_masked["contact"] == "138****5678"
    with pytest.raises(InvalidInput):
        application.tickets.reveal(number, "", AGENT)
    assert application.tickets.reveal(number, "电话回访", AGENT)["contact"] == "13812345678"
    revealed = application.tickets.timeline(number, AGENT)[-1]
    assert (revealed.action, revealed.actor, revealed.facts) == (
        "requester_revealed",
        "agent",
        {"reason": "电话回访"},
    )


def test_contact_details_never_stand_in_the_database_file(application: Application) -> None:
    application.intake.submit(PRINTER, FORM)
    path = application.database.path
    if path is None:  # PostgreSQL keeps no file of ours
        return
    files = path.parent.glob(path.name + "*")

    assert all(b"13812345678" not in file.read_bytes() for file in files)


def test_tickets_are_taken_and_marked_while_the_index_is_missing(application: Application) -> None:
    shutil.rmtree(application.settings.article_index_dir)
    submitted = application.intake.submit(PRINTER, FORM)

    assert submitted.ticket.degraded == ["index"]
    assert application.tickets.get(submitted.ticket.number, AGENT).title == PRINTER.title


def test_search_answers_from_the_store_while_the_index_is_missing(
    application: Application,
) -> None:
    article_id = published(application, "打印机脱机怎么办", "重装驱动")
    shutil.rmtree(application.settings.article_index_dir)

    answer = application.retrieval.search(SearchRequest(q="打印机"), AGENT)

    assert answer.degraded == ("index",)
    assert [hit.id for hit in answer.page.hits] == [article_id]


def test_internal_articles_leave_no_trace_in_an_intake_forms_answers(
    application: Application,
) -> None:
    article_id = published(application, "打印机脱机怎么办", "管理员口令在保险柜")
    application.knowledge.change(article_id, {"visibility": "internal"}, principal=SYSTEM)
    application.indexing.drain()

    page = application.retrieval.search(SearchRequest(q="打印机"), FORM).page
    answer = application.suggesting.suggest(Question(title="打印机脱机"), FORM)

    assert (page.hits, page.total) == ((), 0)
    assert all(values == () for values in page.facets.values())
    assert answer.fixes == ()
    with pytest.raises(NotFound):
        application.knowledge.get(article_id, FORM)


def test_a_retired_article_is_found_no_more(application: Application) -> None:
    article_id = published(application, "打印机脱机怎么办", "重装驱动")
    application.knowledge.retire(article_id, SYSTEM)
    application.indexing.drain()

    assert application.retrieval.search(SearchRequest(q="打印机"), AGENT).page.total == 0


def test_due_times_follow_the_assessed_priority(application: Application) -> None:
    ticket = application.intake.submit(replace(PRINTER, priority="urgent"), AGENT).ticket
    assert ticket.response_due_at is not None
    assert (ticket.response_due_at - ticket.opened_at).total_seconds() == 2 * 3600

    changed = application.tickets.change(ticket.number, {"priority": "important"}, principal=AGENT)

    assert changed.response_due_at is not None
    assert (changed.response_due_at - changed.opened_at).total_seconds() == 4 * 3600


def test_the_index_equals_the_store_after_a_rebuild(application: Application) -> None:
    published(application, "打印机脱机怎么办", "重装驱动")
    number = application.intake.submit(PRINTER, FORM).ticket.number
    application.resolution.resolve(number, NewResolution(summary="重装驱动"), AGENT)
    application.indexing.rebuild()

    assert application.indexing.compare().is_empty
    assert number in application.engine.ids()


def test_a_rollback_is_caught_up_from_the_store(application: Application) -> None:
    application.indexing.rebuild()
    article_id = published(application, "打印机脱机怎么办", "重装驱动")

    application.indexing.rollback(SYSTEM)
    application.indexing.drain()

    assert article_id in application.engine.ids()
    assert application.indexing.compare().is_empty


def test_the_audit_chain_holds_after_all_of_it(application: Application) -> None:
    number = application.intake.submit(PRINTER, FORM).ticket.number
    application.resolution.resolve(number, NewResolution(summary="重装驱动"), AGENT)

    findings = {finding.part: finding for finding in application.doctor.check()}

    assert findings["audit"].is_ok


def test_doctor_says_that_files_which_rank_are_gone_and_that_they_are_back(
    application: Application,
) -> None:
    article = application.knowledge.create(
        NewArticle(title="打印机脱机怎么办", sections={"solution": "重装驱动"}), SYSTEM
    )
    application.knowledge.publish(article.id, SYSTEM)
    application.indexing.drain()
    for file in (application.settings.home / "indexes").rglob("*.imp"):
        file.unlink()

    with closing(build(application.settings)) as opened:
        assert not index_finding(opened).is_ok
        with opened.engine.writer():
            pass
        assert index_finding(opened).is_ok


def index_finding(application: Application) -> Finding:
    return next(found for found in application.doctor.check() if found.part == "index")


def test_a_rebuild_settles_the_changes_it_has_seen(application: Application) -> None:
    article = application.knowledge.create(
        NewArticle(title="打印机脱机怎么办", sections={"solution": "重装驱动"}), SYSTEM
    )
    _, sequence = application.knowledge.publish(article.id, SYSTEM)
    application.indexing.rebuild()

    assert application.indexing.status().pending == 0
    assert application.indexing.wait_until_visible(sequence, timeout_s=1)
    assert article.id in application.engine.ids()


@pytest.mark.parametrize("field", ["kind", "urgency", "category", "priority"])
def test_a_value_the_profile_does_not_know_is_refused_by_name(
    application: Application, field: str
) -> None:
    with pytest.raises(InvalidInput, match=field):
        application.intake.submit(replace(PRINTER, **{field: "nonsense"}), AGENT)
    with pytest.raises(InvalidInput, match="kind"):
        application.suggesting.suggest(Question(title="打印机", kind="nonsense"), AGENT)


def test_staff_see_everything_that_is_known_of_a_forms_ticket_and_the_form_only_public_fixes(
    application: Application,
) -> None:
    solved = application.intake.submit(PRINTER, AGENT).ticket
    application.resolution.resolve(
        solved.number, NewResolution(summary="重装驱动", cause="驱动损坏"), AGENT
    )
    open_to_all = published(application, "打印机脱机怎么办", "重装驱动")
    internal = published(application, "打印机脱机无法打印报表", "重启打印服务", Visibility.INTERNAL)

    by_form = application.intake.submit(PRINTER, FORM)
    by_staff = application.intake.submit(PRINTER, AGENT)

    assert by_form.answer is not None
    assert by_staff.answer is not None
    assert [fix.article_id for fix in by_form.answer.fixes] == [open_to_all]
    assert () == by_form.answer.similar_tickets
    (kept,) = application.suggesting.of_ticket(by_form.ticket.number)
    (as_staff,) = application.suggesting.of_ticket(by_staff.ticket.number)
    assert internal in {item.article_id for item in kept.items}
    assert kept.fixes(to_staff=True) == as_staff.fixes(to_staff=True)
    assert [solved.number] == [each["number"] for each in kept.similar_tickets(to_staff=True)]
    assert [open_to_all] == [fix["article_id"] for fix in kept.fixes(to_staff=False)]
    assert [] == kept.similar_tickets(to_staff=False)
    assert application.replay.replay(kept.id, AGENT).is_same


def test_a_form_says_nothing_about_a_fix_that_it_may_not_see(application: Application) -> None:
    open_to_all = published(application, "打印机脱机怎么办", "重装驱动")
    internal = published(application, "打印机脱机无法打印报表", "重启打印服务", Visibility.INTERNAL)
    answer = application.intake.submit(PRINTER, FORM).answer
    assert answer is not None

    with pytest.raises(InvalidInput) as refused:
        application.feedback.record(answer.id, NewFeedback(action="opened", item=internal), FORM)

    assert internal not in str(refused.value.facts["expected"])
    application.feedback.record(answer.id, NewFeedback(action="opened", item=internal), AGENT)
    application.feedback.record(answer.id, NewFeedback(action="opened", item=open_to_all), FORM)
