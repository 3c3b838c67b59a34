"""What the product offers stands in its documentation, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kbservice import cli, profiles
from kbservice.bootstrap import build, init_instance
from kbservice.errors import KbServiceError
from kbservice.settings import Settings
from kbservice.web.app import create_app

ROOT = Path(__file__).parents[2]
GROUP = next(value for value in vars(cli).values() if isinstance(value, click.Group))


def text(*names: str) -> str:
    return "\n".join((ROOT / name).read_text("utf-8") for name in names)


def commands(command: click.Command, words: str) -> Iterator[tuple[str, click.Command]]:
    """Yield each command with the words that call it, groups themselves left out."""
    if not isinstance(command, click.Group):
        yield words, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(found, f"{words} {name}")


COMMANDS = dict(commands(GROUP, "kbservice"))


def error_codes(branch: type[KbServiceError]) -> set[str]:
    return {branch.code}.union(*(error_codes(leaf) for leaf in branch.__subclasses__()))


def api_paths(folder: Path) -> set[str]:
    """Return the paths for programs, as documentation writes them: ``/tickets/{number}``."""
    settings = Settings.load(home=folder)
    init_instance(settings)
    application = build(settings)
    app = create_app(application)
    application.close()
    rules = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    roots = {"/healthz", "/readyz", "/metrics"}
    return {rule for rule in rules if rule.startswith("/api/v1/")} | (rules & roots)


def test_every_setting_is_documented() -> None:
    names = [f"KBSERVICE_{name.upper()}" for name in Settings.model_fields]
    documented = text("README.md", "docs/operations.md")
    assert [name for name in names if name not in documented] == []


def test_every_documented_setting_exists() -> None:
    known = {f"KBSERVICE_{name.upper()}" for name in Settings.model_fields}
    told = set(re.findall(r"KBSERVICE_[A-Z_]*[A-Z]", text("README.md", "docs/operations.md")))
    assert told - known - {"KBSERVICE_EVAL_DATA"} == set()


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_explains_itself(words: str) -> None:
    command = COMMANDS[words]
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert command.help
    assert [option.name for option in options if not option.help and not option.hidden] == []


def test_every_command_is_documented() -> None:
    documented = text("docs/cli.md")
    assert [words for words in COMMANDS if words not in documented] == []


def test_every_api_path_is_documented(tmp_path: Path) -> None:
    documented = text("docs/api.md")
    paths = {path.removeprefix("/api/v1") for path in api_paths(tmp_path)}
    assert sorted(path for path in paths if path not in documented) == []


def test_every_error_code_is_documented() -> None:
    documented = text("docs/api.md")
    codes = error_codes(KbServiceError)
    assert sorted(code for code in codes if f"`{code}`" not in documented) == []


def test_every_profile_is_documented() -> None:
    documented = text("docs/profiles.md")
    assert [key for key in profiles.available() if f"`{key}`" not in documented] == []


def test_links_between_the_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
