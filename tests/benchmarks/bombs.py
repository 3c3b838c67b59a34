"""Queries made to hurt: CPU, status and memory of each, through the API.

python -m tests.benchmarks.bombs --documents 100000
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from click import echo

from kbservice.bootstrap import build
from kbservice.settings import Settings
from kbservice.web.app import create_app
from tests.benchmarks.corpus import load_or_generate
from tests.benchmarks.instances import instance, keys
from tests.benchmarks.measure import percentile
from tests.benchmarks.processes import in_child, memory
from tests.benchmarks.recording import Recording, arguments

NAME = "bombs"

BOMBS: Final[Mapping[str, Mapping[str, str]]] = {
    "stars on both sides": {"q": "*a*"},
    "50 one-letter prefixes": {"q": "a* " * 50},
    "distance 9": {"q": "abcdef~9"},
    "a token of 10 kB": {"q": "a" * 10_000},
    "1,000 terms": {"q": " ".join(f"term{number}" for number in range(1000))},
    "500 parentheses": {"q": "(" * 500 + "a" + ")" * 500},
    "300 NOT": {"q": "-a " * 300},
    "10,000 stars": {"q": "*" * 10_000},
    "an open range": {"q": "[TO]"},
    "2,000 quotes": {"q": '"' * 2000},
    "weight 9e999": {"q": "a^9e999"},
    "offset 100,000": {"q": "a", "page": "10000"},
    "5,000 emoji, joiners, accents": {"q": "👩\u200d💻e\u0301" * 1250},
    "64 kB of Chinese without spaces": {"q": "数据库连接超时" * 3050},
    "right-to-left marks": {"q": "\u202eabc\u202c\u200f" * 200},
    "the longest query let through": {
        "q": '数据库 连接 超时 登录 邮箱 打印机 内存 网络 -服务器 -文件 err* win* "无法 访问" OR 失败'
    },
}


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    options = arguments(NAME, turns=5).parse_args(given)
    recording = Recording(NAME, options)
    corpus = load_or_generate(options.documents, options.folder)
    settings = instance(corpus, options.folder)
    rows = in_child(_measure, settings, keys(settings, 1)[0], options.turns).value
    for row in rows:
        echo(f"{row}")
    return recording.write(rows=rows)


def _measure(settings: Settings, key: str, turns: int) -> list[dict[str, Any]]:
    application = build(settings)
    client = create_app(application).test_client()
    headers = {"Authorization": f"Bearer {key}"}
    client.get("/api/v1/search", query_string={"q": "warm"}, headers=headers)
    rows = []
    for what, asked in BOMBS.items():
        before = memory().rss_mb
        samples = []
        status = 0
        for _ in range(turns):
            started = time.process_time()
            status = client.get(
                "/api/v1/search", query_string=dict(asked), headers=headers
            ).status_code
            samples.append((time.process_time() - started) * 1000)
        grown = round(memory().rss_mb - before, 1)
        rows.append(
            {
                "what": what,
                "status": status,
                "cpu_p50_ms": percentile(samples, 50),
                "cpu_most_ms": percentile(samples, 100),
                "grown_mb": grown,
            }
        )
    application.close()
    return rows


if __name__ == "__main__":
    main()
