"""Personal data in free text: what is masked and what must stay readable."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbservice.text.redaction import redact

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
FRAMES = (
    "用户{}反馈系统无法登录",
    "请联系{}，谢谢",
    "联系方式：{}。",
    "{}",
    "登录后报错，{} 已提交",
    "Please contact {} for details.",
    "客户（{}）说打印机脱机",
    "现象：蓝屏\n备注：{}\n时间：2023-10-25 09:15:30",
)
# What support texts are full of and what is nobody's.
HARMLESS = (
    *("ORA-12541", "0x80070005", "KB5034441", "TS20231025001", "202310-001", "V3.2.1"),
    *("20231025001", "2023-10-2509:15:30", "2023-10-25", "10.0.19045.3693", "版本3.2.1.4"),
    *("127.0.0.1", "255.255.255.0", "0.0.0.0:8080", "400-820-8820", "ERR_13812345678"),
    *(
        "550e8400-e29b-41d4-a716-446655440000",
        "1698196530123",
        "1698196530",
        "订单号13812345678",
        "工单ID：13812345678",
    ),
    *("SN13812345678", "total=14388137984", "端口8080", "16GB", "502/504", "新BUG123", "QQ 8.9.50"),
    *(
        "微信小程序",
        "微信 Android 8.0",
        "git@github.com:acme/repo.git",
        "1280x1024",
        "3.14159265358",
    ),
    *("PID 138123", "错误码 1385678", "0.13812345678", "md5 5f4dcc3b5aa765d61d8327deb882cf99"),
    *("工单20231025001", "HTTP 500", "20231025091530", "138****5678", "z***@example.com"),
)


def luhn_number(rng: random.Random, prefix: str, length: int) -> str:
    body = prefix + "".join(rng.choices("0123456789", k=length - len(prefix) - 1))
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 - place % 2)
        total += doubled // 10 + doubled % 10
    return body + str(-total % 10)


def identity_number(rng: random.Random) -> str:
    area = rng.choice(["110105", "440305", "310101", "510104"])
    body = f"{area}{rng.randint(1950, 2010)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body += f"{rng.randint(0, 999):03}"
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def personal_values(rng: random.Random) -> list[tuple[str, str]]:
    digits = "".join(rng.choices("0123456789", k=8))
    mobile = f"1{rng.choice('3456789')}{rng.choice('0123456789')}{digits}"
    card = luhn_number(rng, rng.choice(["62", "62", "4", "51"]), 16)
    octets = ".".join(str(rng.randint(1, 254)) for _ in range(3))
    return [
        ("mobile", mobile),
        ("mobile", f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}"),
        ("mobile", f"+86 {mobile}"),
        (
            "landline",
            f"{rng.choice(['010', '021', '0755', '0571'])}-{rng.choice('23568')}{digits[1:]}",
        ),
        ("id_card", identity_number(rng)),
        ("bank_card", card),
        ("bank_card", " ".join(card[at : at + 4] for at in range(0, 16, 4))),
        (
            "email",
            f"{rng.choice(['zhang', 'li.si', 'w_5'])}@{rng.choice(['example.com', 'a.com.cn'])}",
        ),
        ("ipv4", f"{rng.choice(['10', '172', '192', '61'])}.{octets}"),
        ("plate", f"{rng.choice('京沪粤苏浙')}{rng.choice('ABCDE')}{digits[:5]}"),
        ("wechat", f"微信号：wx_{digits[:6]}"),
        ("phone", f"电话：{mobile[:3]}{digits[4:]}"),
    ]


def test_recall_and_precision_are_at_least_95_percent():
    rng = random.Random(20231025)
    wanted = [
        (kind, frame, value)
        for _ in range(25)
        for kind, value in personal_values(rng)
        for frame in FRAMES
    ]
    harmless = [frame.format(value) for value in HARMLESS for frame in FRAMES]
    missed = [
        (kind, frame.format(value))
        for kind, frame, value in wanted
        if kind not in {finding.kind for finding in redact(frame.format(value)).findings}
    ]
    wrong = [line for line in harmless if redact(line).findings]

    assert len(missed) <= 0.05 * len(wanted), missed[:10]
    assert len(wrong) <= 0.05 * len(harmless), wrong[:10]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("张经理13812345678或zhang@example.com", "张经理138****5678或z***@example.com"),
        ("＋８６ １３８１２３４５６７８打来", "+86 138****5678打来"),
        ("联系方式 1385678/zhang", "联系方式 *******/zhang"),
        ("客户电话135678", "客户电话******"),
        ("身份证11010519491231002X", "身份证110***********002X"),
        ("卡号 6222 0212 3456 7890", "卡号 6222 **** **** 7890"),
        ("座机010-62345678转8021", "座机010-****5678转8021"),
        ("打印机192.168.1.10:9100脱机", "打印机192.168.*.*:9100脱机"),
        ("车牌粤B·12345", "车牌粤B·*****"),
        ("QQ：123456789", "QQ：12*******"),
    ],
)
def test_masks_keep_what_helps_and_hide_the_rest(text: str, masked: str):
    assert redact(text).text == masked


@pytest.mark.parametrize("value", HARMLESS)
def test_codes_and_versions_stay_readable(value: str):
    assert redact(f"报错 {value} 后重启").text == f"报错 {value} 后重启"


def test_a_date_that_cannot_be_makes_no_identity_number():
    assert redact("编码110105194913310020").findings == ()


def test_findings_point_into_the_original():
    text = "…①請聯絡１３８１２３４５６７８"

    (finding,) = redact(text).findings

    assert (finding.kind, text[finding.start : finding.end]) == ("mobile", "１３８１２３４５６７８")


def test_text_outside_findings_is_untouched():
    assert redact("資料庫：ＯＲＡ").text == "資料庫：ＯＲＡ"


@settings(deadline=None)
@given(st.text(st.sampled_from("1380926 -.@aX电话微信号粤B:：卡号身份证/*+"), max_size=60))
def test_redacting_again_changes_nothing(text: str):
    once = redact(text).text

    assert redact(once).text == once


@settings(deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_any_text_can_be_redacted(text: str):
    redacted = redact(text)

    assert list(redacted.findings) == sorted(redacted.findings, key=lambda found: found.start)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["1", "1.", "a@", "a.", "1-", "1 ", "微信", "微信号:", "@a.", "0"])
def test_nasty_input_takes_linear_work(unit: str):
    redact(unit * (65_536 // len(unit)))
