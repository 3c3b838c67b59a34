"""The installed command, as an administrator runs it: real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

PATIENCE_S = 60.0


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KBSERVICE_")}
    return kept | {"KBSERVICE_HOME": str(home), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


def kbservice(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kbservice", *arguments]
    return subprocess.run(
        command, env=environment(home), capture_output=True, text=True, check=False
    )


@contextmanager
def serving(
    home: Path, *arguments: str
) -> Iterator[tuple[subprocess.Popen[str], Mapping[str, Any]]]:
    """Run a command that serves; yield it with its first line of JSON."""
    with subprocess.Popen(
        [sys.executable, "-m", "kbservice", *arguments, "--port", "0", "--json"],
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, _first_object(process)
        finally:
            process.kill()


def _first_object(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return found
    raise AssertionError("the command ended before it listened")


def get(address: str, path: str, key: str = "") -> tuple[int, bytes]:
    """Return status and body of a page."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE_S)
    with closing(connection):
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
        response = connection.getresponse()
        return response.status, response.read()


def workers_of(parent: int) -> list[int]:
    """Return the pids of the worker processes that belong to a server."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"worker" in words and str(parent).encode() in words:
            found.append(int(folder.name))
    return found


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one instance for all tests: none of them changes what another reads."""
    home = tmp_path_factory.mktemp("instance") / "home"
    made = kbservice(home, "init")
    assert 0 == made.returncode, made.stderr
    return home


def test_serve_answers_on_a_free_port_and_ends_on_sigterm(home: Path):
    with serving(home, "serve") as (process, said):
        assert 200 == get(said["address"], "/healthz")[0]
        assert eventually(lambda: len(workers_of(process.pid)) == 1)
        worker = workers_of(process.pid)[0]

        process.send_signal(signal.SIGTERM)

        assert 0 == process.wait(timeout=10)
        assert not Path(f"/proc/{worker}").exists()


def test_ctrl_c_ends_web_and_worker(home: Path):
    with serving(home, "serve") as (process, _):
        assert eventually(lambda: bool(workers_of(process.pid)))

        process.send_signal(signal.SIGINT)

        assert 0 == process.wait(timeout=10)
        assert [] == workers_of(process.pid)


def test_a_worker_that_dies_is_started_again(home: Path):
    with serving(home, "serve") as (process, _):
        assert eventually(lambda: bool(workers_of(process.pid)))
        first = workers_of(process.pid)[0]

        os.kill(first, signal.SIGKILL)

        assert eventually(lambda: any(pid != first for pid in workers_of(process.pid)))


def test_the_worker_does_not_outlive_a_killed_server(home: Path):
    with serving(home, "serve") as (process, _):
        assert eventually(lambda: bool(workers_of(process.pid)))

        process.kill()
        process.wait()

        assert eventually(lambda: not workers_of(process.pid))


def test_serve_without_a_worker_has_none(home: Path):
    with serving(home, "serve", "--no-worker") as (process, said):
        assert said["worker"] is False
        assert [] == workers_of(process.pid)


def test_a_taken_port_is_one_clear_line(home: Path):
    with serving(home, "serve", "--no-worker") as (_, said):
        port = said["address"].rpartition(":")[2]

        second = kbservice(home, "serve", "--port", port)

    assert 1 == second.returncode
    assert f"Cannot listen on 127.0.0.1:{port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_output_is_plain_in_a_pipe(home: Path):
    result = kbservice(home, "profile", "list")

    assert 0 == result.returncode
    assert "\x1b[" not in result.stdout + result.stderr
    assert "product-support\t" in result.stdout


def test_the_demo_runs_with_sample_data_and_a_second_run_reuses_it(tmp_path: Path):
    home = tmp_path / "demo"

    with serving(home, "demo") as (process, said):
        path = f"/api/v1/search?q={quote('健康檢查')}"
        status, body = get(said["address"], path, said["staff_key"])
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=10)
    assert 200 == status
    assert json.loads(body)["total"] > 0

    with serving(home, "demo") as (_, again):
        assert (said["password"], said["intake_key"]) == (again["password"], again["intake_key"])


def test_the_demo_does_not_touch_an_instance_that_is_no_demo(home: Path):
    result = kbservice(home, "demo", "--no-serve")

    assert 1 == result.returncode
    assert "no demo" in result.stderr
