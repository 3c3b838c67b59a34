"""The Whoosh engine keeps the contract, also over several segments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kbservice.search.whoosh.engine import WhooshEngine
from tests.contract.documents import OFFICE, fill
from tests.contract.search_engine import SearchEngineContract


class TestWhooshEngine(SearchEngineContract):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[WhooshEngine]:
        opened = WhooshEngine(tmp_path, refresh_interval_s=0.0, key=b"test key")
        with opened.rebuild():
            pass
        yield opened
        opened.close()

    def test_the_generation_before_answers_as_it_did(self, engine: WhooshEngine) -> None:
        fill(engine, *OFFICE)
        number, before = engine.state().generation, engine.similar("打印机卡纸", limit=3)
        with engine.rebuild():
            pass

        assert engine.kept(number).similar("打印机卡纸", limit=3) == before
        assert engine.similar("打印机卡纸", limit=3) == []
