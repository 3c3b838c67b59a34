"""The same report handed in again, and what only looks like it."""

from __future__ import annotations

import pytest

from kbservice.radar.shingles import Shingles, repeated

ZH = (
    "三楼打印机卡纸",
    "上午九点打印合同时卡纸。面板提示请清理纸路,重启后还是一样。已经换过两次纸盒,隔壁的打印机正常。",
)
EN = (
    "Export of the sales report fails",
    (
        "Since this morning the export stops at 40 percent. The log says the file is locked. "
        "Other reports can be exported as usual by everybody in the office."
    ),
)


def likeness(one: tuple[str, str], other: tuple[str, str]) -> float | None:
    found = repeated(Shingles.of(*one), [Shingles.of(*other)])
    return found[1] if found else None


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (ZH, ("您好,三楼打印机卡纸", ZH[1] + "请尽快处理,谢谢!")),
        (ZH, (ZH[0], ZH[1].replace("九", "十"))),
        (ZH, (ZH[0], "上午九点打印合同时卡纸。面板提示请清理纸路,重启后还是一样。")),
        (ZH, ("三樓打印機卡紙", ZH[1])),
        (EN, (f"Hello team, {EN[0].lower()}", EN[1] + " Kind regards")),
        (EN, (EN[0], EN[1].replace("40", "60"))),
        (EN, (EN[0], EN[1].replace("The log says the file is locked. ", ""))),
    ],
)
def test_a_report_handed_in_again_is_recognised(first: tuple[str, str], again: tuple[str, str]):
    assert likeness(first, again) is not None
    assert set(Shingles.of(*first).bands) & set(Shingles.of(*again).bands)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "国网河南公司配网系统监控状态异常,在线用户数指标中断",
            "国网新疆电力计费系统监控状态异常,在线用户数指标中断",
        ),
        (
            "Bundle the Catalan dictionary in the next release",
            "Bundle the Danish dictionary in the next release",
        ),
        ("登录报错 E-1001,无法进入系统", "登录报错 E-1002,无法进入系统"),
        ("无法登录", "无法登陆"),
    ],
)
def test_what_names_something_else_in_the_same_words_is_another_report(one: str, other: str):
    assert likeness((one, ""), (other, "")) is None


def test_where_many_are_alike_only_the_same_text_is_a_repeat():
    form = [
        Shingles.of("外部人员门禁申请", f"申请部门为市场部,来访人数若干人,{word}陪同")
        for word in "甲乙丙丁戊"
    ]
    longer = Shingles.of(
        "外部人员门禁申请", "申请部门为市场部,来访人数若干人,甲陪同,另需停车位和会议室"
    )

    assert repeated(longer, form[:1]) is not None
    assert repeated(longer, [form[0]] * 5) is None
    assert (2, 1.0) == repeated(form[2], form)
