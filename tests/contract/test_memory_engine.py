"""The engine in memory keeps the contract."""

from __future__ import annotations

import pytest

from kbservice.search.memory_engine import MemoryEngine
from tests.contract.search_engine import SearchEngineContract


class TestMemoryEngine(SearchEngineContract):
    @pytest.fixture
    def engine(self) -> MemoryEngine:
        return MemoryEngine()
