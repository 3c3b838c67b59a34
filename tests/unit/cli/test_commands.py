"""Commands, called in this process on a real instance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kbservice.cli import cli

ARTICLE = {"id": "faq-1", "title": "数据库连接超时", "text": "优化数据库连接池配置"}
TICKET = {
    "id": "OLD-1",
    "title": "报表无法导出",
    "body": "报错“数据库连接超时”",
    "category": "software_fault",
    "resolution": "优化连接池",
    "article_id": "faq-1",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KBSERVICE_HOME", str(tmp_path / "home"))
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def instance(home: Path) -> Path:
    answer("init")
    return home


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert (0, "") == (result.exit_code, result.stderr), result.output
    return json.loads(result.stdout)


def lines(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    return str(path)


def test_init_prints_the_first_login(home: Path):
    made = answer("init")

    assert (str(home), "admin", True) == (made["home"], made["admin"], made["created"])
    assert 12 <= len(made["password"])


def test_a_second_init_keeps_the_instance_and_prints_no_password(instance: Path):
    again = answer("init")

    assert {"home": str(instance), "created": False, "migrated": False} == again


def test_a_command_without_an_instance_fails_with_one_line(home: Path):
    result = run("index", "status")

    assert 1 == result.exit_code
    assert "" == result.stdout
    assert result.stderr.startswith("error: ")
    assert 1 == result.stderr.count("\n")


def test_errors_are_problem_objects_for_programs(instance: Path):
    result = run("accounts", "disable", "nobody", "--json")

    problem = json.loads(result.stderr)
    assert 1 == result.exit_code
    assert ("not-found", 404, "Account nobody does not exist") == (
        problem["code"],
        problem["status"],
        problem["detail"],
    )


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["import", "articles"], ["accounts", "create", "x", "--role", "y"]]
)
def test_wrong_use_exits_2(home: Path, arguments: list[str]):
    assert 2 == run(*arguments).exit_code


def test_an_unknown_setting_is_refused(instance: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KBSERVICE_THREAD", "4")

    result = run("config", "show")

    assert 1 == result.exit_code
    assert "KBSERVICE_THREAD" in result.stderr


def test_config_hides_the_password_of_the_database(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KBSERVICE_DATABASE_URL", "postgresql://kb:secret@localhost/kb")

    assert "postgresql://kb:***@localhost/kb" == answer("config", "show")["database_url"]


def test_accounts_live_and_die(instance: Path):
    made = answer("accounts", "create", "li", "--role", "agent")
    issued = answer("accounts", "key", "li", "--role", "intake", "--label", "form")
    fresh = answer("accounts", "password", "li")
    answer("accounts", "disable", "li")

    listed = {row["name"]: row for row in answer("accounts", "list")["accounts"]}
    assert made["password"] != fresh["password"]
    assert issued["key"].startswith("kb_")
    assert [issued["id"]] == [key["id"] for key in listed["li"]["keys"]]
    assert (True, False) == (listed["admin"]["active"], listed["li"]["active"])


def test_a_revoked_key_is_no_longer_listed(instance: Path):
    issued = answer("accounts", "key", "admin", "--role", "lead")
    answer("accounts", "revoke", str(issued["id"]))

    assert [] == answer("accounts", "list")["accounts"][0]["keys"]


def test_an_api_account_has_no_password(instance: Path):
    made = answer("accounts", "create", "form", "--role", "intake", "--api-only")

    assert made["password"] is None


def test_import_index_and_export_fit_together(instance: Path, tmp_path: Path):
    articles = answer("import", "articles", lines(tmp_path / "a.jsonl", ARTICLE), "--publish")
    tickets = answer("import", "tickets", lines(tmp_path / "t.jsonl", TICKET))
    rebuilt = answer("index", "rebuild")
    status = answer("index", "status")
    exported = answer("export", "all", str(tmp_path / "out"))

    assert (1, 1) == (articles["created"], tickets["created"])
    assert 2 == rebuilt["documents"]
    assert (1, 1, 2) == (status["articles"], status["tickets"], status["documents"])
    assert [1, 1] == [file["records"] for file in exported["files"]]


def test_several_files_give_one_report(instance: Path, tmp_path: Path):
    first = lines(tmp_path / "a.jsonl", ARTICLE)
    second = lines(tmp_path / "b.jsonl", ARTICLE | {"id": "faq-2"}, {"id": "faq-3"})

    report = answer("import", "articles", first, second)

    assert (3, 2, 1) == (report["read"], report["created"], len(report["rejected"]))


def test_an_import_of_nothing_but_bad_rows_fails(instance: Path, tmp_path: Path):
    result = run("import", "articles", lines(tmp_path / "a.jsonl", {"id": "1"}))

    assert 1 == result.exit_code
    assert "a.jsonl:1" in result.stdout


def test_a_dry_run_says_so_and_changes_nothing(instance: Path, tmp_path: Path):
    result = run("import", "articles", lines(tmp_path / "a.jsonl", ARTICLE), "--dry-run")

    assert "Dry run" in result.stdout
    assert 0 == answer("export", "articles", str(tmp_path / "out"))["files"][0]["records"]


def test_doctor_finds_the_index_that_was_never_built(instance: Path):
    result = run("doctor", "--json")

    findings = {item["part"]: item["ok"] for item in json.loads(result.stdout)["findings"]}
    assert 1 == result.exit_code
    assert (True, False) == (findings["database"], findings["worker"])


def test_profiles_are_listed_shown_and_checked(instance: Path, tmp_path: Path):
    listed = answer("profile", "list")["profiles"]
    shown = answer("profile", "show", "it-response")
    broken = tmp_path / "broken.toml"
    broken.write_text("key = 1")

    assert ("product-support", True) == (listed[0]["key"], listed[0]["default"])
    assert "it-response" == shown["key"]
    assert answer("profile", "check", "principles")["ok"]
    assert 1 == run("profile", "check", str(broken)).exit_code


def test_a_classifier_that_was_never_trained_is_no_release(instance: Path):
    assert {"releases": []} == answer("classifier", "list")
    assert 1 == run("classifier", "show").exit_code


def test_messages_come_in_the_language_asked_for(instance: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    from_environment = run("accounts", "disable", "nobody")
    english = run("accounts", "disable", "nobody", "--lang", "en")

    assert "Account nobody does not exist" in english.stderr
    assert "nobody" in from_environment.stderr


def test_every_command_has_help():
    for path in _commands(cli, ()):
        result = run(*path, "--help")
        assert (path, 0) == (path, result.exit_code)
        assert len(result.stdout.splitlines()) > 3


def _commands(group: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    found = [path]
    for name, command in getattr(group, "commands", {}).items():
        found += _commands(command, (*path, name))
    return found
