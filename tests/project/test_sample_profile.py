from __future__ import annotations

import json
import tomllib
from pathlib import Path

from kbservice.profiles import Profile, check

PACKAGE = Path(__file__).parents[2] / "kbservice"


def sample_profile() -> Profile:
    own = tomllib.loads((PACKAGE / "sample" / "cloud-support.toml").read_text("utf-8"))
    base = PACKAGE / "profiles" / f"{own.pop('based_on')}.toml"
    return Profile.model_validate(tomllib.loads(base.read_text("utf-8")) | own)


def test_the_sample_profile_is_sound() -> None:
    assert check(sample_profile()) == []


def values_of(label: str) -> set[str]:
    lines = [
        line
        for path in (PACKAGE / "sample").glob("*.jsonl")
        for line in path.read_text("utf-8").split("\n")
        if line
    ]
    return {row[label] for line in lines if label in (row := json.loads(line))}


def test_the_sample_profile_has_each_category_and_priority_of_the_sample() -> None:
    profile = sample_profile()
    assert values_of("category") <= {category.value for category in profile.categories}
    assert values_of("priority") == {priority.value for priority in profile.priorities}
