"""The built wheel alone is the product: it brings its data and runs in an empty environment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, folder: Path) -> str:
    # Apart from the checkout, so that nothing is imported from there.
    finished = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@contextmanager
def running(*command: str | Path, folder: Path) -> Iterator[str]:
    """Yield the address that the command prints, then stop it as Ctrl-C does."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"KBSERVICE_PORT": "0", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            told: list[str] = []
            for line in process.stdout:
                told.append(line)
                if address := re.search(r"http://127\.0\.0\.1:\d+", line):
                    break
            else:
                pytest.fail("no address was printed:\n" + "".join(told))
            yield address[0]
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    run(*build, folder=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the ``bin`` folder of a new environment that borrows only the dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install"),
        *("--quiet", "--no-deps", "--no-index", wheel),
        folder=folder,
    )
    # Path files within a folder named by a path file are not read: our own editable
    # installation does not come along.
    site = run(python, "-c", "import site; print(site.getsitepackages()[0])", folder=folder)
    Path(site.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("kbservice/")}
    kept = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "kbservice").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == kept


def test_the_wheel_holds_data_of_each_sort(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    sorts = {
        "profiles": ("kbservice/profiles/", ".toml"),
        "pages": ("kbservice/web/templates/", ".html"),
        "styles": ("kbservice/web/static/", ".css"),
        "translations": ("kbservice/locales/", ".po"),
        "migrations": ("kbservice/store/migrations/versions/", ".py"),
        "sample": ("kbservice/sample/", ".jsonl"),
    }
    absent = [
        sort
        for sort, (start, end) in sorts.items()
        if not any(name.startswith(start) and name.endswith(end) for name in names)
    ]
    assert absent == []


def test_the_wheel_runs_without_the_checkout(installed: Path) -> None:
    place = run(
        installed / "python", "-c", "import kbservice; print(kbservice.__file__)", folder=installed
    )
    assert Path(place.strip()).is_relative_to(installed.parent)
    assert "kbservice" in run(installed / "kbservice", "--version", folder=installed)


def test_the_wheel_makes_an_instance(installed: Path, tmp_path: Path) -> None:
    run(installed / "kbservice", "init", folder=tmp_path)
    assert (tmp_path / "instance" / "kbservice.db").is_file()


def test_the_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    with running(installed / "kbservice", "demo", folder=tmp_path) as address:
        for path in ("/healthz", "/sign-in"):
            with urlopen(address + path, timeout=30) as answer:  # noqa: S310  # http only, by the pattern
                assert answer.status == 200
