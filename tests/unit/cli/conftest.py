"""Fixtures of the command tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Undo what a command set up, so that other tests log as they expect."""
    yield
    structlog.reset_defaults()
