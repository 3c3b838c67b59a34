"""Forks ready-imported web and worker processes on command, so that a hundred kills take a minute.

Reads lines ``web HOME PORT`` or ``worker HOME`` from standard input and answers each with
the child's process id. Importing scikit-learn and Whoosh anew for each start would take
longer than everything that is to be interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event

import waitress

from kbservice import worker
from kbservice.bootstrap import build
from kbservice.settings import Settings
from kbservice.web.app import create_app


def _run(kind: str, home: str, port: str) -> None:
    settings = Settings.load(home=Path(home), port=int(port), log_format="json")
    application = build(settings)
    if kind == "worker":
        worker.run(application, Event())
        return
    waitress.serve(create_app(application), host="127.0.0.1", port=settings.port, threads=8)


def main() -> None:
    """Serve until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for line in sys.stdin:
        kind, home, port = line.split()
        child = os.fork()
        if child == 0:
            os.dup2(log, 1)
            os.dup2(log, 2)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _run(kind, home, port)
            os._exit(1)
        print(child, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
