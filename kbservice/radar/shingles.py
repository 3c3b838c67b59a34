"""Near-literal likeness of two texts: shingles, MinHash signatures and their bands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, Self
from zlib import crc32

import numpy as np
import numpy.typing as npt

from kbservice.text.characters import HAN
from kbservice.text.normalise import fold_text

BANDS: Final = 20
_ROWS: Final = 3
_HASHES: Final = BANDS * _ROWS
_MODULUS: Final = np.uint64((1 << 31) - 1)
_DRAWN: Final = np.random.default_rng(20261122)
_FACTORS: Final = _DRAWN.integers(1, int(_MODULUS), (_HASHES, 1), dtype=np.uint64)
_SUMMANDS: Final = _DRAWN.integers(0, int(_MODULUS), (_HASHES, 1), dtype=np.uint64)
# Longer texts are logs; what tells tickets apart stands before that.
_MAX_CHARACTERS: Final = 8_000
# Figures differ from one report to the next, masked or not; codes such as ERR-5003 do not.
_CODE: Final = r"(?=[a-z_-]*\d)(?=[\d_-]*[a-z])[a-z0-9]+(?:[-_][a-z0-9]+)*"
_UNIT: Final = re.compile(rf"({_CODE})|([\d*][\d*:./,-]*)|[{HAN}]|[^\W\d_]+")
# What people put around a report; the same report comes with it and without.
_COURTESY: Final = re.compile(
    r"各?位?(?:您好|你好|老师好|大家好|客服您好|客服|在吗|早上好|上午好|下午好)|麻烦(?:您|你|帮忙|处理|看)*(?:一下|下)?"
    r"|请?(?:您|你)?(?:帮忙|协助)(?:处理|看|解决|查看|查)*(?:一下|下|看看)?|请?(?:尽快|尽早|及时)(?:处理|解决|回复|联系)?"
    r"|(?:非常|多谢|十分)?(?:感谢|谢谢|辛苦)(?:您|你|了|啦)*|急+(?=[!。,,!;;\s]|$)"
    r"|\b(?:hello|hi|hey|dear|good (?:morning|afternoon|evening))\b(?: (?:team|all|support|there|sir|madam|everyone))*"
    r"|\bplease (?:help|assist|advise|fix|look into)(?: (?:me|us|it|this|soon|asap))*"
    r"|\b(?:many thanks|thank you|thanks|best regards|kind regards|regards)\b(?: (?:in advance|a lot|so much))*"
)
_CODE_GROUP: Final = 1
_FIGURE_GROUP: Final = 2
_ERROR_CODE: Final = re.compile(r"(?:[a-z]+[-_]?\d{3,}|0x[0-9a-f]{4,}|[a-z]\d{2,}[a-z0-9]*)")

Hashes = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Shingles:
    """The pairs of neighbouring words or Chinese characters that a text consists of.

    Attributes:
        codes: Error codes and the like; two texts that name different ones differ.
    """

    hashes: frozenset[int]
    codes: frozenset[str]

    @classmethod
    def of(cls, title: str, body: str) -> Self:
        """Take a ticket's words apart; case, punctuation, script and figures do not count."""
        units: list[str] = []
        codes: set[str] = set()
        folded = fold_text(f"{title}\n{body}"[:_MAX_CHARACTERS]).lower()
        for match in _UNIT.finditer(_COURTESY.sub(" ", folded)):
            unit = match.group()
            if match.lastindex == _FIGURE_GROUP:
                unit = "0"
            elif match.lastindex == _CODE_GROUP and _ERROR_CODE.fullmatch(unit):
                codes.add(unit)
            units.append(unit)
        pairs = (f"{one} {other}" for one, other in pairwise(("", *units, "")))
        return cls(frozenset(crc32(pair.encode()) for pair in pairs), frozenset(codes))

    @cached_property
    def signature(self) -> Hashes:
        """The MinHash signature: equal places estimate how much of two texts is the same."""
        values = np.fromiter(self.hashes, dtype=np.uint64, count=len(self.hashes))
        hashed = (_FACTORS * (values % _MODULUS) + _SUMMANDS) % _MODULUS
        least: Hashes = hashed.min(axis=1).astype(np.uint32)
        return least

    @property
    def bands(self) -> list[int]:
        """Names of the signature's bands; texts that share none are hardly alike."""
        return [
            crc32(bytes([band]) + part.tobytes())
            for band, part in enumerate(self.signature.reshape(BANDS, _ROWS))
        ]

    def likeness(self, other: Shingles) -> float:
        """Return the share of both texts' shingles that they have in common, 0-1.

        Texts that name different error codes are about different things: 0.
        """
        if self.codes and other.codes and self.codes.isdisjoint(other.codes):
            return 0.0
        return len(self.hashes & other.hashes) / max(1, len(self.hashes | other.hashes))

    def exchanged(self, other: Shingles) -> float:
        """Return how much of each text the other has something else for, 0-1."""
        return min(
            len(self.hashes - other.hashes) / max(1, len(self.hashes)),
            len(other.hashes - self.hashes) / max(1, len(other.hashes)),
        )


REPEAT: Final = 0.5
"""Least likeness of the same report handed in again; docs/radar.md has the measurements."""
# Handed in again, a report has lost or gained words; where some took the place of others, another
# report of the same make was written.
_EXCHANGED: Final = 0.06
_FORM: Final = 0.9
_MANY: Final = 4
_FEW_SHINGLES: Final = 6


def repeated(wanted: Shingles, others: Sequence[Shingles]) -> tuple[int, float] | None:
    """Return the place of the text that ``wanted`` repeats and their likeness, or None.

    Where many are alike, a form or a monitor wrote them: only next to nothing may differ then.
    Of very short texts nothing may.
    """
    near = [
        (likeness, place)
        for place, other in enumerate(others)
        if (likeness := wanted.likeness(other)) >= REPEAT and wanted.exchanged(other) <= _EXCHANGED
    ]
    if not near:
        return None
    likeness, place = max(near, key=lambda item: (item[0], -item[1]))
    least = _FORM if len(near) >= _MANY else REPEAT
    if len(wanted.hashes) < _FEW_SHINGLES:
        least = 1.0
    return (place, likeness) if likeness >= least else None
