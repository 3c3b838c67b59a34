"""Fixtures of the service tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbservice.store.database import Database
from tests.unit.services.importing_instance import Instance


@pytest.fixture
def instance(database: Database, tmp_path: Path) -> Instance:
    return Instance.make(database, tmp_path)
