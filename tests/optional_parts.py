"""Parts of the machine that some tests need: skipped where absent, failed where demanded."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(part: str, reason: str) -> NoReturn:
    """End the asking test: a skip for people, a failure where ``CI_REQUIRE_ALL`` is set."""
    message = f"{part} is missing: {reason}"
    if os.environ.get("CI_REQUIRE_ALL"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
