"""Builds kbservice/sample/*.jsonl from the public data sets named in docs/data-sources.md.

    python deploy/build_sample.py DATA_FOLDER

``DATA_FOLDER`` holds one folder per set. Running it twice gives the same bytes. Texts are
taken over whole; what is left out or added is told at each function.
"""
# ruff: noqa: INP001  # a script beside the product, not a part of a package

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, Any]

SAMPLE = Path(__file__).parent.parent / "kbservice" / "sample"
TIDB_SOURCE = (
    "https://github.com/pingcap/docs-cn/blob/ae9ab0fd89873986fabc4c8873d77d46ba76f066/{path}"
)
PRODUCTS = {
    "alikafka": "消息队列 Kafka",
    "arms": "应用实时监控服务 ARMS",
    "cas": "SSL 证书",
    "cdn": "内容分发网络 CDN",
    "cms": "云监控",
    "ddos": "DDoS 防护",
    "dns": "云解析 DNS",
    "domain": "域名",
    "dts": "数据传输服务 DTS",
    "ecs": "云服务器 ECS",
    "elasticsearch": "Elasticsearch",
    "ess": "弹性伸缩 ESS",
    "gpdb": "云原生数据仓库 GPDB",
    "mongodb": "云数据库 MongoDB",
    "nas": "文件存储 NAS",
    "oss": "对象存储 OSS",
    "ots": "表格存储 OTS",
    "slb": "负载均衡 SLB",
    "sls": "日志服务 SLS",
    "smartag": "智能接入网关",
    "vod": "视频点播 VOD",
    "vpn": "VPN 网关",
    "waf": "Web 应用防火墙 WAF",
}
# Page titles that say nothing without the name of the product.
VAGUE_TITLES = {"常见问题", "错误处理", "FAQ", "其它问题", "其他问题", "常见错误", "常见错误排除"}
# JIRA's definitions beside those of product-support: Blocker and Critical are outages, crashes
# and data loss; Major is a loss of function; Minor and Trivial have a workaround.
JIRA_PRIORITIES = {
    "Blocker": "urgent",
    "Critical": "urgent",
    "Major": "important",
    "Minor": "normal",
    "Trivial": "normal",
}
JIRA_TICKETS_EACH = 70
JIRA_BODY_CHARACTERS = range(40, 1500)


def main() -> None:
    """Write every sample file."""
    data = Path(sys.argv[1])
    routing = _read(data / "zh_aliyun_faq_routing" / "tickets.jsonl")
    categories = {row["category"] for row in routing}
    pages = _distinct_pages(_read(data / "zh_aliyun_faq" / "articles.jsonl"))
    _write("articles-zh-cloud.jsonl", (_cloud_article(page, categories) for page in pages))
    _write("articles-zh-tidb.jsonl", _tidb_articles(data / "zh_tidb_docs" / "faq_entries.jsonl"))
    _write("articles-en-webapps.jsonl", _webapp_articles(data / "en_stackfaq" / "corpus.jsonl"))
    _write("tickets-zh-cloud.jsonl", _cloud_tickets(routing, pages))
    _write(
        "tickets-zh-vscode.jsonl",
        _vscode_tickets(data / "zh_vscode_reports_unlabelled" / "tickets.jsonl"),
    )
    _write("tickets-en-hadoop.jsonl", _hadoop_tickets(data / "en_hadoop_priority/tickets.jsonl"))


def _distinct_pages(pages: Iterable[Row]) -> list[Row]:
    """Leave out pages whose text another page of the set has word for word."""
    return list({page["text"]: page for page in reversed(list(pages))}.values())[::-1]


def _cloud_article(page: Row, categories: set[str]) -> Row:
    """Name the page after its first heading, folder or product where its own title says nothing."""
    product = page["tags"][0]
    title = page["title"] or next(iter(_headings(page["text"])), page["tags"][-1])
    if title in VAGUE_TITLES:
        folders = [tag for tag in page["tags"][1:] if tag not in VAGUE_TITLES]
        title = " ".join([PRODUCTS[product], *folders[-1:], title])
    article = {
        "id": f"aliyun-{page['id']}",
        "title": title,
        "text": page["text"],
        "tags": page["tags"],
        "product": product,
        "lang": "zh",
    }
    return article | ({"category": product} if product in categories else {})


def _cloud_tickets(tickets: Iterable[Row], pages: Iterable[Row]) -> Iterator[Row]:
    """Link each question to the page that has it as a heading, where there is one."""
    places = defaultdict(list)
    for page in pages:
        for heading in {page["title"], *_headings(page["text"])}:
            places[page["tags"][0], _bare(heading)].append(page)
    for ticket in tickets:
        row = {key: ticket[key] for key in ("id", "title", "category", "lang", "area")}
        found = places[ticket["category"], _bare(ticket["title"])]
        if found:
            row["article_id"] = f"aliyun-{_of_area(found, ticket['area'])['id']}"
        yield row


def _of_area(pages: list[Row], area: str) -> Row:
    """Choose among editions of a page: the one in the ticket's own folder, else the first."""
    return next((page for page in pages if "/".join(page["tags"][1:3]) == area), pages[0])


def _headings(text: str) -> list[str]:
    return [line.strip("#* ") for line in text.splitlines() if re.match(r"#|\*\*[^*]", line)]


def _bare(heading: str) -> str:
    return re.sub(r"[\s#*]+", "", heading)


def _tidb_articles(path: Path) -> Iterator[Row]:
    for entry in _read(path):
        page = entry["tags"][0]
        yield {
            "id": f"tidb-{entry['id']}",
            "title": entry["title"],
            "text": entry["text"],
            "tags": [Path(page).stem],
            "product": "tidb",
            "lang": "zh",
            "url": TIDB_SOURCE.format(path=page),
        }


def _webapp_articles(path: Path) -> Iterator[Row]:
    """Make one article of a thread: its question and its longest answer."""
    threads = defaultdict(list)
    for pair in _read(path):
        threads[pair["id"].partition("-")[0]].append(pair)
    for key, pairs in threads.items():
        best = max(pairs, key=lambda pair: len(pair["text"]))
        yield {
            "id": f"webapps-{key}",
            "title": best["title"],
            "text": best["text"],
            "tags": ["webapps"],
            "lang": "en",
        }


def _vscode_tickets(path: Path) -> Iterator[Row]:
    """Leave out the translator's labels and the machine translation."""
    for ticket in _read(path):
        yield {key: ticket[key] for key in ("id", "title", "body", "lang")} | {"product": "vscode"}


def _hadoop_tickets(path: Path) -> list[Row]:
    """Take as many of each priority, those with the smallest hash; keep JIRA's own word."""
    by_priority = defaultdict(list)
    for ticket in sorted(_read(path), key=lambda row: hashlib.sha256(row["id"].encode()).digest()):
        if len(ticket["body"]) in JIRA_BODY_CHARACTERS:
            row = {key: ticket[key] for key in ("id", "title", "body", "lang")}
            row |= {"priority": JIRA_PRIORITIES[ticket["priority"]], "product": "hadoop"}
            by_priority[row["priority"]].append(row | {"jira_priority": ticket["priority"]})
    chosen = [row for rows in by_priority.values() for row in rows[:JIRA_TICKETS_EACH]]
    return sorted(chosen, key=lambda row: row["id"])


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _write(name: str, rows: Iterable[Row]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (SAMPLE / name).write_text("".join(lines), "utf-8", newline="\n")
    sys.stdout.write(f"{name}: {len(lines)}\n")


if __name__ == "__main__":
    main()
