"""Turns the bytes of a file into text, without being told the encoding."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

import charset_normalizer
import rjieba

from kbservice.text.characters import HAN
from kbservice.text.normalise import fold_text

# Longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHINESE: Final = ("gb18030", "big5hkscs")
# The only others that support mail and exports come in; without the limit a short line may be
# read as a mainframe code page.
_OTHERS: Final = ("cp1252", "cp1251", "cp932", "euc_jp", "cp949", "utf_16_le", "utf_16_be")
_SAMPLE: Final = 65_536
_MAX_DAMAGE: Final = 0.01
_MIN_FAMILIAR: Final = 0.3
_MIN_NULS: Final = 0.2
_HAN: Final = re.compile(f"[{HAN}]+")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text, the encoding it was read in, and what was wrong with the bytes."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded:
    """Decode UTF-8, UTF-16, UTF-32, GB18030 or Big5, then what charset-normalizer finds.

    Never fails: bytes that fit nowhere become U+FFFD and a warning.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode_as(data[len(mark) :], encoding)
    try:
        return Decoded(data.decode("utf-8"), "utf-8") if not _is_wide(data) else _wide(data)
    except UnicodeDecodeError:
        return _almost_utf8(data) or _chinese(data) or _guessed(data)


def _decode_as(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        warning = f"not valid {encoding} at byte {error.start}: {error.reason}"
        return Decoded(text, encoding, (warning,))
    return Decoded(text, encoding)


def _is_wide(data: bytes) -> bool:
    """Tell UTF-16 without a mark: every second byte of its ASCII part is NUL."""
    sample = data[:_SAMPLE]
    return len(sample) >= 4 and sample.count(0) > _MIN_NULS * len(sample)  # noqa: PLR2004


def _wide(data: bytes) -> Decoded:
    low_first = data[1:_SAMPLE:2].count(0) >= data[:_SAMPLE:2].count(0)
    return _decode_as(data, "utf-16-le" if low_first else "utf-16-be")


def _almost_utf8(data: bytes) -> Decoded | None:
    """Accept UTF-8 that is cut at its end or damaged in few places."""
    decoded = _decode_as(data, "utf-8")
    foreign = sum(not char.isascii() for char in decoded.text)
    broken = decoded.text.count("\ufffd") - data.count("\ufffd".encode())
    cut_only = broken == 1 and decoded.text.endswith("\ufffd") and foreign > broken
    return decoded if cut_only or broken <= _MAX_DAMAGE * foreign else None


def _chinese(data: bytes) -> Decoded | None:
    """Choose the Chinese encoding whose reading consists of dictionary words."""
    readings = [_decode_as(data, encoding) for encoding in _CHINESE]
    best = max(readings, key=lambda reading: _familiarity(reading.text))
    return best if _familiarity(best.text) >= _MIN_FAMILIAR else None


def _familiarity(text: str) -> float:
    """Return the share of non-ASCII letters that belong to a dictionary word of 2+ characters."""
    sample = fold_text(text[: _SAMPLE // 8])
    strange = sum(not char.isascii() and (char.isalpha() or char == "\ufffd") for char in sample)
    familiar = sum(
        len(word)
        for run in _HAN.findall(sample)
        for word in rjieba.cut(run, False)
        if len(word) > 1
    )
    return familiar / strange if strange else 0.0


def _guessed(data: bytes) -> Decoded:
    guess = charset_normalizer.from_bytes(data[:_SAMPLE], cp_isolation=list(_OTHERS)).best()
    encoding = guess.encoding if guess else "gb18030"
    decoded = _decode_as(data, encoding)
    return Decoded(decoded.text, encoding, ("the encoding is a guess", *decoded.warnings))
