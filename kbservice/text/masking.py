"""Masks one value that is known to be a phone number, an address, a name or a card."""

from __future__ import annotations

import re
from typing import Final, Literal

PhoneStyle = Literal["middle4", "last4"]

_MIN_PHONE_DIGITS: Final = 7
_HIDDEN_DIGITS: Final = 4
_EMAIL: Final = re.compile(r"[^\s@/,;|]+@[^\s@/,;|]+")
_NUMBER: Final = re.compile(r"\+?\d[\d\s\-()]{3,}\d|\d+")
_COMPOUND_SURNAMES: Final = re.compile(
    "欧阳|歐陽|上官|司马|司馬|诸葛|諸葛|东方|東方|皇甫|尉迟|公孙|慕容|司徒|令狐|夏侯|长孙|宇文"
)
_TITLE: Final = re.compile(
    r"(先生|女士|小姐|老师|老師|经理|經理|主任|总监|總監|总|總|工程师|工程師|工|主管|处长|科长|部长|院长|博士|同学)$"
)

# What masks leave: 138****5678, z***@example.com, 10.1.*.*
_MASKED: Final = re.compile(r"\S*\*{2,}\S*|\S*\.\*\.\*")


def without_masks(text: str) -> str:
    """Return the text with a blank for each word that holds a mask."""
    return _MASKED.sub(" ", text)


def mask_phone(value: str, style: PhoneStyle = "middle4") -> str:
    """Hide four digits of a phone number: ``138****5678``, or ``1385678****`` for ``last4``.

    A number too short to keep anything of is hidden whole; separators stay.
    """
    places = [place for place, char in enumerate(value) if char.isdecimal()]
    if len(places) < _MIN_PHONE_DIGITS:
        hidden = places
    elif style == "last4":
        hidden = places[-_HIDDEN_DIGITS:]
    else:
        hidden = places[-2 * _HIDDEN_DIGITS : -_HIDDEN_DIGITS]
    masked = list(value)
    for place in hidden:
        masked[place] = "*"
    return "".join(masked)


def mask_email(value: str) -> str:
    """Keep the first letter and the host: ``z***@example.com``."""
    local, at, host = value.partition("@")
    if not at:
        return "***" if value else ""
    return f"{local[:1] if len(local) > 1 else ''}***@{host}"


def mask_name(value: str) -> str:
    """Hide the given name: ``张*``, ``欧阳**``, ``张*经理``, ``J***``."""
    name = value.strip()
    if not name or "*" in name:
        return name
    if name[0].isascii():
        return f"{name[0]}***"
    title = _TITLE.search(name[1:])
    ending = title.group() if title else ""
    known = 2 if _COMPOUND_SURNAMES.match(name) and len(name) > 2 else 1  # noqa: PLR2004
    hidden = len(name) - known - len(ending)
    return name[:known] + "*" * max(hidden, 0 if ending else 1) + ending


def mask_contact(value: str) -> str:
    """Mask every phone number and e-mail address of a contact field; hide anything else."""
    if "*" in value:
        return value
    masked = _EMAIL.sub(lambda match: mask_email(match.group()), value)
    masked = _NUMBER.sub(lambda match: _masked_number(match, masked), masked)
    return masked if masked != value else "***" if value.strip() else ""


def mask_digits(value: str, head: int, tail: int) -> str:
    """Hide all letters and digits but the first ``head`` and last ``tail``; keep separators."""
    places = [place for place, char in enumerate(value) if char.isalnum()]
    kept = {*places[:head], *places[max(len(places) - tail, head) :]} if tail else {*places[:head]}
    return "".join(
        "*" if char.isalnum() and place not in kept else char for place, char in enumerate(value)
    )


def _masked_number(match: re.Match[str], text: str) -> str:
    # Digits inside a host name (z***@163.com) are public.
    before = text[: match.start()].rpartition("@")
    inside_host = before[1] and not re.search(r"[\s/,;|]", before[2])
    return match.group() if inside_host else mask_phone(match.group())
