"""Marks of Markdown, which say how a text is shown and nothing of what it says."""

from __future__ import annotations

import re
from typing import Final

# One class in front, so that all other characters are skipped by a single fast scan; what
# follows tells by looking back which of them it was.
_MARK: Final = re.compile(
    r"[*`#|\-](?:"
    r"(?<=`)(?:``(?:\w*$)?)?"
    r"|(?P<bold>(?<=\*)\*+)"
    r"|(?P<bar>(?<=\|)[ \t]*)"
    r"|(?P<item>(?<=#)#{0,5}[ \t]+|(?<=[*\-])[ \t]+)"
    ")",
    re.MULTILINE,
)
_RULE: Final = " \t:|-"
_STARS: Final = re.compile(r"\*+")
# Two are bold, three are bold and italic. Four and more hide something: ``138****5678``.
_BOLD: Final = (2, 3)


def marks(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    """Return where marks stand in a piece of a text, in order, and what is shown instead.

    Fences and back ticks, bold, headings, items, and the bars and rules of tables.
    """
    found: list[tuple[int, int, str]] = []
    bold = _bold(text, start, end)
    done = start
    for match in _MARK.finditer(text, start, end):
        left, right = match.span()
        if left < done:
            continue
        instead: str | None = ""
        if match.lastgroup == "bold":
            instead = "" if left in bold else None
        elif match.lastgroup:
            right, instead = _of_a_line(text, match, end)
        if instead is not None:
            found.append((left, right, instead))
            done = right
    return found


def without_marks(text: str) -> str:
    """Return a text as it is read."""
    parts: list[str] = []
    at = 0
    for left, right, instead in marks(text, 0, len(text)):
        parts += (text[at:left], instead)
        at = right
    return "".join((*parts, text[at:]))


def _bold(text: str, start: int, end: int) -> frozenset[int]:
    """Return where stars stand that make what lies between them bold, in all lines of a piece."""
    found: set[int] = set()
    while (start := text.find("**", start, end)) >= 0:
        line = text.rfind("\n", 0, start) + 1
        start = _line_end(text, start, len(text))
        found |= _bold_in_line(text, line, start)
    return frozenset(found)


def _bold_in_line(text: str, start: int, end: int) -> set[int]:
    """Read a line by the flanking rules of CommonMark, but for two habits.

    Chinese goes on without a blank behind a bold stop (``**注意：**先备份``), and stars between
    two letters or figures hide others or are a power (``2**10``).
    """
    found: set[int] = set()
    opened: re.Match[str] | None = None
    for run in _STARS.finditer(text, start, end):
        left, right = run.span()
        before, after = text[max(start, left - 1) : left], text[right : min(end, right + 1)]
        if right - left not in _BOLD or (_in_a_code(before) and _in_a_code(after)):
            continue
        if opened and len(opened[0]) == right - left and before.strip():
            found.update(range(*opened.span()), range(left, right))
            opened = None
        elif after.strip() and (after.isalnum() or not before.isalnum()):
            opened = run
    return found


def _in_a_code(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _line_end(text: str, at: int, end: int) -> int:
    stop = text.find("\n", at, end)
    return end if stop < 0 else stop


def _of_a_line(text: str, match: re.Match[str], end: int) -> tuple[int, str | None]:
    """Return where a heading's, an item's or a table's mark ends and what is shown instead."""
    left, right = match.span()
    line = text.rfind("\n", 0, left) + 1
    is_first = not text[line:left].strip()
    if match.lastgroup == "item":
        return right, "" if is_first else None
    if is_first:
        return _rule_end(text, left, end) or right, ""
    return right, _between_cells(text, line, right, end)


def _between_cells(text: str, line: int, at: int, end: int) -> str | None:
    """Return what is shown for a bar; None outside of a table, where it is a pipe or an "or"."""
    if not text[line : line + 9].lstrip().startswith("|"):
        return None
    return " " if at < end and text[at] != "\n" else ""


def _rule_end(text: str, left: int, end: int) -> int:
    """Return where the rule below a table's head ends, 0 if the line says something."""
    stop = _line_end(text, left, end)
    return 0 if text[left:stop].strip(_RULE) else stop
