"""Loading profiles, finding their parts, and finding contradictions in broken copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kbservice.errors import InvalidInput, NotFound
from kbservice.profiles import Profile, available, check, load, parse, read
from kbservice.profiles.canonical import CATEGORIES, PRIORITIES

KEYS = available()
SHIPPED = Path(__file__).parents[3] / "kbservice" / "profiles"


def broken(change: Callable[[dict[str, Any]], object], key: str = "product-support") -> Profile:
    content = load(key).model_dump()
    change(content)
    return Profile.model_validate(content)


def test_the_five_profiles_ship_with_the_default_first():
    assert (
        "product-support",
        "problem-management",
        "it-response",
        "software-support",
        "principles",
    ) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_a_shipped_profile_has_no_contradictions(key: str):
    assert [] == check(load(key))


@pytest.mark.parametrize("key", KEYS)
def test_a_shipped_profile_carries_its_key_and_a_version(key: str):
    profile = load(key)

    assert (key, 1) == (profile.key, profile.version)
    assert profile == load(key, 1)
    assert profile == read(SHIPPED / f"{key}.toml")


def test_a_detail_told_by_a_rule_that_is_not_there_is_found():
    def change(content: dict[str, Any]) -> None:
        content["kinds"][0]["required"][0]["told_by"] = ["nobody"]

    (finding,) = check(broken(change))

    assert ("kinds.fault.symptom.told_by", "there is no priority_rule nobody") == (
        finding.place,
        finding.problem,
    )


@pytest.mark.parametrize("key", KEYS)
def test_every_canonical_value_leads_into_the_profile_and_back(key: str):
    profile = load(key)

    for category in CATEGORIES:
        profile.category(profile.from_canonical.categories[category])
    for priority in PRIORITIES:
        profile.priority(profile.from_canonical.priorities[priority])


@pytest.mark.parametrize("key", KEYS)
def test_day_zero_has_words_to_go_by(key: str):
    for category in load(key).categories:
        assert len(category.keywords.zh) >= 10, category.value
        assert len(category.keywords.en) >= 10, category.value
        assert len(category.examples.zh) >= 2, category.value
        assert len(category.examples.en) >= 2, category.value


def test_profiles_with_numbers_that_look_alike_share_a_counter():
    assert load("product-support").number.scope == load("it-response").number.scope

    scopes = {load(key).number.scope: load(key).number.digits for key in KEYS}
    assert 4 == len(scopes)


def test_labels_come_in_the_language_of_the_reader():
    profile = load("product-support")

    assert "紧急" == profile.label(profile.priority("urgent"), "zh_CN")
    assert "Urgent" == profile.label(profile.priority("urgent"), "en")
    assert "已登记" == profile.label(profile.initial_state, "zh")


@pytest.mark.parametrize("part", ["category", "priority", "kind", "urgency", "state"])
def test_an_unknown_part_is_not_found(part: str):
    with pytest.raises(NotFound):
        getattr(load("product-support"), part)("nothing")


@pytest.mark.parametrize(("key", "version"), [("nothing", None), ("product-support", 99)])
def test_an_unknown_profile_or_version_is_not_found(key: str, version: int | None):
    with pytest.raises(NotFound):
        load(key, version)


def test_a_profile_cannot_be_changed():
    with pytest.raises(ValidationError):
        load("principles").version = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("key = ", "profile"),
        ('key = "Bad Key"', "key"),
    ],
)
def test_a_text_that_is_no_profile_is_refused_with_the_place(text: str, field: str):
    with pytest.raises(InvalidInput) as refused:
        parse(text)

    assert field == refused.value.facts["field"]


def test_an_unknown_key_is_refused():
    text = (SHIPPED / "principles.toml").read_text(encoding="utf-8")

    with pytest.raises(InvalidInput, match="colour"):
        parse('colour = "red"\n' + text)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path):
    path = tmp_path / "own@1.toml"
    path.write_bytes("key = '中文'".encode("gb18030"))

    with pytest.raises(InvalidInput):
        read(path)


def test_a_clock_says_either_every_or_by_priority():
    with pytest.raises(ValidationError, match="either"):
        broken(lambda content: content["clocks"][0].update(every=None))


def without(values: Mapping[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in values.items() if name != key}


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a transition into no state": (
        lambda c: c["transitions"][0].update(to="nowhere"),
        "transitions.accept",
    ),
    "a transition from no state": (
        lambda c: c["transitions"][0].update(origins=("nowhere",)),
        "transitions.accept",
    ),
    "a guard that is no gate": (
        lambda c: c["transitions"][0].update(guards=("nobody",)),
        "transitions.accept.guards",
    ),
    "two initial states": (lambda c: c["states"][1].update(initial=True), "states"),
    "no terminal state": (lambda c: c["states"][-1].update(terminal=False), "states"),
    "a state nothing leads to": (
        lambda c: c.update(states=(*c["states"], {**c["states"][1], "key": "island"})),
        "states.island",
    ),
    "no state for resolving": (
        lambda c: c.update(landing_states=without(c["landing_states"], "resolve")),
        "landing_states",
    ),
    "a landing in no state": (
        lambda c: c["landing_states"].update(resolve="nowhere"),
        "landing_states.resolve",
    ),
    "a rank twice": (lambda c: c["priorities"][1].update(rank=1), "priorities.rank"),
    "a value twice": (lambda c: c["priorities"][1].update(value="urgent"), "priorities"),
    "a canonical order turned round": (
        lambda c: c["priorities"][0].update(canonical="P5"),
        "priorities.canonical",
    ),
    "a canonical category without a way back": (
        lambda c: c["from_canonical"].update(
            categories=without(c["from_canonical"]["categories"], "data")
        ),
        "from_canonical.categories",
    ),
    "a way back to another meaning": (
        lambda c: c["from_canonical"]["categories"].update(other="how_to"),
        "from_canonical.categories",
    ),
    "a way back to nothing": (
        lambda c: c["from_canonical"]["priorities"].update(P5="nothing"),
        "from_canonical.priorities",
    ),
    "a way back out of order": (
        lambda c: c["from_canonical"]["priorities"].update(P5="urgent"),
        "from_canonical.priorities",
    ),
    "a clock of an unknown priority": (
        lambda c: c["clocks"][1]["by_priority"].update(extreme="no target"),
        "clocks.response.by_priority",
    ),
    "a clock silent about a priority": (
        lambda c: c["clocks"][1].update(
            by_priority=without(c["clocks"][1]["by_priority"], "urgent")
        ),
        "clocks.response",
    ),
    "a clock paused in no state": (
        lambda c: c["clocks"][0].update(paused_in=("nowhere",)),
        "clocks.acknowledge.paused_in",
    ),
    "a cap by no clock": (
        lambda c: c["clocks"][0].update(not_later_than="callback"),
        "clocks.acknowledge.not_later_than",
    ),
    "a rule for no priority": (
        lambda c: c["priority_rules"][0].update(at_least="extreme"),
        "priority_rules.outage.at_least",
    ),
    "a default urgency that is none": (
        lambda c: c.update(default_urgency="extreme"),
        "default_urgency",
    ),
    "a category of no kind": (
        lambda c: c["categories"][0].update(kind="nothing"),
        "categories.hardware_fault.kind",
    ),
    "a category for no queue": (
        lambda c: c["categories"][0].update(queue="nobody"),
        "categories.hardware_fault.queue",
    ),
    "an escalation to nobody": (
        lambda c: c["escalation"][0].update(to="nobody"),
        "escalation.to_second_line",
    ),
    "a verification by nobody": (
        lambda c: c["verifications"][0].update(role="nobody"),
        "verifications.user.role",
    ),
    "a review threshold above auto": (lambda c: c["thresholds"].update(review=0.95), "thresholds"),
    "satisfaction worst first": (
        lambda c: c["satisfaction"].update(levels=c["satisfaction"]["levels"][::-1]),
        "satisfaction.levels",
    ),
    "a daily serial with a monthly date": (lambda c: c["number"].update(period="month"), "number"),
    "an example of another pattern": (
        lambda c: c["number"].update(example="TS-1"),
        "number.example",
    ),
    "openings that overlap": (
        lambda c: c["working_hours"]["openings"][0].update(end="14:00"),
        "working_hours",
    ),
    "a pattern that is no expression": (
        lambda c: c["kinds"][0]["required"][0].update(patterns=("(",)),
        "kinds.fault.symptom",
    ),
    "a keyword in upper case": (
        lambda c: c["categories"][0]["keywords"].update(en=("RAID",)),
        "categories.hardware_fault",
    ),
    "keywords in one language only": (
        lambda c: c["categories"][0]["keywords"].update(en=()),
        "categories.hardware_fault",
    ),
}


@pytest.mark.parametrize(("change", "place"), BROKEN.values(), ids=BROKEN.keys())
def test_a_contradiction_is_found_and_placed(
    change: Callable[[dict[str, Any]], object], place: str
):
    assert place in {finding.place for finding in check(broken(change))}
