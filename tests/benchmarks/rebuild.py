"""Rebuilds under constant load: errors, missing documents, and what searches pay.

    python -m tests.benchmarks.rebuild --documents 100000 --rebuilds 3
    python -m tests.benchmarks.rebuild --documents 2000 --rebuilds 100

A process searches at a steady rate for titles whose article is known to be found first thing;
another rebuilds the index from the store, over and over. A search counts from the moment it
was due: one that had to wait for its turn is late.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final

from click import echo

from kbservice.bootstrap import Application, build
from kbservice.domain.account import SYSTEM
from kbservice.search.documents import SearchQuery
from kbservice.search.syntax import parse
from kbservice.settings import Settings
from tests.benchmarks.corpus import load_or_generate
from tests.benchmarks.instances import instance
from tests.benchmarks.measure import timing
from tests.benchmarks.processes import memory, watched
from tests.benchmarks.recording import Recording, arguments

NAME = "rebuild"
_PROBES: Final = 300
_START_S: Final = 120.0

Probe = tuple[SearchQuery, str]


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    options = arguments(NAME, rebuilds=3, per_second=50.0, quiet_s=20.0).parse_args(given)
    recording = Recording(NAME, options)
    settings = instance(load_or_generate(options.documents, options.folder), options.folder)
    result = _measure(settings, options.rebuilds, options.per_second, options.quiet_s)
    echo(f"{result}")
    return recording.write(**result)


def _measure(
    settings: Settings, rebuilds: int, per_second: float, quiet_s: float
) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    ready, busy, over = context.Event(), context.Event(), context.Event()
    receiver, sender = context.Pipe(duplex=False)
    signals = (ready, busy, over)
    reader = context.Process(target=_read, args=(settings, per_second, signals, sender))
    reader.start()
    ready.wait(_START_S)
    time.sleep(quiet_s)
    busy.set()
    builder = context.Process(target=_rebuild, args=(settings, rebuilds, sender))
    builder.start()
    # Seldom: to look takes a core from those who are measured.
    with watched(builder.pid or 0, every_s=1.0) as peak:
        seconds = receiver.recv()
        builder.join()
    over.set()
    found: dict[str, Any] = receiver.recv()
    reader.join()
    quiet, loaded = found["quiet"], found["loaded"]
    return found | {
        "rebuilds": rebuilds,
        "seconds": timing([1000 * took for took in seconds]),
        "p99_ratio": round(loaded.p99_ms / quiet.p99_ms, 2) if quiet.p99_ms else 0.0,
        "rebuild_peak_mb": round(peak.private_mb, 1),
    }


def _rebuild(settings: Settings, rebuilds: int, sender: Any) -> None:
    """Rebuild; send the seconds that each took."""
    application = build(settings)
    seconds = []
    for _ in range(rebuilds):
        started = time.perf_counter()
        application.indexing.rebuild()
        seconds.append(time.perf_counter() - started)
    application.close()
    sender.send(seconds)


def _read(
    settings: Settings, per_second: float, signals: tuple[Event, Event, Event], sender: Any
) -> None:
    """Search at a steady rate until told to stop; send what happened."""
    ready, busy, over = signals
    application = build(settings)
    probes = _probes(application)
    # Once unmeasured: pages are touched and kernels compiled.
    _drive(application, probes, per_second, lambda: True)
    ready.set()
    generation = application.engine.state().generation
    quiet, _, _ = _drive(application, probes, per_second, busy.is_set)
    loaded, errors, missing = _drive(application, probes, per_second, over.is_set)
    sender.send(
        {
            "quiet": timing(quiet),
            "loaded": timing(loaded),
            "errors": len(errors),
            "first_error": errors[0] if errors else "",
            "missing": len(missing),
            "generations": application.engine.state().generation - generation,
            "reader_memory": memory(),
        }
    )
    application.close()


def _probes(application: Application) -> list[Probe]:
    """Return searches by title that find their article now."""
    ids = sorted(application.engine.ids())
    step = max(1, len(ids) // _PROBES)
    probes = []
    for document_id in ids[::step]:
        title = application.knowledge.get(document_id, SYSTEM).title
        query = parse(title)
        if _finds(application, query, document_id):
            probes.append((query, document_id))
    return probes


def _finds(application: Application, query: SearchQuery, document_id: str) -> bool:
    return document_id in {hit.id for hit in application.engine.search(query).hits}


def _drive(
    application: Application,
    probes: Sequence[Probe],
    per_second: float,
    is_over: Callable[[], bool],
) -> tuple[list[float], list[str], list[str]]:
    """Search for all probes at least once, then until it is over; never faster than the rate."""
    samples: list[float] = []
    errors: list[str] = []
    missing: list[str] = []
    started = time.monotonic()
    while len(samples) < len(probes) or not is_over():
        query, wanted = probes[len(samples) % len(probes)]
        due = started + len(samples) / per_second
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            if not _finds(application, query, wanted):
                missing.append(wanted)
        except Exception as error:  # noqa: BLE001  # whatever it is, a reader saw it
            errors.append(repr(error))
        samples.append((time.monotonic() - due) * 1000)
    return samples, errors, missing


if __name__ == "__main__":
    main()
