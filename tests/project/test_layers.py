"""The import contracts of pyproject.toml hold, and would notice if they did not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]
# One forbidden import for each contract: file -> what is added to it.
BREACHES = {
    "kbservice/text/__init__.py": "import kbservice.search.engine",
    "kbservice/services/retrieval.py": "import kbservice.search.whoosh\nimport flask",
    "kbservice/search/documents.py": "import kbservice.domain.ticket\nimport sklearn",
    "kbservice/services/intake.py": "import kbservice.services.retrieval",
    "kbservice/web/__init__.py": "import whoosh\nimport numba",
    "kbservice/store/pages.py": "import kbservice.store.tickets",
    "kbservice/store/tickets.py": "import kbservice.store.pages",
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_points_down() -> None:
    report = lint_imports(ROOT)
    assert report.returncode == 0, report.stdout + report.stderr


def test_a_broken_copy_fails_each_contract(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "kbservice",
        tmp_path / "kbservice",
        ignore=lambda _, names: [name for name in names if Path(name).suffix not in {"", ".py"}],
    )
    for name, breach in BREACHES.items():
        with (tmp_path / name).open("a", encoding="utf-8") as module:
            module.write(f"\n{breach}\n")

    report = lint_imports(tmp_path)

    assert report.returncode == 1, report.stdout + report.stderr
    kept = [
        contract["name"]
        for contract in CONTRACTS
        if f"{contract['name']} BROKEN" not in report.stdout
    ]
    assert kept == []
