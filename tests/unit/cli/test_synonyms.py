"""``kbservice synonyms`` on a real instance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kbservice.cli import cli

ARTICLES = [
    {"id": "faq-1", "title": "电脑蓝屏", "text": "重装驱动"},
    {"id": "faq-2", "title": "笔记本死机", "text": "更新固件"},
]


@pytest.fixture(autouse=True)
def _instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KBSERVICE_HOME", str(tmp_path / "home"))
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    answer("init")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def answer(*arguments: str, exit_code: int = 0) -> Any:
    result = run(*arguments, "--json")
    assert (exit_code, "") == (result.exit_code, result.stderr), result.output
    return json.loads(result.stdout)


def test_rules_are_added_listed_and_removed():
    made = answer("synonyms", "add", "蓝屏,死机")
    assert "蓝屏, 死机" == made["rule"]

    (rule,) = answer("synonyms", "list")["rules"]
    assert (made["id"], "蓝屏, 死机", 1) == (rule["id"], rule["rule"], rule["version"])
    assert "蓝屏, 死机" in run("synonyms", "list").stdout

    answer("synonyms", "remove", str(made["id"]))
    assert [] == answer("synonyms", "list")["rules"]


def test_a_bad_rule_fails_with_one_clear_line():
    result = run("synonyms", "add", "蓝屏", "--lang", "en")
    assert (1, "") == (result.exit_code, result.stdout)
    assert "two different words" in result.stderr


def test_an_import_adds_what_is_a_rule_and_fails_for_the_rest(tmp_path: Path):
    path = tmp_path / "rules.txt"
    path.write_text("# ours\n蓝屏, 死机\nlonely\n蓝屏,死机\n", "utf-8")

    report = answer("synonyms", "import", str(path), exit_code=1)

    assert (1, 1, [3]) == (
        report["added"],
        report["known"],
        [item["line"] for item in report["refused"]],
    )
    assert "第 3 行" in run("synonyms", "import", str(path), "--lang", "zh").stdout


def test_a_preview_shows_what_a_rule_would_find(tmp_path: Path):
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ARTICLES), "utf-8")
    answer("import", "articles", str(path), "--publish")
    answer("index", "rebuild")

    shown = answer("synonyms", "preview", "蓝屏 => 死机")["queries"]

    assert [("蓝屏", 1, 2, ["faq-2"])] == [
        (item["query"], item["total_before"], item["total_after"], item["gained"]) for item in shown
    ]
    text = run("synonyms", "preview", "蓝屏 => 死机", "--query", "蓝屏", "--lang", "en").stdout
    assert "蓝屏: 1 hits without the rule, 2 with it" in text
    assert "+ faq-2  笔记本死机" in text
