"""Sentence borders in Chinese and English text, also where everything stands on one line."""

from __future__ import annotations

import re
from typing import Final

from kbservice.text.characters import HAN

_NUMERAL: Final = "一二三四五六七八九十"
# Closing quotes and brackets still belong to the sentence that ends before them.
_CLOSING: Final = r"[”’」』）)\]】》\"']{0,3}"
_BORDER: Final = re.compile(
    rf"[。！？；…]+{_CLOSING}"
    rf"|[!?;]+{_CLOSING}(?=[\s{HAN}]|\Z)"
    r"|\n+"
    rf"|(?<=[A-Za-z0-9)\]\"'])\.{_CLOSING}(?=\s)(?!\s+[a-z0-9])"
    # 一、 opens a section, but not in a list such as 一、二、三号机.
    rf"|(?<=[^\s，,、第{_NUMERAL}])(?=[{_NUMERAL}]{{1,3}}、(?![{_NUMERAL}]))"
    rf"|(?=[（(][{_NUMERAL}]{{1,3}}[)）])"
    rf"|(?<=[^\s，,])(?=第[{_NUMERAL}]{{1,3}}[章节条步][：:\s])"
)
_ABBREVIATION: Final = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|No|Mr|Mrs|Dr|Fig|approx)|\b[A-Z])$")


def sentences(text: str) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of each sentence, without surrounding blanks, in reading order."""
    found: list[tuple[int, int]] = []
    start = 0
    for border in _BORDER.finditer(text):
        if _is_abbreviation(text, border):
            continue
        _add(found, text, start, border.end())
        start = border.end()
    _add(found, text, start, len(text))
    return found


def _is_abbreviation(text: str, border: re.Match[str]) -> bool:
    if not border.group().startswith("."):
        return False
    return _ABBREVIATION.search(text[max(0, border.start() - 8) : border.start()]) is not None


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    sentence = text[start:end]
    start += len(sentence) - len(sentence.lstrip())
    end -= len(sentence) - len(sentence.rstrip())
    if start < end:
        found.append((start, end))
