"""Nothing that was acknowledged is lost when web or worker are killed at any moment."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kbservice.bootstrap import build, init_instance
from kbservice.domain.account import SYSTEM, Role
from kbservice.settings import Settings

KILLS = int(os.environ.get("CRASH_KILLS", "100"))
SEED = 20261123

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]


@dataclass
class History:
    """What the clients were told."""

    tickets: dict[str, str] = field(default_factory=dict)
    resolved: set[str] = field(default_factory=set)
    published: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)


class Zygote:
    """A process that forks web and worker processes."""

    def __init__(self, log: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.zygote", str(log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        self._lock = threading.Lock()

    def start(self, kind: str, home: Path, port: int) -> int:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(f"{kind} {home} {port}\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Client:
    """Talks to the service, and repeats what got no answer under the same Idempotency-Key."""

    def __init__(self, port: int, key: str, stop: threading.Event) -> None:
        self._port, self._key, self._stop = port, key, stop

    def post(self, path: str, body: dict[str, object], idempotency: str) -> tuple[int, dict]:
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency,
        }
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
            with suppress(OSError, http.client.HTTPException), closing(connection):
                connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
                answer = connection.getresponse()
                content = json.loads(answer.read())
                if answer.status < 500:
                    return answer.status, content
            time.sleep(0.05)
        raise AssertionError(f"no answer to {path} for 300 s")


def kill(process: int) -> None:
    """Kill it and wait for its end, as a supervisor does.

    A thread in ``fsync`` ends with the disk, and the process keeps its port as long.
    """
    os.kill(process, signal.SIGKILL)
    for _ in range(1200):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError(f"process {process} survived SIGKILL for a minute")


def wait_until_it_answers(port: int, log: Path) -> None:
    """A web process that is killed before it ever served would interrupt nothing."""
    for _ in range(600):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError, http.client.HTTPException), closing(connection):
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the web process does not start: {log.read_text()[-3000:]}")


def work(client: Client, name: str, history: History, stop: threading.Event) -> None:
    serial = 0
    while not stop.is_set():
        serial += 1
        mark = f"{name}-{serial}"
        status, ticket = client.post(
            "/tickets", {"title": f"打印机脱机 {mark}", "body": "无法打印,重启无效"}, f"t-{mark}"
        )
        assert status in {200, 201}, ticket
        number = ticket["number"]
        assert history.tickets.setdefault(number, mark) == mark, "one number, two tickets"
        status, resolved = client.post(
            f"/tickets/{number}/resolution",
            {"summary": f"重装驱动 {mark}", "steps": "1. 卸载 2. 重装"},
            f"r-{mark}",
        )
        # A repeated resolve whose first answer was lost finds the ticket resolved.
        if status == 409:
            history.resolved.add(number)
            continue
        assert status in {200, 201}, resolved
        history.resolved.add(number)
        article_id = resolved["article"]["id"]
        status, answer = client.post(f"/articles/{article_id}/publish", {}, f"p-{mark}")
        assert status in {200, 201, 409}, answer
        history.published.add(article_id)
        if serial % 7 == 0:
            status, answer = client.post("/jobs", {"kind": "rebuild_index"}, f"j-{mark}")
            assert status in {202, 409}, answer


@contextmanager
def clients(port: int, key: str, history: History) -> Iterator[None]:
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(name: str) -> None:
        try:
            work(Client(port, key, stop), name, history, stop)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(f"c{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=330)
    assert not failures, failures[0]


def test_killing_web_or_worker_loses_no_acknowledged_ticket(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path)
    init_instance(settings)
    application = build(settings)
    application.accounts.create("robot", Role.ADMIN, actor=SYSTEM)
    key = application.accounts.issue_key("robot", Role.ADMIN, actor=SYSTEM).key
    application.indexing.rebuild()
    port = free_port()
    dice = random.Random(SEED)
    history = History()
    log = tmp_path / "zygote.log"
    zygote = Zygote(log)
    processes = {kind: zygote.start(kind, tmp_path, port) for kind in ("web", "worker")}
    try:
        wait_until_it_answers(port, log)
        with clients(port, key, history):
            for _ in range(KILLS):
                time.sleep(dice.uniform(0.02, 1.2))
                kind = dice.choice(["web", "worker", "worker"])
                kill(processes[kind])
                processes[kind] = zygote.start(kind, tmp_path, port)
                if kind == "web":
                    wait_until_it_answers(port, log)
            time.sleep(2)
        ended_at = time.monotonic()
        while not application.indexing.compare().is_empty and time.monotonic() - ended_at < 10:
            time.sleep(0.2)

        assert application.indexing.compare().is_empty
        assert application.indexing.status().parked == 0
        for number, mark in history.tickets.items():
            assert application.tickets.get(number, SYSTEM).title == f"打印机脱机 {mark}"
        indexed = application.engine.ids()
        assert sorted(history.resolved - indexed.keys()) == []
        assert sorted(history.published - indexed.keys()) == []
        assert len(history.tickets) > KILLS / 4, "too little work was interrupted"
        assert [item.message for item in application.doctor.check() if item.part == "audit"] == [
            "ok"
        ]
    finally:
        for child in processes.values():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        zygote.close()
        application.close()
