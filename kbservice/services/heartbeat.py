"""The worker's sign of life: a file whose age anybody can read, even with the store down."""

from __future__ import annotations

from pathlib import Path

from kbservice.clock import Clock

ALIVE_WITHIN_S = 30.0


class Heartbeat:
    """Written by the worker, read by health checks."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def beat(self, worker: str) -> None:
        """Note that the worker lives now."""
        self._path.write_text(f"{self._clock.now().timestamp()} {worker}\n", encoding="utf-8")

    def age_s(self) -> float | None:
        """Return the seconds since the last beat, None if there never was one."""
        try:
            stamp = self._path.read_text(encoding="utf-8").split()[0]
            return max(0.0, self._clock.now().timestamp() - float(stamp))
        except (OSError, IndexError, ValueError):
            return None

    @property
    def is_alive(self) -> bool:
        """True if the last beat is fresh."""
        age_s = self.age_s()
        return age_s is not None and age_s <= ALIVE_WITHIN_S
