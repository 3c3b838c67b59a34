"""Cleans captured documents: what is not the author's is cut out, what is damaged is reported.

Nothing is guessed: every removal is listed with its text and place, and characters that were
lost in a wrong conversion are left in place for a person to repair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kbservice.text.boilerplate import Stretch, portal_stretches
from kbservice.text.characters import HAN
from kbservice.text.damage import Damage, damages
from kbservice.text.normalise import fold

_TONED: Final = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
_GLOSS: Final = re.compile(rf"(?<=[{HAN}])[(（]\s?(?P<reading>[a-z{_TONED}üêńňǹḿ]{{1,6}})\s?[)）]")
_HAS_TONE: Final = re.compile(f"[{_TONED}]")
_SYLLABLE: Final = re.compile(
    r"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?(?:i?ao?|i?a?ng?|[iu]?e[in]?|[iu]e?n?g?|uan?g?|uai|ou|iu"
    r"|[iu]?o(?:ng|u)?|ai|an|ei|er|en|eng|ui|un|ü[en]?|üan|a|e|i|u|o)"
)
_GLOSSED_DOCUMENT: Final = 3  # toned glosses after which (de) and (le) are glosses too
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_EMPTY_LINES: Final = re.compile(r"\n[ \t\u3000]*(?:\n[ \t\u3000]*){2,}")


@dataclass(frozen=True, slots=True)
class Removal:
    """A piece that was cut out, and where the original had it.

    Attributes:
        kind: ``pinyin``, ``control``, or of a portal: ``notice``, ``comments``, ``title``,
            ``titles``, ``button``.
    """

    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The text without what was removed; untouched if nothing was."""

    text: str
    removals: tuple[Removal, ...] = ()
    warnings: tuple[Damage, ...] = ()


def clean(text: str) -> Cleaned:
    """Cut out portal additions, pinyin glosses and control characters; report damage."""
    glosses = [*_glosses(text), *(Stretch("control", *m.span()) for m in _CONTROL.finditer(text))]
    glosses.sort(key=lambda stretch: stretch.start)
    without, origin = _without(text, glosses)
    folded = fold(without)
    portal: list[Stretch] = []
    for stretch in portal_stretches(folded.text):
        start, end = folded.span(stretch.start, stretch.end)
        if start < end:
            portal.append(Stretch(stretch.kind, origin[start], origin[end - 1] + 1))
    cuts = _disjoint([*portal, *glosses])
    if not cuts:
        return Cleaned(text, (), damages(text))
    kept, _ = _without(text, cuts)
    return Cleaned(
        text=_EMPTY_LINES.sub("\n\n", kept).strip(),
        removals=tuple(Removal(cut.kind, text[cut.start : cut.end], cut.start) for cut in cuts),
        warnings=_outside(damages(text), cuts),
    )


def _glosses(text: str) -> Iterable[Stretch]:
    """Find readings in brackets after a character: 務(wù).

    A reading without a tone mark can be an English word (主机(he)?), so it counts only in a
    document that is glossed throughout.
    """
    found = list(_GLOSS.finditer(text))
    toned = sum(_HAS_TONE.search(match["reading"]) is not None for match in found)
    for match in found:
        plain_reading = _SYLLABLE.fullmatch(match["reading"]) and toned >= _GLOSSED_DOCUMENT
        if plain_reading or _HAS_TONE.search(match["reading"]):
            yield Stretch("pinyin", *match.span())


def _without(text: str, cuts: Iterable[Stretch]) -> tuple[str, list[int]]:
    """Return the text without the cuts, and where each kept character came from."""
    pieces: list[str] = []
    origin: list[int] = []
    done = 0
    for cut in cuts:
        pieces.append(text[done : cut.start])
        origin.extend(range(done, cut.start))
        done = cut.end
    pieces.append(text[done:])
    origin.extend(range(done, len(text) + 1))
    return "".join(pieces), origin


def _disjoint(cuts: list[Stretch]) -> list[Stretch]:
    """Sort the cuts and drop or shorten those that an earlier one covers."""
    kept: list[Stretch] = []
    for cut in sorted(cuts, key=lambda cut: (cut.start, -cut.end)):
        start = max(cut.start, kept[-1].end) if kept else cut.start
        if start < cut.end:
            kept.append(Stretch(cut.kind, start, cut.end))
    return kept


def _outside(found: tuple[Damage, ...], cuts: list[Stretch]) -> tuple[Damage, ...]:
    return tuple(
        damage for damage in found if not any(cut.start <= damage.start < cut.end for cut in cuts)
    )
