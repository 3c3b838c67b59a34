"""How long work tells where it stands."""

from __future__ import annotations

from typing import Protocol

from kbservice.errors import Conflict


class Cancelled(Conflict):
    """Somebody asked the work to stop; nothing half-done remains."""

    code = "cancelled"
    title = "The work was cancelled"


class Progress(Protocol):
    """Receives stages and steps; may raise Cancelled at any call."""

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of ``total`` steps (0: unknown)."""

    def advance(self, steps: int = 1) -> None:
        """Report finished steps of the current stage."""


class NullProgress:
    """Tells nobody."""

    def stage(self, name: str, total: int) -> None:
        """Ignore the stage."""

    def advance(self, steps: int = 1) -> None:
        """Ignore the steps."""
