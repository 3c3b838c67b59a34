"""Documents that the tests of every search engine share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from kbservice.search.documents import SearchDocument
from kbservice.search.engine import SearchEngine
from kbservice.search.syntax import parse

MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def article(key: str, title: str, text: str = "", **values: Any) -> SearchDocument:
    """Return an article with one section."""
    facts: dict[str, Any] = {"kind": "article", "sections": (("solution", text),), **values}
    return SearchDocument(id=key, title=title, **facts)


def fill(engine: SearchEngine, *documents: SearchDocument) -> None:
    """Replace an engine's content."""
    with engine.rebuild() as writer:
        for document in documents:
            writer.put(document)


def found(engine: SearchEngine, query: str) -> list[str]:
    """Return the ids of the first page, best first."""
    return [hit.id for hit in engine.search(parse(query)).hits]


OFFICE = (
    article(
        "KB-000001",
        "打印机无法打印",
        "检查打印机电源。重新安装驱动程序后脱机状态消失。",
        category="hardware",
        product="LaserJet",
        version="2.1",
        tags=("打印", "driver"),
        visibility="public",
        solved_count=3,
        updated_at=MONDAY,
    ),
    article(
        "KB-000002",
        "Outlook cannot connect to the server",
        "Restart the mail server and reset the password. 邮件服务器重启后恢复。",
        category="software",
        product="Outlook",
        tags=("mail",),
        language="en",
        solved_count=9,
        updated_at=MONDAY + timedelta(days=1),
    ),
    article(
        "KB-000003",
        "数据库连接失败 ORA-12541",
        "监听器没有启动，执行 lsnrctl start。订单号 202310-001 受影响。",
        category="database",
        product="Oracle",
        updated_at=MONDAY + timedelta(days=2),
    ),
    article(
        "KB-000004",
        "Win11+Excel导出报错",
        "关闭保护视图，重置密码后导出正常。",
        category="software",
        product="Excel",
        solved_count=1,
    ),
    article(
        "20261123-0001",
        "網路印表機無法連線",
        "重新啟動路由器。",
        kind="ticket",
        category="network",
        state="resolved",
        updated_at=MONDAY - timedelta(days=1),
    ),
)
