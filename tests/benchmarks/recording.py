"""Results as JSON files: what was measured, with which versions, on what machine, how noisy."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from click import echo

RESULTS = Path(__file__).parent / "results"
_PACKAGES = (
    "kbservice",
    "numpy",
    "numba",
    "rjieba",
    "whoosh3",
    "tantivy",
    "bm25s",
    "xapian-bindings-binary",
    "flask",
    "waitress",
)
_CALIBRATIONS = 30


def arguments(name: str, **defaults: Any) -> argparse.ArgumentParser:
    """Return the parser of one benchmark's command.

    Args:
        name: Of the benchmark; names the JSON file too.
        **defaults: Further options; a default's type is the option's type.
    """
    parser = argparse.ArgumentParser(prog=f"python -m tests.benchmarks.{name}")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "kbservice-benchmarks",
        help="where corpora and indexes are kept (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, help="default: tests/benchmarks/results/NAME-N.json")
    for option, default in defaults.items():
        parser.add_argument(
            f"--{option.replace('_', '-')}",
            type=type(default),
            default=default,
            help="default: %(default)s",
        )
    return parser


class Recording:
    """One run of a benchmark; notes the machine before and after."""

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        self._name = name
        self._options = options
        self._path = options.json or RESULTS / f"{name}-{options.documents}.json"
        self._before = _pulse()
        self._started = time.time()

    def write(self, **facts: Any) -> Path:
        """Write the file; return its path."""
        hidden = {"folder", "json"}
        body = {
            "benchmark": self._name,
            "options": {k: v for k, v in vars(self._options).items() if k not in hidden},
            "at": datetime.fromtimestamp(self._started, UTC).isoformat(timespec="seconds"),
            "took_s": round(time.time() - self._started, 1),
            "machine": _machine() | {"before": self._before, "after": _pulse()},
            "versions": {name: found for name in _PACKAGES if (found := _version(name))},
            **facts,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(body, indent=1, ensure_ascii=False, default=_plain) + "\n")
        echo(f"written to {self._path}")
        return Path(self._path)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _machine() -> dict[str, Any]:
    processor = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    return {
        "processor": processor,
        "cpus": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
    }


def _pulse() -> dict[str, float]:
    """Return the load, and how unevenly a fixed piece of work runs (1: a quiet machine)."""
    took = []
    for _ in range(_CALIBRATIONS):
        started = time.perf_counter()
        sum(range(200_000))
        took.append(time.perf_counter() - started)
    took.sort()
    return {
        "load": round(os.getloadavg()[0], 2),
        "jitter": round(took[int(_CALIBRATIONS * 0.9)] / took[0], 2),
    }
