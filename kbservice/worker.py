"""The one process that writes the index: drains the outbox, then does waiting jobs."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from threading import Event

import structlog

from kbservice.bootstrap import Application
from kbservice.errors import IndexLocked, IndexUnavailable, Unavailable

log = structlog.get_logger(__name__)

_RETRY_S = 2.0


def run(application: Application, stop: Event) -> None:
    """Work until ``stop`` is set; every failure is logged and tried again."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    log.info("worker_started", worker=name)
    with application.crew.joined(name) as fallen:
        is_free = False
        while not stop.is_set():
            is_free = is_free or _freed(application, fallen)
            pause_s = _step(application, name)
            if pause_s:
                stop.wait(pause_s)
    log.info("worker_stopped", worker=name)


def _freed(application: Application, fallen: Sequence[str]) -> bool:
    """Take up what dead workers left; tell whether the store could be asked for it."""
    try:
        application.jobs.free(fallen)
    except Unavailable as error:
        log.warning("worker_waits", reason=str(error))
        return False
    return True


def _step(application: Application, name: str) -> float:
    """Do what waits; return how long to pause before looking again, in seconds."""
    try:
        application.heartbeat.beat(name)
        application.schedule.tick()
        application.drift.tick()
        application.radar.tick()
        application.gap_watch.tick()
        settled = _drained(application)
        worked = application.jobs.run_next(name)
    except IndexLocked as error:
        log.info("worker_waits_for_index", reason=str(error))
        return _RETRY_S
    except Unavailable as error:
        log.warning("worker_waits", reason=str(error))
        return _RETRY_S
    except Exception:
        # Last resort: the loop outlives anything; the facts are in the log.
        log.exception("worker_step_failed")
        return _RETRY_S
    return 0.0 if settled or worked else application.settings.poll_interval_s


def _drained(application: Application) -> int:
    """Carry changes into the index; where it takes none, have a new one built."""
    try:
        return application.indexing.drain()
    except IndexUnavailable:
        application.replacement.queue()
        return 0
