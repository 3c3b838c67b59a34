"""``kbservice serve`` and ``kbservice worker``: the long-running processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from threading import Event, Thread
from types import FrameType
from typing import Protocol

import click
from waitress.server import create_server

from kbservice import logs
from kbservice import worker as worker_loop
from kbservice.bootstrap import Application
from kbservice.cli.invocation import Invocation, invoked, open_application
from kbservice.cli.supervisor import SupervisedWorker, follow_parent
from kbservice.errors import Unavailable
from kbservice.settings import Settings
from kbservice.web.app import create_app

_WORKER_WAIT_S = 30.0
_POLL_S = 0.1


@click.command()
@click.option("--host", help="Address to listen on [KBSERVICE_HOST].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0: any free [KBSERVICE_PORT].")
@click.option("--no-worker", is_flag=True, help="Web only; run 'kbservice worker' elsewhere.")
@invoked
def serve(invocation: Invocation, host: str | None, port: int | None, *, no_worker: bool) -> None:
    """Run the web server and its worker until Ctrl-C."""
    settings = Settings.load(host=host, port=port)

    def announce(address: str) -> None:
        invocation.answer({"address": address, "pid": os.getpid(), "worker": not no_worker})
        invocation.say("Listening on {address} (Ctrl-C stops it)", address=address)

    run_service(settings, with_worker=not no_worker, announce=announce)


@click.command()
@click.option("--parent", type=int, hidden=True, help="Stop when this process is gone.")
@invoked
def worker(invocation: Invocation, parent: int | None) -> None:
    """Run the worker alone: it writes the index and does long jobs."""
    application = open_application()
    logs.configure(application.settings.log_format)
    stop = Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        # From a thread: the handler may interrupt the very wait that holds the event's lock.
        Thread(target=stop.set, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    if parent is not None:
        follow_parent(parent, stop)
    worker_loop.run(application, stop)
    invocation.answer({"stopped": True})


def run_service(settings: Settings, *, with_worker: bool, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; both processes end within 10 s.

    Args:
        settings: Home, address and threads.
        with_worker: Keep a worker process beside the server.
        announce: Called with the address once connections are accepted.

    Raises:
        Unavailable: The address is taken.
    """
    application = open_application(settings)
    logs.configure(settings.log_format, gathers=True)
    server = _listen(settings, create_app(application))
    signal.signal(signal.SIGTERM, _end)
    # Ctrl-C may also come before waitress listens to it.
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        stack.callback(server.close)
        if with_worker:
            # It starts while we warm up.
            stack.enter_context(SupervisedWorker(_environment(settings)))
        application.warm()
        if with_worker:
            _wait_for_worker(application)
        announce(_address(server, settings.host))
        # Waitress ends its loop on KeyboardInterrupt and SystemExit and finishes requests.
        server.run()


def _wait_for_worker(application: Application) -> None:
    """Give the worker a while to come up, so that the first change is soon searchable."""
    deadline = time.monotonic() + _WORKER_WAIT_S
    while not application.heartbeat.is_alive and time.monotonic() < deadline:
        time.sleep(_POLL_S)


class _Server(Protocol):
    """What waitress gives for one or several sockets."""

    def run(self) -> None: ...

    def close(self) -> None: ...


def _listen(settings: Settings, app: Callable[..., object]) -> _Server:
    try:
        server: _Server = create_server(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            ident="kbservice",
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        raise Unavailable(
            "Cannot listen on {host}:{port}: {reason}",
            host=settings.host,
            port=settings.port,
            reason=error.strerror or str(error),
        ) from error
    return server


def _address(server: _Server, host: str) -> str:
    listening = getattr(server, "effective_listen", None)
    port = listening[0][1] if listening else getattr(server, "effective_port", 0)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _environment(settings: Settings) -> dict[str, str]:
    """Return what the worker must know of settings that did not come from the environment."""
    return {"KBSERVICE_HOME": str(settings.home.resolve()), "KBSERVICE_PROFILE": settings.profile}


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
