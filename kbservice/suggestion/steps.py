"""The first steps of a solution, for a card that is read at a glance."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kbservice.text.markdown import without_marks
from kbservice.text.sentences import sentences

SHOWN = 3
_LENGTH = 120
_MARK = re.compile(
    r"^\s*(?:\d{1,2}\s*[.、)）．:：]|-(?!-)|•|\*(?!\*)|[①-⑩]|第[一二三四五六七八九十]步[:：]?|"
    r"[（(]?[一二三四五六七八九十][)）、])\s*"
)
_HEADING = re.compile(r"^\s*#+\s")
_FENCE = re.compile(r"^\s*(?:```|~~~)")


def preview(sections: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return up to three steps of the solution: its numbered lines, else its first sentences."""
    named = dict(sections)
    text = named.get("solution") or named.get("text") or next(iter(named.values()), "")
    lines = [line for line in text.splitlines() if _says_something(line)]
    items = [_MARK.sub("", line) for line in lines if _MARK.match(line)]
    steps = [item for item in items if _says_something(item)]
    if not steps:
        joined = "\n".join(lines)
        steps = [joined[start:end] for start, end in sentences(joined)]
    return tuple(_short(step) for step in steps[:SHOWN])


def _says_something(line: str) -> bool:
    """Whether there is a word in it: rules, fences and borders of tables have none."""
    is_markup = _HEADING.match(line) or _FENCE.match(line)
    return not is_markup and any(map(str.isalnum, line))


def _short(step: str) -> str:
    flat = " ".join(without_marks(step).split())
    return flat if len(flat) <= _LENGTH else flat[: _LENGTH - 1] + "…"
