"""The closed scales under the labels of every profile.

Search, classifiers, reports and migrations compare tickets of different profiles by these
values; a profile maps its own values onto them and back.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, get_args

from kbservice.profiles.wording import Bilingual

CanonicalPriority = Literal["P1", "P2", "P3", "P4", "P5"]
CanonicalCategory = Literal[
    "hardware_fault",
    "software_fault",
    "how_to",
    "environment",
    "data",
    "network",
    "account",
    "request",
    "other",
]
Phase = Literal["new", "working", "waiting", "solved", "closed"]
"""What a state means in any profile; ``waiting`` is for somebody outside the support team."""

PRIORITIES: tuple[CanonicalPriority, ...] = get_args(CanonicalPriority)
CATEGORIES: tuple[CanonicalCategory, ...] = get_args(CanonicalCategory)

PRIORITY_LABELS = MappingProxyType(
    {
        "P1": Bilingual(zh="P1 核心业务中断", en="P1 core business down"),
        "P2": Bilingual(zh="P2 部分功能受限", en="P2 part of the functions limited"),
        "P3": Bilingual(zh="P3 非核心故障", en="P3 fault outside the core"),
        "P4": Bilingual(zh="P4 咨询或建议", en="P4 question or suggestion"),
        "P5": Bilingual(zh="P5 无时限", en="P5 no time limit"),
    }
)
CATEGORY_LABELS = MappingProxyType(
    {
        "hardware_fault": Bilingual(zh="硬件故障", en="Hardware fault"),
        "software_fault": Bilingual(zh="软件故障", en="Software fault"),
        "how_to": Bilingual(zh="操作咨询", en="How-to question"),
        "environment": Bilingual(zh="环境与配置", en="Environment and configuration"),
        "data": Bilingual(zh="数据问题", en="Data problem"),
        "network": Bilingual(zh="网络问题", en="Network problem"),
        "account": Bilingual(zh="账号与权限", en="Account and access"),
        "request": Bilingual(zh="需求与建议", en="Request or suggestion"),
        "other": Bilingual(zh="其他", en="Other"),
    }
)
