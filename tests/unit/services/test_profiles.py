from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from kbservice.services.profiles import ProfileBook

TEXT = (files("kbservice") / "sample" / "cloud-support.toml").read_text("utf-8")


@pytest.fixture
def book(tmp_path: Path) -> ProfileBook:
    """Keep a first version, and a second one without the first category."""
    head, _, *rest = TEXT.replace("version = 1", "version = 2", 1).split("[[categories]]")
    (tmp_path / "cloud-support@1.toml").write_text(TEXT, "utf-8")
    (tmp_path / "cloud-support@2.toml").write_text("[[categories]]".join((head, *rest)), "utf-8")
    return ProfileBook(tmp_path, "cloud-support")


def test_a_category_is_dropped_for_the_versions_that_follow(book: ProfileBook) -> None:
    first = book.get(version=1).categories[0].value

    assert {first} == book.dropped_categories(book.get())
    assert set() == book.dropped_categories(book.get(version=1))


def test_an_old_version_that_cannot_be_read_drops_nothing(
    book: ProfileBook, tmp_path: Path
) -> None:
    (tmp_path / "cloud-support@1.toml").write_text("version = ", "utf-8")

    assert set() == book.dropped_categories(book.get())
