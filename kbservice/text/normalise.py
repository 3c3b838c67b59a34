"""Folding: the one spelling under which texts and queries meet.

Unicode compatibility forms are unified (NFKC), traditional characters become simplified,
invisible characters disappear. Case is kept; an offset map leads back to the original.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zhconv_rs import zhconv

from kbservice.text.characters import HAN

# zhconv converts by phrase: 乾隆 keeps 乾 but 乾 alone becomes 干, and 看著 keeps 著. A phrase cut
# differently in the text and in the query would then fold to two spellings. So only its
# single-character answers are used, and these entries unify what it leaves apart:
# 余額/余额, 看著/看着, 諮詢/咨询, 蘋果/苹果, 鍾/钟, 藉由/借由, 噁心/恶心, 崑/昆.
_UNIFIED: Final = {
    **dict(zip("餘馀著諮谘藉蘋鍾锺噁崑廻薰", "余余着咨咨借苹钟钟恶昆回熏", strict=True)),
    "\U0002cb9e": "苹",
    "\U0002cad7": "恶",
}
_BMP_END: Final = 0x10000
_JOINING_VOWELS: Final = "\u1160-\u11ff"  # Hangul vowels and finals
_JOINING_MARKS: Final = "\uff9e\uff9f"  # half-width voicing


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and the way back.

    Attributes:
        offsets: ``offsets[i]`` is where folded character ``i`` came from; one entry more than
            there are characters, the last being the original's length.
    """

    text: str
    offsets: Sequence[int]

    @property
    def is_even(self) -> bool:
        """Whether every character stands where it stood in the original."""
        return isinstance(self.offsets, range)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original span that folded ``[start, end)`` came from."""
        if isinstance(self.offsets, range):
            return start, end
        if end <= start:
            return self.offsets[start], self.offsets[end]
        # Several folded characters can come from one original: end behind that original.
        behind = bisect_right(self.offsets, self.offsets[end - 1])
        return self.offsets[start], self.offsets[min(behind, len(self.offsets) - 1)]


def fold(text: str) -> Folded:
    """Fold a text, keeping the map to the original."""
    if _HINT.search(text) is None:
        return Folded(_fold_evenly(text), range(len(text) + 1))
    pieces: list[str] = []
    offsets: list[int] = []
    done = 0
    for match in _UNEVEN.finditer(text):
        pieces.append(_fold_evenly(text[done : match.start()]))
        offsets.extend(range(done, match.start()))
        folded = _fold_cluster(match.group())
        pieces.append(folded)
        offsets.extend([match.start()] * len(folded))
        done = match.end()
    pieces.append(_fold_evenly(text[done:]))
    offsets.extend(range(done, len(text) + 1))
    return Folded("".join(pieces), offsets)


def fold_text(text: str) -> str:
    """Fold a text when the way back is not needed."""
    if _HINT.search(text) is None:
        return _fold_evenly(text)
    return fold(text).text


def opening(text: str, most: int) -> str:
    """Return the start of a text that folds to so many characters at most.

    One character can fold to 18: a limit to what was typed is none to the work it makes.
    """
    start = text[:most]
    if start.isascii():
        return start
    folded = fold(start)
    return start if len(folded.text) <= most else start[: folded.offsets[most]]


def keeps_words(text: str) -> bool:
    """Tell whether folding would leave all letters, digits and Chinese characters in place.

    Much cheaper than folding, for whoever looks for words and not for punctuation.
    """
    return text.isascii() or _CHANGES_WORDS.search(text) is None


def _fold_evenly(text: str) -> str:
    return _FOLDABLE.sub(_replacement, text)


def _replacement(match: re.Match[str]) -> str:
    return _ONE_TO_ONE[match.group()]


def _fold_cluster(cluster: str) -> str:
    visible = "".join(char for char in cluster if not _is_invisible(char))
    normal = unicodedata.normalize("NFKC", visible)
    return "".join(_SIMPLIFIED.get(char, char) for char in normal)


def _is_invisible(char: str) -> bool:
    """Tell zero-width and direction marks, soft hyphens and variation selectors."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


def _simplified() -> dict[str, str]:
    traditional = [char for char in map(chr, range(0x3400, 0x323B0)) if re.match(f"[{HAN}]", char)]
    # One character a line keeps the phrase rules out; False: no wiki markup like -{...}-.
    converted = zhconv("\n".join(traditional), "zh-hans", False).split("\n")
    pairs = zip(traditional, converted, strict=True)
    return {was: now for was, now in pairs if was != now and len(now) == 1} | _UNIFIED


def _even_and_uneven() -> tuple[dict[str, str], str, str]:
    """Sort the basic plane: one-to-one replacements, marks, and characters that grow or vanish."""
    plane = "".join(map(chr, (*range(0x80, 0xD800), *range(0xF900, _BMP_END))))
    marks = "".join(char for char in plane if unicodedata.category(char)[0] == "M")
    folded = {char: _fold_cluster(char) for char in plane if not _stays(char)}
    even = {char: now for char, now in folded.items() if len(now) == 1 and char not in marks}
    growing = "".join(char for char, now in folded.items() if len(now) != 1)
    return even, re.escape(marks + _JOINING_MARKS) + _JOINING_VOWELS, re.escape(growing)


def _stays(char: str) -> bool:
    return (
        char not in _SIMPLIFIED
        and unicodedata.is_normalized("NFKC", char)
        and not _is_invisible(char)
    )


def _changes_words(char: str) -> bool:
    """Tell whether a character becomes letters or digits, or nothing at all."""
    folded = _fold_cluster(char)
    return not folded or any(map(str.isalnum, folded))


_SIMPLIFIED: Final = _simplified()
_ONE_TO_ONE, _MARKS, _GROWING = _even_and_uneven()
_FOLDABLE: Final = re.compile("[" + re.escape("".join(_ONE_TO_ONE)) + "]")
_BEYOND: Final = "\U00010000-\U0010ffff"
# Most texts hold none of these; asking with one plain class first is ten times faster.
_HINT: Final = re.compile(f"[{_MARKS}{_GROWING}{_BEYOND}]")
# A base with its marks, a character that grows or vanishes, anything beyond the basic plane.
_UNEVEN: Final = re.compile(f"(?s:.?)[{_MARKS}]+|[{_GROWING}{_BEYOND}]")
_CHANGES_WORDS: Final = re.compile(
    f"[{_MARKS}"
    + "".join(char for char, now in _ONE_TO_ONE.items() if now.isalnum())
    + "".join(char for char in _GROWING if not char.isascii() and _changes_words(char))
    + "]"
)
