"""Every number of the process requirements, as the loaded profiles have it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kbservice.profiles import NO_TARGET, Profile, Target, load

Amount = tuple[int, str]

S0 = "product-support"
S1 = "problem-management"
S2 = "it-response"
S3 = "software-support"
S4 = "principles"

# requirement, profile, clock, priority (None: whatever it is), amount and unit
TARGETS: list[tuple[str, str, str, str | None, Amount | str]] = [
    ("S0-6", S0, "acknowledge", None, (10, "minute")),
    ("S0-12", S0, "escalation", None, (1, "hour")),
    ("S0-13", S0, "response", "urgent", (2, "hour")),
    ("S0-13", S0, "response", "important", (4, "hour")),
    ("S0-13", S0, "response", "normal", (24, "hour")),
    ("S0-13", S0, "resolution", "urgent", (4, "hour")),
    ("S0-13", S0, "resolution", "important", (24, "hour")),
    ("S0-13", S0, "resolution", "normal", (3, "working_day")),
    ("S0-20", S0, "progress", "urgent", (2, "hour")),
    ("S0-20", S0, "progress", "important", (4, "hour")),
    ("S0-20", S0, "progress", "normal", (4, "hour")),
    ("D18", S0, "archive", None, NO_TARGET),
    ("S1-6", S1, "acknowledge", None, (1, "working_day")),
    ("S1-7", S1, "response", "high", (4, "hour")),
    ("S1-7", S1, "response", "medium", (24, "hour")),
    ("S1-7", S1, "response", "low", (3, "working_day")),
    ("D5", S1, "resolution", "high", NO_TARGET),
    ("D5", S1, "resolution", "medium", NO_TARGET),
    ("D5", S1, "resolution", "low", NO_TARGET),
    ("S1-13", S1, "accept", None, (2, "working_hour")),
    ("S1-23", S1, "archive", None, (3, "working_day")),
    ("D12", S1, "progress", None, NO_TARGET),
    ("D6", S2, "acknowledge", None, NO_TARGET),
    ("S2-6", S2, "response", "urgent", (15, "minute")),
    ("S2-6", S2, "response", "high", (30, "minute")),
    ("S2-6", S2, "response", "medium", NO_TARGET),
    ("S2-6", S2, "response", "low", NO_TARGET),
    ("S2-6", S2, "resolution", "urgent", (2, "hour")),
    ("S2-6", S2, "resolution", "high", (4, "hour")),
    ("S2-6", S2, "resolution", "medium", NO_TARGET),
    ("S2-6", S2, "resolution", "low", NO_TARGET),
    ("D18", S2, "archive", None, NO_TARGET),
    ("S3-5", S3, "analysis", None, (1, "working_day")),
    ("S3-12", S3, "consultation", None, (2, "working_day")),
    ("S3-17", S3, "callback", None, (12, "hour")),
    ("S3-21", S3, "response", "urgent", (2, "hour")),
    ("S3-21", S3, "response", "high", (8, "hour")),
    ("S3-21", S3, "response", "normal", (24, "hour")),
    ("S3-21", S3, "resolution", "urgent", (4, "hour")),
    ("S3-21", S3, "resolution", "high", NO_TARGET),
    ("S3-21", S3, "resolution", "normal", NO_TARGET),
    ("D18", S3, "archive", None, NO_TARGET),
    ("D4", S4, "response", "urgent", NO_TARGET),
    ("D4", S4, "response", "normal", NO_TARGET),
    ("D5", S4, "resolution", "urgent", NO_TARGET),
    ("D5", S4, "resolution", "normal", NO_TARGET),
    ("D6", S4, "acknowledge", None, NO_TARGET),
    ("D12", S4, "progress", None, NO_TARGET),
    ("D18", S4, "archive", None, NO_TARGET),
]


@pytest.mark.parametrize(
    ("requirement", "key", "stage", "priority", "expected"),
    TARGETS,
    ids=[f"{row[0]}-{row[1]}-{row[2]}-{row[3]}" for row in TARGETS],
)
def test_a_time_target_is_the_one_required(
    requirement: str, key: str, stage: str, priority: str | None, expected: Amount | str
):
    clock = load(key).clock(stage)

    assert clock is not None
    target = clock.target(priority)

    if expected == NO_TARGET:
        assert expected == target
    else:
        assert isinstance(target, Target)
        assert expected == (target.amount, target.unit)
        assert requirement in target.source


def values(parts: object) -> list[str]:
    return [part.value for part in parts]  # type: ignore[attr-defined]


def zh(parts: object) -> list[str]:
    return [part.labels.zh for part in parts]  # type: ignore[attr-defined]


def levels(profile: Profile) -> list[str]:
    assert profile.satisfaction is not None
    return zh(profile.satisfaction.levels)


def periods(profile: Profile) -> list[str]:
    return [review.period for review in profile.reviews]


def number(profile: Profile) -> tuple[str, str, str, int, str]:
    pattern = profile.number
    return (
        pattern.prefix,
        pattern.date_format,
        pattern.separator,
        pattern.digits,
        pattern.period,
    )


# requirement, profile, what is looked at, what it must be
FACTS: list[tuple[str, str, Callable[[Profile], object], object]] = [
    ("S0-1", S0, lambda p: len(p.scope), 2),
    ("S0-2", S0, lambda p: zh(p.kinds), ["故障排查", "功能咨询", "操作指导", "需求反馈"]),
    ("S0-4", S0, lambda p: len(p.channels), 4),
    ("S0-7", S0, lambda p: [d.labels.zh for d in p.kind("fault").required], ["现象描述", "发生时间", "影响范围", "操作环境"]),
    ("S0-8", S0, lambda p: zh(p.urgencies), ["高", "中", "低"]),
    ("S0-8 default", S0, lambda p: p.urgency(p.default_urgency or "").labels.zh, "中"),
    ("S0-9", S0, lambda p: zh(p.categories), ["硬件故障", "软件异常", "操作咨询", "功能需求", "其他"]),
    ("S0-12 at once", S0, lambda p: [t.zh for t in p.escalation[0].triggers], ["核心功能", "硬件故障"]),
    ("S0-13", S0, lambda p: zh(p.priorities), ["紧急", "重要", "一般"]),
    ("S0-13 urgent stops with", S0, lambda p: p.clock("resolution").target("urgent").stop, "propose_solution"),  # type: ignore[union-attr]
    ("S0-17", S0, lambda p: zh(p.solution_parts), ["问题原因", "处理步骤", "预期效果", "风险提示"]),
    ("S0-18", S0, lambda p: [t.guards for t in p.transitions if t.event == "approve_solution"], [("customer_approval",)]),
    ("S0-20 repeats", S0, lambda p: p.clock("progress").repeats, True),  # type: ignore[union-attr]
    ("S0-22", S0, levels, ["非常满意", "满意", "一般", "不满意"]),
    ("S0-24", S0, lambda p: len(p.archive_papers), 5),
    ("S0-25", S0, lambda p: p.retention.years, 3),
    ("S0-26", S0, lambda p: zh(p.article_parts), ["问题描述", "解决步骤", "FAQ"]),
    ("S0-27", S0, periods, ["month"]),
    ("S0-30 by the same hour", S0, lambda p: p.escalation[0].clock, "escalation"),
    ("S0 record", S0, lambda p: len(p.record), 12),
    ("S0 outcomes", S0, lambda p: zh(p.outcomes), ["已解决", "待跟进", "升级"]),
    ("D1", S0, number, ("TS", "%Y%m%d", "", 3, "day")),
    ("S1-1", S1, lambda p: len(p.scope), 4),
    ("S1-3", S1, lambda p: len(p.channels), 4),
    ("S1-5", S1, lambda p: zh(p.urgencies), ["高", "中", "低"]),
    ("S1-7 caps S1-6", S1, lambda p: p.clock("acknowledge").not_later_than, "response"),  # type: ignore[union-attr]
    ("S1-8", S1, number, ("", "%Y%m", "-", 3, "month")),
    ("S1-8 example", S1, lambda p: p.number.example, "202310-001"),
    ("S1-9", S1, lambda p: zh(p.categories), ["功能故障", "功能异常", "操作咨询", "环境配置", "优化建议"]),
    ("S1-9 open", S1, lambda p: p.axes[0].is_open, True),
    ("S1-10 fault", S1, lambda p: [d.labels.zh for d in p.kind("fault").required], ["错误提示", "复现步骤", "操作环境"]),
    ("S1-10 question", S1, lambda p: [d.labels.zh for d in p.kind("consultation").required], ["具体需求", "期望达成的效果"]),
    ("S1-10 suggestion", S1, lambda p: [d.labels.zh for d in p.kind("suggestion").required], ["建议背景", "具体改进方案", "预期价值"]),
    ("S1-11", S1, lambda p: zh(p.priorities), ["高", "中", "低"]),
    ("S1-11 by", S1, lambda p: p.priority_set_by, "problem_manager"),
    ("S1-12", S1, lambda p: zh(p.queues), ["软件开发组", "网络运维组", "硬件支持组"]),
    ("S1-13 damaged", S1, lambda p: p.clock("accept").every.certainty, "uncertain"),  # type: ignore[union-attr]
    ("S1-14", S1, lambda p: zh(p.remedies), ["临时修复", "根本解决", "优化升级"]),
    ("S1-16", S1, lambda p: p.state("blocked").labels.zh, "处理中-受阻"),
    ("S1-18", S1, lambda p: values(p.verifications), ["internal", "user"]),
    ("S1-22", S1, levels, ["满意", "基本满意", "不满意"]),
    ("S1-24", S1, periods, ["on_trigger"]),
    ("D19", S1, lambda p: p.retention.years, NO_TARGET),
    ("S1 states", S1, lambda p: len(p.states), 12),
    ("S2-2", S2, lambda p: len(p.channels), 4),
    ("S2-3", S2, lambda p: zh(p.urgencies), ["紧急", "高", "中", "低"]),
    ("S2-4", S2, number, ("TS", "%Y%m%d", "", 3, "day")),
    ("S2-4 example", S2, lambda p: p.number.example, "TS20231025001"),
    ("S2-6", S2, lambda p: zh(p.priorities), ["紧急", "高", "中", "低"]),
    ("S2-7", S2, lambda p: zh(p.queues), ["系统运维组", "硬件支持组", "软件研发组"]),
    ("S2-8", S2, lambda p: p.escalation[0].notifies, ("duty_supervisor", "support_head")),
    ("S2-11", S2, lambda p: len(p.remedies), 2),
    ("S2-14", S2, levels, ["非常满意", "满意", "一般", "不满意"]),
    ("S2-14 dimensions", S2, lambda p: zh(p.satisfaction.dimensions), ["处理效率", "服务态度"]),  # type: ignore[union-attr]
    ("S2-16", S2, lambda p: [t.guards for t in p.transitions if t.event == "close"], [("solved", "requester_satisfied")]),
    ("S2-18", S2, periods, ["week", "month"]),
    ("D19", S2, lambda p: p.retention.years, NO_TARGET),
    ("D22", S2, lambda p: p.masking[0].hides, "last4"),
    ("D22 doubtful", S2, lambda p: p.masking[0].certainty, "uncertain"),
    ("S2 record", S2, lambda p: len(p.record), 7),
    ("S2 states", S2, lambda p: len(p.states), 7),
    ("S3-4", S3, lambda p: p.initial_state.labels.zh, "待处理"),
    ("S3-6", S3, lambda p: zh(p.categories), ["操作类", "环境类", "功能类", "数据类"]),
    ("S3-7", S3, lambda p: zh(p.priorities), ["紧急级", "高级", "普通级"]),
    ("S3-12 dossier", S3, lambda p: len(p.escalation[1].states), 3),
    ("S3-13, S3-14", S3, lambda p: [v.environment for v in p.verifications], ["test", "production"]),
    ("S3-16", S3, levels, ["满意", "一般", "不满意"]),
    ("S3-18", S3, lambda p: [s.labels.zh for s in p.states if s.terminal], ["已完成"]),
    ("S3-20", S3, lambda p: p.clock("resolution").stop, "verify_user"),  # type: ignore[union-attr]
    ("S3-22, S3-23", S3, lambda p: periods(p)[:2], ["month", "quarter"]),
    ("D1 free", S3, lambda p: p.number.certainty, "ours"),
    ("D19", S3, lambda p: p.retention.years, NO_TARGET),
    ("S4-1", S4, lambda p: len(p.channels), 5),
    ("S4-5", S4, lambda p: values(p.axes), ["module", "type", "urgency"]),
    ("S4-5 types", S4, lambda p: zh(p.categories)[:3], ["软件故障", "配置咨询", "功能需求"]),
    ("S4-6", S4, lambda p: values(p.dispatch_rules), ["skill", "workload", "priority"]),
    ("S4-10", S4, lambda p: [t.guards for t in p.transitions if t.event == "close"], [("user_verification_or_evidence",)]),
    ("S4-12", S4, periods, ["unspecified"]),
    ("D1 free", S4, lambda p: p.number.certainty, "ours"),
    ("D15", S4, lambda p: p.satisfaction, None),
    ("D19", S4, lambda p: p.retention.years, NO_TARGET),
]  # fmt: skip


@pytest.mark.parametrize(
    ("requirement", "key", "look", "expected"),
    FACTS,
    ids=[f"{row[0]}-{row[1]}" for row in FACTS],
)
def test_a_count_or_scale_is_the_one_required(
    requirement: str, key: str, look: Callable[[Profile], object], expected: object
):
    assert expected == look(load(key))
