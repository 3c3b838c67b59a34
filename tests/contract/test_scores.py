"""Scores of the impact files beside the formula in plain Python, over thousands of queries."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kbservice.search.documents import Filters, SearchDocument, SearchHit
from kbservice.search.engine import SearchEngine
from kbservice.search.memory_engine import MemoryEngine
from kbservice.search.whoosh.engine import WhooshEngine

QUERIES = 2000
SEGMENTS = 5
WORDS = [
    "打印机",
    "卡纸",
    "驱动程序",
    "重新安装",
    "无法连接",
    "网络",
    "路由器",
    "交换机",
    "密码",
    "重置",
    "数据库",
    "监听程序",
    "服务器",
    "邮箱",
    "附件",
    "导出",
    "报表",
    "权限",
    "审批",
    "系统",
    "升级",
    "版本",
    "蓝屏",
    "重启",
    "备份",
    "恢复",
    "磁盘",
    "空间",
    "不足",
    "证书",
    "过期",
    "登录",
    "失败",
    "超时",
    "配置",
    "文件",
    "参数",
    "错误",
    "日志",
    "timeout",
    "connection",
    "refused",
    "server",
    "printer",
    "driver",
    "password",
    "reset",
    "index",
    "memory",
    "failed",
    "upgrade",
    "certificate",
    "ORA-12541",
    "0x80070005",
    "V3.2.1",
    "Win11",
    "HTTP-502",
    "/var/log/messages",
    "error_log",
]


def text(dice: random.Random, words: int) -> str:
    # Frequent words and rare ones, as in any language.
    chosen = (WORDS[int(len(WORDS) * dice.random() ** 2)] for _ in range(words))
    return "".join(word + dice.choice(("", " ", "，", "。")) for word in chosen)


def document(dice: random.Random, number: int, revision: int = 1) -> SearchDocument:
    return SearchDocument(
        id=f"KB-{number:06}",
        kind=dice.choice(("article", "ticket")),
        title=text(dice, dice.randint(1, 6)),
        sections=(("problem", text(dice, dice.randint(2, 60))),),
        symptoms=tuple(text(dice, 5) for _ in range(dice.randint(0, 2))),
        tags=tuple(dice.sample(("a", "b", "c"), dice.randint(0, 2))),
        category=dice.choice(("", "network", "printer")),
        revision=revision,
    )


@pytest.fixture(scope="module")
def engines(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[SearchEngine, SearchEngine]]:
    """The same history in both: five segments, with deleted and replaced documents in each."""
    memory = MemoryEngine()
    folder: Path = tmp_path_factory.mktemp("index")
    with closing(WhooshEngine(folder, refresh_interval_s=0.0, key=b"k")) as whoosh:
        for engine in (memory, whoosh):
            dice = random.Random(1)
            with engine.rebuild() as writer:
                for number in range(120):
                    writer.put(document(dice, number))
            for batch in range(1, SEGMENTS):
                with engine.writer() as writer:
                    for number in range(120 * batch, 120 * (batch + 1)):
                        writer.put(document(dice, number))
                    for number in dice.sample(range(120 * batch), 12):
                        writer.remove(f"KB-{number:06}")
                    for number in dice.sample(range(120 * batch), 12):
                        writer.put(document(dice, number, revision=2))
        assert len(list(folder.glob("*/*.imp"))) == SEGMENTS
        yield whoosh, memory


def filters(dice: random.Random) -> Filters:
    found = Filters()
    if dice.random() < 0.3:
        found = replace(found, kind=dice.choice(("article", "ticket")))
    if dice.random() < 0.3:
        found = replace(found, category=("network",))
    if dice.random() < 0.2:
        found = replace(found, tag=("a", "c"))
    return found


def agree(mine: list[SearchHit], expected: list[SearchHit]) -> bool:
    """Tell whether the order is the same but for scores closer than a code's step."""
    scores = {hit.id: hit.score for hit in expected}
    last = expected[-1].score if expected else 0.0
    return all(
        own.id == other.id
        or scores.get(own.id, last) == pytest.approx(other.score, rel=1e-3, abs=1e-5)
        for own, other in zip(mine, expected, strict=True)
    )


def test_scores_and_order_are_those_of_the_formula(
    engines: tuple[SearchEngine, SearchEngine],
) -> None:
    whoosh, memory = engines
    dice = random.Random(2)
    same_order = 0
    for _ in range(QUERIES):
        query = text(dice, dice.choice((1, 2, 3, 4, 25)))
        within = filters(dice)
        mine = whoosh.similar(query, limit=10, within=within)
        expected = memory.similar(query, limit=10, within=within)
        scores = [hit.score for hit in expected]
        assert [hit.score for hit in mine] == pytest.approx(scores, rel=1e-3), query
        same_order += agree(mine, expected)
    assert same_order >= 0.99 * QUERIES
