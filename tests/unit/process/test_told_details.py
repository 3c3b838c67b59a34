"""Which details a text tells, on texts labelled by hand; half of them never seen by the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbservice.process.missing import missing_details
from kbservice.profiles import load

TEXTS = Path(__file__).parent / "told"
# Detail -> its letters in the files, and a profile that asks for it.
DETAILS = {
    "error_message": ("e", "problem-management"),
    "steps": ("s", "problem-management"),
    "environment": ("nv", "problem-management"),
    "version": ("v", "software-support"),
}
FLOOR = 0.9


def labelled(name: str) -> list[tuple[set[str], str]]:
    lines = (TEXTS / f"{name}.txt").read_text("utf-8").splitlines()
    rows = [line.split("|", 1) for line in lines if not line.startswith("#")]
    return [(set(flags), text.replace("\\n", "\n")) for flags, text in rows]


def is_told(detail: str, text: str) -> bool:
    lacking = missing_details(load(DETAILS[detail][1]), "fault", "", text, {})
    return detail not in {item.field for item in lacking}


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("name", ["texts", "held_out"])
def test_what_a_text_tells_is_seen_and_what_it_lacks_is_asked_for(name: str, detail: str) -> None:
    letters = set(DETAILS[detail][0])
    outcomes = [
        (bool(flags & letters), is_told(detail, text), text) for flags, text in labelled(name)
    ]
    wrong = [
        (text, "told" if truth else "not told") for truth, seen, text in outcomes if truth != seen
    ]

    right = sum(truth and seen for truth, seen, _ in outcomes)
    seen = sum(seen for _, seen, _ in outcomes)
    told = sum(truth for truth, _, _ in outcomes)
    assert right >= FLOOR * seen, wrong
    assert right >= FLOOR * told, wrong
