"""Which language a text is written in, as far as the service distinguishes."""

from __future__ import annotations

import re
from typing import Final, Literal

from kbservice.text.characters import HAN, HANGUL, KANA

Language = Literal["zh", "en", ""]

_ENOUGH: Final = 4000  # characters; a longer text does not change the answer
_HAN: Final = re.compile(f"[{HAN}]")
_OTHER: Final = re.compile(f"[{KANA}{HANGUL}\u0400-\u04ff\u0600-\u06ff\u0e00-\u0e7f]")
_WORD: Final = re.compile(r"(?<![\w./\\@\-])[A-Za-z]{2,}(?![\w/\\@]|[.\-]\w)")
_NAME: Final = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}")


def language_of(text: str) -> Language:
    """Return ``zh`` or ``en``, or nothing for a text without words or in another language.

    A Chinese sentence full of product names and codes is Chinese: one Chinese character weighs
    as much as one English word.
    """
    head = text[:_ENOUGH]
    han = len(_HAN.findall(head))
    other = len(_OTHER.findall(head))
    english = len(_WORD.findall(head)) or min(1, len(_NAME.findall(head)))
    if other > max(han // 4, english):
        return ""
    if han and han >= english:
        return "zh"
    return "en" if english else ""
