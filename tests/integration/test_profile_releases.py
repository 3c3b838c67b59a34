"""Each profile triages with a release of its own, learned from its own tickets."""

from __future__ import annotations

from importlib.resources import files

import pytest

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM
from kbservice.errors import InvalidInput, JobRunning, NotFound
from kbservice.services.question import Question
from tests.builders import NOW, a_ticket

OWN, OTHER = "product-support", "software-support"
# Words that no keyword of a profile knows.
WORDS = {0: ("熔断", "掉线", "错位"), 1: ("资费", "名额", "口径")}


def learn(application: Application, profile: str, tickets: int = 90) -> str:
    """Teach a profile two of its categories; return the release."""
    values = [category.value for category in application.profiles.get(profile).categories]
    with application.database.transaction() as session:
        for number in range(tickets):
            words = WORDS[number % 2]
            session.add(
                a_ticket(
                    f"{profile}-{tickets}-{number}",
                    profile_key=profile,
                    title=f"{words[number % 3]} {words[(number + 1) % 3]} {number}",
                    body="",
                    category=values[number % 2],
                    category_by="person",
                    opened_at=NOW,
                )
            )
    return str(application.training.train(profile_key=profile)["release"])


def used(application: Application, profile: str) -> str:
    question = Question(title="资费 口径", profile=profile)
    answer = application.suggesting.suggest(question, SYSTEM)
    return answer.assessment.release.release


@pytest.mark.every_database
def test_training_a_profile_leaves_the_release_of_another_in_use(application: Application) -> None:
    own = learn(application, OWN)
    other = learn(application, OTHER)

    assert (own, other) == (used(application, OWN), used(application, OTHER))
    assert [other, own] == [item["id"] for item in application.training.releases()]
    assert all(item["current"] for item in application.training.releases())


def test_going_back_stays_within_the_profile(application: Application) -> None:
    learn(application, OTHER)
    first = learn(application, OWN)
    second = learn(application, OWN, tickets=92)
    assert application.training.current() == second

    assert first == application.training.rollback(SYSTEM)
    with pytest.raises(NotFound):
        application.training.rollback(SYSTEM)
    with pytest.raises(NotFound):
        application.training.rollback(SYSTEM, OTHER)


def test_two_trainings_at_once_do_not_take_the_same_number(application: Application) -> None:
    learn(application, OWN)
    other = learn(application, OTHER)

    with application.releases.shelves.training_alone():
        for profile in (OWN, OTHER):
            with pytest.raises(JobRunning):
                application.training.train(profile_key=profile)

    assert f"{int(other) + 1:06}" == application.training.train(profile_key=OWN)["release"]


def test_the_night_teaches_every_profile_that_has_enough(application: Application) -> None:
    own = learn(application, OWN)
    learn(application, OTHER, tickets=24)

    trained = application.training.train_each(only_if_new=True)

    assert {OWN, OTHER} == trained.keys()
    assert (own, "nothing is new") == (trained[OWN]["release"], trained[OWN]["skipped"])


def test_a_profile_with_too_little_keeps_no_other_from_learning(application: Application) -> None:
    learn(application, OWN)
    with application.database.transaction() as session:
        for number in range(24):
            # All of one category: there is nothing to tell apart.
            session.add(
                a_ticket(
                    f"{OTHER}-{number}",
                    profile_key=OTHER,
                    title=f"熔断 {number}",
                    category="other",
                    category_by="person",
                    opened_at=NOW,
                )
            )

    trained = application.training.train_each()

    assert [OWN] == list(trained)
    assert trained[OWN]["promoted"]


def test_a_category_that_a_new_version_of_the_profile_dropped_never_comes_out(
    application: Application,
) -> None:
    folder = application.settings.instance_dir / "profiles"
    folder.mkdir(exist_ok=True)
    text = (files("kbservice") / "sample" / "cloud-support.toml").read_text("utf-8")
    (folder / "cloud-support@1.toml").write_text(text, "utf-8")
    learn(application, "cloud-support")
    question = Question(title="熔断 掉线", profile="cloud-support")
    before = application.suggesting.suggest(question, SYSTEM).assessment.category
    head, first, *rest = text.replace("version = 1", "version = 2", 1).split("[[categories]]")
    (folder / "cloud-support@2.toml").write_text("[[categories]]".join((head, *rest)), "utf-8")

    after = application.suggesting.suggest(question, SYSTEM).assessment.category

    assert f'value = "{before.value}"' in first
    assert before.value not in {after.value, *after.label_set, *dict(after.probabilities)}


def test_a_category_of_another_profiles_tickets_is_refused(application: Application) -> None:
    known = {
        profile: [item.value for item in application.profiles.get(profile).categories]
        for profile in (OWN, OTHER)
    }
    strange = next(value for value in known[OTHER] if value not in known[OWN])
    with application.database.transaction() as session:
        session.add(a_ticket("TS1", profile_key=OWN))
        session.add(a_ticket("TS2", profile_key=OTHER, category=strange, category_by="person"))

    with pytest.raises(InvalidInput):
        application.tickets.change("TS1", {"category": strange}, principal=SYSTEM)
