"""Small made-up lessons that a classifier can learn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kbservice.triage.dataset import TrainingTicket

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
WORDS = {
    "network": ("网络中断", "无法上网", "交换机告警", "VPN 连接超时", "路由器重启", "WiFi 信号弱"),
    "printer": ("打印机卡纸", "墨盒用完", "打印模糊", "驱动安装失败", "扫描不清楚", "打印机离线"),
    "account": ("密码过期", "账号锁定", "无法登录", "权限不足", "重置密码", "验证码收不到"),
}
PLACES = ("三楼", "会议室", "财务部", "研发部", "分公司", "前台", "仓库", "机房")


def lessons(count: int = 72) -> list[TrainingTicket]:
    """Return tickets of three categories and two priorities, oldest first."""
    made = []
    for number in range(count):
        category = list(WORDS)[number % 3]
        words = WORDS[category]
        first, second = words[number % 6], words[(number // 3 + 1) % 6]
        made.append(
            TrainingTicket(
                title=f"{PLACES[number % 8]}{first}",
                body=f"{PLACES[(number + 3) % 8]}的同事反映{second}，请尽快处理",
                category=category,
                priority="urgent" if category == "network" else "normal",
                created_at=START + timedelta(hours=number),
            )
        )
    return made
