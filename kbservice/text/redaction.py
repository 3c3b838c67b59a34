"""Finds personal data in free text and masks it.

Masked: mobile and landline numbers, identity-card and bank-card numbers, e-mail addresses,
IPv4 addresses, number plates, WeChat and QQ ids. Left alone: error codes, versions, ticket
numbers, service hotlines (400, 800), netmasks and loopback addresses, which say where a fault is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from kbservice.text.masking import (
    PhoneStyle,
    mask_contact,
    mask_digits,
    mask_email,
    mask_name,
    mask_phone,
)
from kbservice.text.normalise import fold

__all__ = [
    "Finding",
    "FindingKind",
    "PhoneStyle",
    "Redacted",
    "mask_contact",
    "mask_email",
    "mask_name",
    "mask_phone",
    "redact",
]

FindingKind = Literal[
    "email", "id_card", "mobile", "bank_card", "landline", "ipv4", "plate", "wechat", "qq", "phone"
]

# No letter, digit or joint beside a number: it would be a piece of a code, version or address.
_ALONE: Final = r"(?<![A-Za-z0-9_.*])(?<![A-Za-z0-9]-)"
_ENDED: Final = r"(?![A-Za-z0-9_*]|[.\-][A-Za-z0-9])"
_PHONE_WORD: Final = re.compile(
    r"(?:电话|手机|联系方式|联系人|联系我|热线|座机|固话|致电|拨打|来电|回电|传真|tel|phone|mobile|cell|fax|call"
    r"|contact)(?:号码?|number|no\.?)?[^\w\n]{0,3}(?:是|为|is)?[^\w\n]{0,3}$",
    re.IGNORECASE,
)
_CODE_WORD: Final = re.compile(
    r"(?:=[\"']?$|(?:单号|编号|订单|工单|流水|序列|版本|错误码|代码|代号|批次|批号|任务|实例|进程|事件|\b(?:code|id|no|order|sn|ticket|pid|"
    r"error|serial|build|version))(?:号码?|id|no\.?)?[^\w\n]{0,4}(?:是|为)?[^\w\n]{0,2}$)",
    re.IGNORECASE,
)
_CARD_WORD: Final = re.compile(
    r"(?:卡号|银行卡|储蓄卡|信用卡|借记卡|收款账号|银行账号|bank ?card|card (?:no|number))"
    r"[^\w\n]{0,4}(?:是|为|is)?[^\w\n]{0,3}$",
    re.IGNORECASE,
)
_ID_WORD: Final = re.compile(r"身份证(?:号码?)?[^\w\n]{0,3}(?:是|为)?[^\w\n]{0,3}$")
_VERSION_WORD: Final = re.compile(
    r"(?:月|版本|版|固件|驱动|升级[到至]|更新[到至]|\b(?:v|ver|version|build|release|firmware))"
    r"号?[^\w\n]{0,3}(?:是|为)?[^\w\n]{0,3}$",
    re.IGNORECASE,
)
_CONTEXT: Final = 24  # characters looked at before a number
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK: Final = "10X98765432"
_CARD_PREFIX: Final = re.compile(r"62|4|5[1-5]|3[457]|6011|9[0-9]")
_HANDLE_WORDS: Final = re.compile(
    r"android|iphone|windows|error|version|null|harmony", re.IGNORECASE
)
_PUBLIC_ADDRESS: Final = re.compile(r"(?:0|127|255)\.|8\.8\.(?:8\.8|4\.4)$|114\.114\.")


@dataclass(frozen=True, slots=True)
class Finding:
    """Personal data at ``[start, end)`` of the original text."""

    kind: FindingKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """The text with all findings masked."""

    text: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern, what must also hold (given the match and the text before it), and its mask."""

    kind: FindingKind
    pattern: re.Pattern[str]
    holds: Callable[[str, str], bool]
    mask: Callable[[str], str]


def redact(text: str) -> Redacted:
    """Mask personal data; redacting again changes nothing."""
    folded = fold(text)
    found: list[tuple[Finding, str]] = []
    for rule in _RULES:
        for match in rule.pattern.finditer(folded.text):
            start, end = match.span("value")
            before = folded.text[max(0, start - _CONTEXT) : start]
            if rule.holds(match["value"], before):
                place = Finding(rule.kind, *folded.span(start, end))
                if not any(_overlap(place, other) for other, _ in found):
                    found.append((place, rule.mask(match["value"])))
    found.sort(key=lambda item: item[0].start)
    return Redacted(_replaced(text, found), tuple(finding for finding, _ in found))


def _replaced(text: str, found: list[tuple[Finding, str]]) -> str:
    pieces: list[str] = []
    done = 0
    for finding, mask in found:
        pieces += (text[done : finding.start], mask)
        done = finding.end
    return "".join((*pieces, text[done:]))


def _overlap(one: Finding, other: Finding) -> bool:
    return one.start < other.end and other.start < one.end


def _digits(value: str) -> str:
    return "".join(char for char in value if char.isdecimal())


def _always(_value: str, _before: str) -> bool:
    return True


def _is_identity(value: str, before: str) -> bool:
    return bool(_ID_WORD.search(before)) or (
        _is_date(value[6:14]) and value[-1].upper() == _id_check(value)
    )


def _id_check(value: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(value[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECK[total % 11]


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_card(value: str, before: str) -> bool:
    digits = _digits(value)
    if _CARD_WORD.search(before):
        return True
    return (
        not _CODE_WORD.search(before)
        and _CARD_PREFIX.match(digits) is not None
        and not (digits.startswith("9") and len(digits) < 16)  # noqa: PLR2004
        and _luhn(digits)
    )


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _is_subscriber(_value: str, before: str) -> bool:
    return bool(_PHONE_WORD.search(before)) or not _CODE_WORD.search(before)


def _follows_phone_word(_value: str, before: str) -> bool:
    return bool(_PHONE_WORD.search(before))


def _is_host_address(value: str, before: str) -> bool:
    octets = [int(octet) for octet in value.split(".")]
    return (
        max(octets) <= 255  # noqa: PLR2004
        and not _PUBLIC_ADDRESS.match(value)
        and not _VERSION_WORD.search(before)
    )


def _is_plate(value: str, before: str) -> bool:
    # 新 and 云 also stand before product codes: 新KB503.
    few = 4 if value[0] in "新云" and "牌" not in before else 3
    return sum(char.isdecimal() for char in value) >= few


def _is_handle(value: str, _before: str) -> bool:
    return _HANDLE_WORDS.match(value) is None


def _mask_address(value: str) -> str:
    first, second, *_ = value.split(".")
    return f"{first}.{second}.*.*"


def _rule(
    kind: FindingKind,
    pattern: str,
    holds: Callable[[str, str], bool],
    mask: Callable[[str], str],
) -> _Rule:
    return _Rule(kind, re.compile(pattern, re.ASCII | re.IGNORECASE), holds, mask)


# The first rule that takes a place keeps it.
_RULES: Final = (
    _rule(
        "email",
        r"(?<![A-Za-z0-9._%+\-*])(?P<value>[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}"
        r"@(?:[A-Za-z0-9\-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![A-Za-z0-9\-]|:[A-Za-z])",
        _always,
        mask_email,
    ),
    _rule(
        "id_card",
        rf"{_ALONE}(?P<value>[1-9]\d{{5}}(?:18|19|20)\d{{2}}[01]\d[0-3]\d{{4}}[\dX]){_ENDED}",
        _is_identity,
        lambda value: mask_digits(value, 3, 4),
    ),
    _rule(
        "mobile",
        rf"{_ALONE}(?P<value>(?:(?:\+|00)?86[\- ]?)?1[3-9]\d[\- ]?\d{{4}}[\- ]?\d{{4}}){_ENDED}",
        _is_subscriber,
        mask_phone,
    ),
    _rule(
        "bank_card",
        rf"{_ALONE}(?P<value>\d{{4}}(?:[ \-]?\d{{4}}){{2,3}}(?:[ \-]?\d{{1,3}})?){_ENDED}",
        _is_card,
        lambda value: mask_digits(value, 4, 4),
    ),
    _rule(
        "landline",
        rf"{_ALONE}(?P<value>(?:\(0(?:10|2[0-57-9]|[3-9]\d{{2}})\) ?"
        rf"|0(?:10|2[0-57-9]|[3-9]\d{{2}})[\- ])\d{{7,8}})(?![A-Za-z0-9_*])",
        _is_subscriber,
        mask_phone,
    ),
    _rule(
        "ipv4",
        r"(?<![A-Za-z0-9_\-])(?<!\d\.)(?P<value>\d{1,3}(?:\.\d{1,3}){3})(?!\.?[A-Za-z0-9_])",
        _is_host_address,
        _mask_address,
    ),
    _rule(
        "plate",
        r"(?P<value>[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼](?-i:[A-HJ-NP-Z])[·• ]?"
        r"(?-i:[A-HJ-NP-Z0-9]{5}|[A-HJ-NP-Z0-9]{4}[挂学警港澳]|[A-HJ-NP-Z0-9]{6}))(?![A-Za-z0-9_.\-])",
        _is_plate,
        lambda value: mask_digits(value, 2, 0),
    ),
    _rule(
        "wechat",
        r"(?:(?:微信|薇信|weixin|wechat|\bvx)[ ]?(?:号码|号|id|账号)(?:是|为)?[: ]{0,3}(?P<value>[A-Z][\w\-]{5,19})"
        r")(?![\w\-*])",
        _is_handle,
        lambda value: mask_digits(value, 1, 0),
    ),
    _rule(
        "wechat",
        r"(?:微信|薇信|weixin|wechat|\bvx)(?:是|为)?[: ]{1,3}(?P<value>[A-Z](?=[A-Z\-]*[\d_])[\w\-]{5,19})"
        r"(?![\w\-*.])",
        _is_handle,
        lambda value: mask_digits(value, 1, 0),
    ),
    _rule(
        "qq",
        r"\bQQ(?:号码|号)?(?:是|为)?[: ]{0,3}(?P<value>[1-9]\d{4,11})(?![\w.*\-])",
        _always,
        lambda value: mask_digits(value, 2, 0),
    ),
    _rule(
        # A capture that lost its asterisks leaves 1385678 or 135678 of 138****5678.
        "phone",
        rf"{_ALONE}(?P<value>\d{{6,12}}|\d{{3,4}}[\- ]\d{{4}}){_ENDED}",
        _follows_phone_word,
        lambda value: mask_digits(value, 0, 0),
    ),
)
