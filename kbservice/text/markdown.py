"""Marks of Markdown, which say how a text is shown and nothing of what it says."""

from __future__ import annotations

import re
from typing import Final

# One class in front, so that all other characters are skipped by a single fast scan; what
# follows tells by looking back which of them it was.
_MARK: Final = re.compile(
    r"[*`#|\-](?:"
    r"(?<=`)(?:``(?:\w*$)?)?"
    r"|(?<=\*)\*"
    r"|(?P<bar>(?<=\|)[ \t]*)"
    r"|(?P<item>(?<=#)#{0,5}[ \t]+|(?<=[*\-])[ \t]+)"
    ")",
    re.MULTILINE,
)
_RULE: Final = " \t:|-"


def marks(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    """Return where marks stand in a piece of a text, in order, and what is shown instead.

    Fences and back ticks, bold, headings, items, and the bars and rules of tables.
    """
    found: list[tuple[int, int, str]] = []
    done = start
    for match in _MARK.finditer(text, start, end):
        left, right = match.span()
        if left < done:
            continue
        instead: str | None = ""
        if match.lastgroup:
            line = text.rfind("\n", 0, left) + 1
            is_first = not text[line:left].strip()
            if match.lastgroup == "item":
                instead = "" if is_first else None
            elif is_first:
                right = _rule_end(text, left, end) or right
            else:
                instead = _between_cells(text, line, right, end)
        if instead is not None:
            found.append((left, right, instead))
            done = right
    return found


def _between_cells(text: str, line: int, at: int, end: int) -> str | None:
    """Return what is shown for a bar; None outside of a table, where it is a pipe or an "or"."""
    if not text[line : line + 9].lstrip().startswith("|"):
        return None
    return " " if at < end and text[at] != "\n" else ""


def _rule_end(text: str, left: int, end: int) -> int:
    """Return where the rule below a table's head ends, 0 if the line says something."""
    stop = text.find("\n", left, end)
    stop = end if stop < 0 else stop
    return 0 if text[left:stop].strip(_RULE) else stop
