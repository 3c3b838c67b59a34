"""The lock files name every dependency, exactly and from nowhere in particular."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = ROOT / "deploy" / "requirements.lock"
DEVELOPMENT = ROOT / "deploy" / "requirements-dev.lock"


def pins(lock: Path) -> dict[str, list[str]]:
    """Return each entry, ``name==version ; marker``, with its hashes."""
    entries = lock.read_text("utf-8").replace("\\\n", " ").splitlines()
    return {
        entry.partition("--hash=")[0].strip(): re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)
        for entry in entries
    }


def names(requirements: list[str]) -> set[str]:
    found = {re.match(r"[\w.-]+", line) for line in requirements}
    return {re.sub(r"[._-]+", "-", match[0]).lower() for match in found if match}


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT], ids=lambda lock: lock.name)
def test_each_entry_is_exact_and_hashed(lock: Path) -> None:
    loose = [entry for entry, hashes in pins(lock).items() if "==" not in entry or not hashes]
    assert loose == []


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT], ids=lambda lock: lock.name)
def test_a_lock_names_no_place(lock: Path) -> None:
    assert re.findall(r"\S*(?:://|--index|--find-links|@ )\S*", lock.read_text("utf-8")) == []


def test_the_locks_hold_what_the_project_declares() -> None:
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    needed = names(project["dependencies"]) | names(PROJECT["build-system"]["requires"])
    assert needed | {"editables"} <= names(list(pins(RUNTIME)))
    declared = names([*extras["dev"], *extras["postgres"]]) - {"kbservice"}
    assert needed | declared <= names(list(pins(DEVELOPMENT)))


def test_both_locks_agree() -> None:
    assert pins(RUNTIME).items() <= pins(DEVELOPMENT).items()
