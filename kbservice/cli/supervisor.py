"""Keeps the worker alive beside the web server, and takes it down with it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

import structlog

log = structlog.get_logger(__name__)

# Under the 10 s in which everything has to stop.
GRACE_S = 8.0
_POLL_S = 0.5
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
# A worker that lived this long did not die of its start.
_STEADY_S = 60.0


class SupervisedWorker:
    """Runs ``kbservice worker`` as a child while its context is open; restarts it if it dies."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self._stop = Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._child_lock = Lock()
        self._thread = Thread(target=self._keep_alive, name="worker-supervisor", daemon=True)

    def __enter__(self) -> Self:
        """Start the worker."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the worker: politely, then for good."""
        self._stop.set()
        with self._child_lock:
            child = self._child
        if child is not None:
            child.terminate()
            try:
                child.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                child.kill()
        self._thread.join(GRACE_S)

    def _keep_alive(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            with self._child_lock:
                if self._stop.is_set():
                    return
                self._child = child = self._start()
            started = time.monotonic()
            code = child.wait()
            if self._stop.is_set():
                return
            if time.monotonic() - started > _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            log.warning("worker_died", exit_code=code, restart_in_s=pause_s)
            self._stop.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "kbservice", "worker", "--parent", str(os.getpid())]
        return subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL)  # noqa: S603  # our own command


def follow_parent(parent: int, stop: Event) -> None:
    """Set ``stop`` once the parent process is gone, however it ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_S)
        stop.set()
        # Work that does not end in time is repeated by the next worker: nothing is lost.
        time.sleep(GRACE_S)
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(1)

    Thread(target=watch, name="parent-watch", daemon=True).start()
