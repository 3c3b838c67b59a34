"""Set-up of structured logs: facts as keys, on stderr, never the text of tickets."""

from __future__ import annotations

import atexit
import logging
import sys
import time
from collections import deque
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any, Final, Literal

import orjson
import structlog

Level = Literal["debug", "info", "warning", "error"]

_LINGER_S: Final = 0.1
_MOST_WAITING: Final = 10_000


class Gathering:
    """Writes lines to stderr together: news after 0.1 s at most, warnings and errors at once.

    Each write gives the interpreter lock away; a busy server waits a third of its time to get
    it back.
    """

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._lock = Lock()
        Thread(target=self._follow, name="log", daemon=True).start()
        atexit.register(self.flush)

    def info(self, line: str) -> None:
        """Take a line that can wait."""
        self._waiting.append(line)
        if len(self._waiting) > _MOST_WAITING:
            self.flush()

    def warning(self, line: str) -> None:
        """Write a line now, after those that wait."""
        self._waiting.append(line)
        self.flush()

    debug = info
    error = critical = exception = warning

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if lines:
                sys.stderr.write("\n".join((*lines, "")))
                sys.stderr.flush()

    def _follow(self) -> None:
        while True:
            time.sleep(_LINGER_S)
            self.flush()


def configure(
    log_format: Literal["console", "json"], level: Level = "info", *, gathers: bool = False
) -> None:
    """Send log lines of at least ``level`` to stderr, for people or for programs.

    Args:
        log_format: For whom.
        level: The least level.
        gathers: Write what is no warning some moments later, many lines at once.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if log_format == "json":
        last: list[structlog.typing.Processor] = [
            # Without local variables: those hold the text of tickets.
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(_as_json),
        ]
    else:
        last = [_for_people()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=_gathering() if gathers else _writing,
    )


def _for_people() -> structlog.typing.Processor:
    """Return what writes colours on a terminal, and ``event name=value`` elsewhere."""
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    if sys.stderr.isatty():
        return console
    plain = structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"))

    def render(logger: Any, method: str, facts: structlog.typing.EventDict) -> str:
        # The console's way to write an access line takes a seventh of a short answer's time.
        chosen = console if "exc_info" in facts or "stack" in facts else plain
        return str(chosen(logger, method, facts))

    return render


def _as_json(facts: Any, **_options: Any) -> str:
    return orjson.dumps(facts, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()


def _gathering() -> Callable[..., Gathering]:
    logger = Gathering()
    return lambda *_: logger


def _writing(*_: object) -> structlog.PrintLogger:
    # Looked up at each line: stderr may be exchanged while the process runs.
    return structlog.PrintLogger(sys.stderr)
