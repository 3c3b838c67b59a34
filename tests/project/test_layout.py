"""What lies where, and what never occurs."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP = {
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "deploy",
    "docs",
    "indexes",
    "kbservice",
    "pyproject.toml",
    "tests",
    "wsgi.py",
}
VAGUE_NAMES = {
    f"{stem}{ending}" for stem in ("util", "helper", "manager") for ending in ("", "s")
} | {"common"}
UNSAFE_MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
UNSAFE_CALLS = {"eval", "exec", "os.popen", "os.system", "render_template_string", "yaml.load"}
# Put together here, so that this file does not mention them itself.
WORKPLACES = tuple("/" + name + "/" for name in ("work", "root", "Users"))
DATA_SUFFIXES = {".gz", ".ico", ".jsonl", ".png", ".tsv", ".woff2"}


def kept_files() -> list[Path]:
    """Return what git keeps, or would keep after ``git add``."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


FILES = kept_files()
PYTHON = {path: ast.parse(path.read_text("utf-8")) for path in FILES if path.suffix == ".py"}


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return set()


def is_unsafe(node: ast.AST) -> bool:
    if imported(node) & UNSAFE_MODULES:
        return True
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    shell = any(
        keyword.arg == "shell" and ast.unparse(keyword.value) != "False"
        for keyword in node.keywords
    )
    return shell or any(called in {name, f"flask.{name}"} for name in UNSAFE_CALLS)


def test_the_top_level_is_fixed() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in FILES}
    assert {name for name in names if not name.startswith(".")} <= TOP


def test_modules_are_named_for_what_they_hold() -> None:
    assert [path for path in FILES if path.stem in VAGUE_NAMES] == []
    assert [path for path in PYTHON if path.parent.name in VAGUE_NAMES] == []


def test_nothing_runs_code_from_data() -> None:
    unsafe = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in PYTHON.items()
        # A test may plant what the product must refuse.
        if path.relative_to(ROOT).parts[0] != "tests"
        for node in ast.walk(tree)
        if isinstance(node, ast.expr | ast.stmt) and is_unsafe(node)
    ]
    assert unsafe == []


def test_the_rule_against_code_from_data_sees_each_form() -> None:
    forms = (
        "import pickle",
        "from joblib import load",
        "eval('1')",
        "yaml.load(text)",
        "subprocess.run(command, shell=True)",
        "flask.render_template_string(text)",
    )
    seen = [form for form in forms if any(is_unsafe(node) for node in ast.walk(ast.parse(form)))]
    assert tuple(seen) == forms


def test_no_file_mentions_a_workplace() -> None:
    texts = (path for path in FILES if path.suffix not in DATA_SUFFIXES)
    telling = [
        path.relative_to(ROOT)
        for path in texts
        if any(place in path.read_text("utf-8", errors="replace") for place in WORKPLACES)
    ]
    assert telling == []


def test_folders_of_an_instance_are_not_kept() -> None:
    inside = [path for path in FILES if path.relative_to(ROOT).parts[0] in {"indexes", "instance"}]
    assert [path.name for path in inside] == [".gitkeep"]
