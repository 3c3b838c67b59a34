"""Old answers are given once more from what they were given from, or it is said why not."""

from __future__ import annotations

import shutil

import pytest

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Principal, Role
from kbservice.domain.suggestion import Suggestion
from kbservice.errors import NotFound, NotPermitted
from kbservice.services.intake import NewTicket
from kbservice.services.knowledge import NewArticle
from kbservice.services.replay import Replayed
from tests.builders import labelled
from tests.unit.triage.lessons import lessons

QUESTION = NewTicket(title="打印机脱机", body="重启之后打印机仍然脱机,无法打印报表")
FORM = Principal(name="form", role=Role.INTAKE)


def publish(application: Application, title: str, solution: str) -> str:
    new = NewArticle(title=title, sections={"problem": title, "solution": solution})
    article = application.knowledge.create(new, SYSTEM)
    application.knowledge.publish(article.id, SYSTEM)
    application.indexing.drain()
    return article.id


def learn(application: Application) -> None:
    with application.database.transaction() as session:
        session.add_all(labelled(lessons(60)))
    assert application.training.train()["promoted"]


def ask(application: Application, question: NewTicket = QUESTION) -> str:
    answer = application.intake.submit(question, SYSTEM).answer
    assert answer is not None
    return answer.id


def again(application: Application, suggestion_id: str) -> Replayed:
    return application.replay.replay(suggestion_id, SYSTEM)


def codes(replayed: Replayed) -> list[str]:
    return [obstacle.code for obstacle in replayed.obstacles]


@pytest.fixture
def printer(application: Application) -> str:
    return publish(application, "打印机脱机无法打印", "重装打印机驱动")


@pytest.mark.every_database
def test_with_everything_kept_the_same_answer_comes_out(application: Application, printer: str):
    learn(application)
    asked = ask(application)

    replayed = again(application, asked)

    assert (codes(replayed), replayed.is_exact, replayed.is_same) == ([], True, True)
    assert [fix.article_id for fix in replayed.fixes or ()] == [printer]
    assert replayed.suggestion.classifier_release == "000001"


def test_with_priorities_alone_learned_the_same_answer_comes_out(application: Application):
    learned = lessons(60)
    with application.database.transaction() as session:
        for ticket, lesson in zip(labelled(learned), learned, strict=True):
            ticket.category = None
            ticket.priority, ticket.priority_by = lesson.priority, "person"
            session.add(ticket)
    release = application.training.train()["release"]

    replayed = again(application, ask(application))

    assert release == replayed.suggestion.classifier_release
    assert (True, True) == (replayed.is_exact, replayed.is_same)


def test_on_day_zero_too(application: Application, printer: str):
    asked = ask(application)
    assert again(application, asked).is_same


def test_a_rebuilt_index_does_not_matter_while_the_old_one_is_kept(
    application: Application, printer: str
):
    asked = ask(application)
    application.indexing.rebuild()
    publish(application, "打印机卡纸", "取出卡住的纸")

    assert again(application, asked).is_exact
    assert again(application, asked).is_same


def test_a_dropped_generation_is_named(application: Application, printer: str):
    asked = ask(application)
    for _ in range(2):
        application.indexing.rebuild()

    replayed = again(application, asked)

    assert codes(replayed) == ["generation_dropped"]
    assert (replayed.obstacles[0].is_final, replayed.fixes) == (True, None)
    assert all(label.is_same for label in replayed.labels)


def test_changes_since_are_told_and_the_changed_article_is_named(
    application: Application, printer: str
):
    asked = ask(application)
    application.knowledge.retire(printer, SYSTEM)
    application.indexing.drain()

    replayed = again(application, asked)

    assert codes(replayed) == ["index_moved"]
    assert [(fix.change, fix.reason) for fix in replayed.fixes or ()] == [("gone", "retired")]


def test_another_release_in_use_does_not_change_the_old_answer(
    application: Application, printer: str
):
    asked = ask(application)
    learn(application)

    assert again(application, asked).is_same


def test_a_dropped_release_is_named_and_articles_are_still_found(
    application: Application, printer: str
):
    learn(application)
    asked = ask(application)
    shutil.rmtree(application.settings.classifier_dir / "product-support" / "000001")
    (application.settings.classifier_dir / "product-support" / "CURRENT").unlink()

    replayed = again(application, asked)

    assert codes(replayed) == ["release_dropped"]
    assert [label.value_now for label in replayed.labels] == [None, None, None]
    assert [fix.change for fix in replayed.fixes or ()] == ["same"]


def test_a_damaged_release_is_refused(application: Application, printer: str):
    learn(application)
    asked = ask(application)
    manifest = application.settings.classifier_dir / "product-support" / "000001" / "MANIFEST.json"
    manifest.write_text(manifest.read_text("utf-8").replace("tickets", "ticket5"), "utf-8")
    (application.settings.classifier_dir / "product-support" / "CURRENT").unlink()

    assert codes(again(application, asked)) == ["release_refused"]


def test_masked_text_is_told_and_does_not_change_the_labels(application: Application, printer: str):
    learn(application)
    text = f"{QUESTION.body},请回电 13812345678 或 li.lei@example.com,地址 10.2.3.4"
    asked = ask(application, NewTicket(title=QUESTION.title, body=text))

    replayed = again(application, asked)

    assert codes(replayed) == ["text_masked"]
    for label in replayed.labels:
        assert (label.value_then, label.decision_then) == (label.value_now, label.decision_now)
        # What is left of a masked number weighs next to nothing.
        assert label.confidence_then == pytest.approx(label.confidence_now, abs=0.01)


def test_a_form_may_not_ask(application: Application, printer: str):
    asked = ask(application)
    with pytest.raises(NotPermitted):
        application.replay.replay(asked, FORM)


def test_an_unknown_suggestion_is_not_found(application: Application):
    with pytest.raises(NotFound):
        again(application, "unknown")


def test_a_dropped_ranker_is_named_and_the_fixed_weights_rank(
    application: Application, printer: str
):
    asked = ask(application)
    with application.database.transaction() as session:
        session.get_one(Suggestion, asked).ranker_release = "000009"

    replayed = again(application, asked)

    assert codes(replayed) == ["ranker_dropped"]
    assert [fix.article_id for fix in replayed.fixes or ()] == [printer]
