"""Traces of wrong conversions: characters that nobody wrote. They are reported, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ftfy.badness import is_bad

from kbservice.text.characters import HAN

_CONTEXT: Final = 8
_MISREAD_SHARE: Final = 0.8
_MOST: Final = 100  # places listed of one text; a person sees by then what is wrong
_MIXED_LINES: Final = (
    "\u250d\u250e\u2511\u2512\u2515\u2516\u2519\u251a\u251d-\u2522\u2525-\u252a"
    "\u252d-\u2532\u2535-\u253a\u253d-\u254a"
)
_SIGNS: Final = (
    ("lost characters", re.compile("\ufffd+")),
    ("UTF-8 read as GBK twice", re.compile("(?:锟斤拷|锘匡豢|锟斤|斤拷)+")),
    ("uninitialised memory", re.compile("烫{3,}|屯{3,}|葺{3,}")),
    # ?。┑ and ?。?: an unknown character turned into a question mark, its neighbours mangled.
    # Box lines of mixed weight come from conversions; the even ones draw tables.
    ("lost characters", re.compile(rf"\?[。，、][?{_MIXED_LINES}]|[{_MIXED_LINES}]+")),
    # 峁﹫: the small signs are never typed, only converted to.
    ("mangled characters", re.compile(rf"[{HAN}]?[\ufe5f-\ufe6b]+[{HAN}]?")),
    # :?jiǎn): a gloss whose character and bracket are gone.
    (
        "lost characters",
        re.compile(r"[:：]?\?\s?[a-z]{0,5}[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-z]{0,4}[)）]"),
    ),
    ("private-use characters", re.compile("[\ue000-\uf8ff]+")),
    ("lone surrogates", re.compile("[\ud800-\udfff]+")),
)
_WESTERN: Final = re.compile("[\u0080-\u024f\u02c6-\u02dd\u2018-\u203a\u20ac\u2122]{2,}")
_HAN_RUN: Final = re.compile(rf"[{HAN}]{{4,}}")


@dataclass(frozen=True, slots=True)
class Damage:
    """A damaged place.

    Attributes:
        context: The place with some characters around it.
    """

    kind: str
    text: str
    start: int
    context: str

    def __str__(self) -> str:
        return f"{self.kind} at character {self.start + 1}: {self.context}"


def damages(text: str) -> tuple[Damage, ...]:
    """List the damaged places in reading order, at most 100."""
    found: dict[int, Damage] = {}
    for kind, start, end in _places(text):
        context = text[max(0, start - _CONTEXT) : end + _CONTEXT].replace("\n", " ")
        found.setdefault(start, Damage(kind, text[start:end], start, context))
    return tuple(found[start] for start in sorted(found)[:_MOST])


def _places(text: str) -> Iterator[tuple[str, int, int]]:
    for kind, sign in _SIGNS:
        for match in sign.finditer(text):
            yield kind, *match.span()
    for match in _WESTERN.finditer(text):
        if is_bad(match.group()):
            yield "UTF-8 read as a Western encoding", *match.span()
    for match in _HAN_RUN.finditer(text):
        if _is_misread_utf8(match.group()):
            yield "UTF-8 read as GBK", *match.span()


def _is_misread_utf8(run: str) -> bool:
    """Tell 鏁版嵁: its GBK bytes are, but for its borders, UTF-8 of other Chinese characters."""
    octets = run.encode("gbk", "replace")
    meant = re.findall(f"[{HAN}\u3000-\u303f\uff00-\uffef]", octets.decode("utf-8", "ignore"))
    return 3 * len(meant) >= _MISREAD_SHARE * len(octets)
