"""Sentence borders in Chinese and English text, also where everything stands on one line."""

from __future__ import annotations

import re
from typing import Final

from kbservice.text.characters import HAN

_NUMERAL: Final = "一二三四五六七八九十"
# Closing quotes and brackets still belong to the sentence that ends before them.
_CLOSING: Final = r"[”’」』）)\]】》\"']{0,3}"
# One class in front, so that all other characters are skipped by a single fast scan; what
# follows tells by looking back which of them it was. Group 1: a full stop, which may belong to
# an abbreviation; later groups: the border is before the match.
_BORDER: Final = re.compile(
    rf"[。！？；…!?;\n.{_NUMERAL}（(第](?:"
    rf"(?<=[。！？；…])[。！？；…]*{_CLOSING}"
    rf"|(?<=[!?;])[!?;]*{_CLOSING}(?=[\s{HAN}]|\Z)"
    r"|(?<=\n)\n*"
    rf"|(?<=[A-Za-z0-9)\]\"']\.){_CLOSING}(?=\s)(?!\s+[a-z0-9])()"
    # 一、 opens a section, but not in a list such as 一、二、三号机.
    rf"|(?<=[^\s，,、第{_NUMERAL}][{_NUMERAL}])(?=[{_NUMERAL}]{{0,2}}、(?![{_NUMERAL}]))()"
    rf"|(?<=[（(])(?=[{_NUMERAL}]{{1,3}}[)）])()"
    rf"|(?<=[^\s，,]第)(?=[{_NUMERAL}]{{1,3}}[章节条步][：:\s])()"
    ")"
)
# Or to the number of a step, which its text follows.
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|No|Mr|Mrs|Dr|Fig|approx)|\b[A-Z]|(?:^|(?<=\n))[ \t]*\d{1,2})$"
)
_STOP: Final = 1
# How far behind a place a border in front of it may still look.
_LOOKAHEAD: Final = 5


def sentences(text: str) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of each sentence, without surrounding blanks, in reading order."""
    found: list[tuple[int, int]] = []
    start = 0
    for border in borders(text, 0, len(text)):
        _add(found, text, start, border)
        start = border
    _add(found, text, start, len(text))
    return found


def borders(text: str, start: int, end: int) -> list[int]:
    """Return where, from ``start`` to ``end``, one sentence ends and the next begins."""
    found = [
        match.end() if (kind := match.lastindex) is None or kind == _STOP else match.start()
        for match in _BORDER.finditer(text, start, min(len(text), end + _LOOKAHEAD))
        if match.lastindex != _STOP or not _is_abbreviation(text, match.start())
    ]
    while found and found[-1] > end:
        found.pop()
    return found


def _is_abbreviation(text: str, at: int) -> bool:
    return _ABBREVIATION.search(text[max(0, at - 8) : at]) is not None


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    sentence = text[start:end]
    start += len(sentence) - len(sentence.lstrip())
    end -= len(sentence) - len(sentence.rstrip())
    if start < end:
        found.append((start, end))
