"""Feedback teaches the order of known fixes: train, judge, release, refuse, go back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kbservice.bootstrap import Application
from kbservice.domain.account import Principal, Role
from kbservice.errors import ArtifactRejected, NotFound
from kbservice.services.feedback import NewFeedback
from kbservice.services.intake import NewTicket
from kbservice.services.knowledge import NewArticle
from kbservice.services.question import Question
from kbservice.services.rankers import Rankers
from kbservice.services.resolution import NewResolution
from kbservice.store import judgements
from kbservice.suggestion.features import NAMES
from tests.judgements import judged

ADMIN = Principal(name="root", role=Role.ADMIN)
AGENT = Principal(name="agent", role=Role.AGENT)


def test_feedback_becomes_a_release_that_ranks(application: Application) -> None:
    judged(application, range(100))
    result = application.ranking.train()

    assert result["promoted"], result["reason"]
    assert result["metrics"]["gain"] > 0.1
    assert result["metrics"]["challenger_ndcg"] > result["metrics"]["champion_ndcg"]
    (release,) = application.ranking.releases()
    assert release["current"]
    assert release["identities"] == 100
    answer = application.suggesting.suggest(Question(title="打印机"), AGENT)
    assert answer.ranking.ranked.release == result["release"]


def test_nothing_new_trains_nothing(application: Application) -> None:
    judged(application, range(60))
    application.ranking.train()

    assert application.ranking.train()["reason"] == "nothing changed"
    assert len(application.ranking.releases()) == 1


def test_too_little_feedback_is_said(application: Application) -> None:
    judged(application, range(19))
    result = application.ranking.train()

    assert not result["promoted"]
    assert result["reason"] == "19 of 20 judged suggestions"
    assert application.ranking.releases() == []


def test_a_damaged_release_gives_way_to_the_one_before(application: Application) -> None:
    judged(application, range(60))
    first = application.ranking.train()["release"]
    judged(application, range(60, 130))
    second = application.ranking.train()["release"]
    application.ranking.promote(second, ADMIN)
    folder = application.settings.ranker_dir / second
    (folder / "ranker.skops").write_bytes(b"PK\x03\x04" + b"0" * 100)

    fresh = Rankers(folder=application.settings.ranker_dir, key=application.vault.sign_key)
    assert fresh.current().release == first
    assert "damaged" in fresh.problem
    assert [fresh.problem] == list(application.ranking.faults())
    with pytest.raises(ArtifactRejected):
        application.ranking.promote(second, ADMIN)


@pytest.mark.parametrize("name", ["scikit-learn", "analyzer"])
def test_a_release_of_other_libraries_is_refused_and_the_fixed_weights_rank(
    application: Application, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(application, range(60))
    release = application.ranking.train()["release"]
    from kbservice.suggestion import packing

    here = packing.versions()
    monkeypatch.setattr(packing, "versions", lambda: {**here, name: "0.9.1"})
    fresh = Rankers(folder=application.settings.ranker_dir, key=application.vault.sign_key)

    assert fresh.current().release == "fixed"
    assert f"made with {name}" in fresh.problem
    with pytest.raises(ArtifactRejected):
        fresh.load(release)


def test_a_release_that_somebody_else_signed_is_refused(application: Application) -> None:
    judged(application, range(60))
    release = application.ranking.train()["release"]
    path: Path = application.settings.ranker_dir / release / "MANIFEST.json"
    signed = json.loads(path.read_text("utf-8"))
    signed["manifest"]["identities"] = 1000
    path.write_text(json.dumps(signed), "utf-8")

    with pytest.raises(ArtifactRejected, match="not signed"):
        application.ranking.promote(release, ADMIN)


def test_going_back_is_one_step(application: Application) -> None:
    judged(application, range(60))
    first = application.ranking.train()["release"]
    judged(application, range(60, 130))
    application.ranking.promote(application.ranking.train()["release"], ADMIN)

    assert application.ranking.rollback(ADMIN) == first
    with pytest.raises(NotFound):
        application.ranking.rollback(ADMIN)


def article(application: Application, title: str) -> str:
    made = application.knowledge.create(
        NewArticle(title=title, sections={"problem": title, "solution": "重装驱动"}), AGENT
    )
    application.knowledge.publish(made.id, ADMIN)
    return made.id


def test_the_article_of_a_solved_ticket_is_a_fix_though_search_missed_it(
    application: Application,
) -> None:
    # In other words than anybody asks with: the solved ticket alone leads to it.
    key = article(application, "Reinstall the spooler")
    ticket = application.intake.submit(NewTicket(title="打印机脱机无法打印报表"), AGENT).ticket
    application.resolution.resolve(
        ticket.number, NewResolution(summary="重装驱动", article_id=key), AGENT
    )
    while application.indexing.drain():
        pass

    answer = application.suggesting.answer(Question(title="打印机脱机无法打印报表"), AGENT)
    considered = {item.article_id: item.features for item in answer.ranking.ranked.considered}

    assert considered[key].votes > 0.9


def test_what_was_considered_is_kept_with_the_suggestion(application: Application) -> None:
    keys = {article(application, f"打印机脱机 {number}") for number in range(3)}
    while application.indexing.drain():
        pass
    answer = application.suggesting.suggest(Question(title="打印机脱机怎么办"), AGENT)
    application.feedback.record(
        answer.id, NewFeedback(action="accepted", item=answer.fixes[0].article_id), AGENT
    )

    stored = application.suggesting.get(answer.id, AGENT)
    assert stored.considered["features"] == list(NAMES)
    assert {row[0] for row in stored.considered["rows"]} == keys
    assert stored.ranker_release == "fixed"
    with application.database.reading() as session:
        assert judgements.count_since(session, None) == 1


def test_verification_of_the_article_is_evidence(application: Application) -> None:
    article(application, "打印机脱机")
    while application.indexing.drain():
        pass
    (fix, *_) = application.suggesting.answer(Question(title="打印机脱机"), AGENT).fixes

    assert fix.evidence.verification == "unverified"


def test_failures_take_confidence_away_and_one_person_not_the_fix(
    application: Application,
) -> None:
    key = article(application, "打印机脱机")
    question = Question(title="打印机脱机")

    def confidence(people: int, times: int) -> float:
        for number in range(people * times):
            answer = application.suggesting.suggest(question, ADMIN)
            agent = Principal(name=f"agent-{number % people}", role=Role.AGENT)
            failed = NewFeedback(action="rejected", item=key, reason="outdated")
            application.feedback.record(answer.id, failed, agent)
        while application.indexing.drain():
            pass
        fixes = application.suggesting.answer(question, ADMIN).fixes
        return fixes[0].confidence if fixes else 0.0

    untried = confidence(1, 0)
    one_person = confidence(1, 12)
    many_people = confidence(12, 2)

    assert 0.7 * untried < one_person < untried
    assert many_people < 0.4 * untried
