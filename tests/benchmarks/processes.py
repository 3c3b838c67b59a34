"""Work in processes of its own, and what it holds in memory meanwhile (Linux: from /proc)."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LOOK_S = 0.05
_KB_PER_MB = 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a function returned, and the most that its process and their children held.

    Attributes:
        peak_mb: Private memory; mapped files are the page cache's, which gives way.
        peak_rss_mb: With what of mapped files was in memory, counted once per process.
    """

    value: Any
    peak_mb: float
    peak_rss_mb: float


def in_child(function: Callable[..., Any], *arguments: Any) -> Outcome:
    """Call a function of a module in a new process and watch its memory.

    Raises:
        RuntimeError: The process ended without an answer.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_call, args=(sender, function, arguments))
    child.start()
    sender.close()
    with watched(child.pid or 0) as peak:
        try:
            value = receiver.recv()
        except EOFError as error:
            raise RuntimeError(f"{function.__name__} ended without an answer") from error
        finally:
            child.join()
    return Outcome(value, peak.private_mb, peak.rss_mb)


def _call(sender: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    sender.send(function(*arguments))
    sender.close()


class Peak:
    """The most memory that a tree of processes was seen to hold."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.private_mb = 0.0
        self.rss_mb = 0.0

    def look(self) -> None:
        """Take a sample."""
        private = rss = 0.0
        for pid in _family(self._pid):
            held = memory(pid)
            private += held.private_mb
            rss += held.rss_mb
        self.private_mb = max(self.private_mb, private)
        self.rss_mb = max(self.rss_mb, rss)


@contextmanager
def watched(pid: int, every_s: float = _LOOK_S) -> Iterator[Peak]:
    """Sample a process and its children until the context ends."""
    peak = Peak(pid)
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(every_s):
            peak.look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process holds.

    Attributes:
        private_mb: Its own.
        rss_mb: With what of mapped files is in memory.
        pss_mb: Likewise, pages that several processes share divided among them.
    """

    private_mb: float
    rss_mb: float
    pss_mb: float


def memory(pid: int | str = "self") -> Memory:
    """Return what a process holds now, nothing if it is gone."""
    facts: dict[str, float] = {}
    for name in ("status", "smaps_rollup"):
        # Processes end at any moment.
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/{name}").read_text().splitlines():
                key, _, value = line.partition(":")
                if value.strip().endswith("kB"):
                    facts[key] = int(value.split()[0]) / _KB_PER_MB
    return Memory(
        private_mb=round(facts.get("RssAnon", 0.0), 1),
        rss_mb=round(facts.get("VmRSS", 0.0), 1),
        pss_mb=round(facts.get("Pss", 0.0), 1),
    )


def _family(pid: int) -> Iterator[int]:
    """Yield a process and all below it."""
    yield pid
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in listing.read_text().split():
                yield from _family(int(child))
