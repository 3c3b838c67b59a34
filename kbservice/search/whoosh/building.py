"""New segments, built in a folder of their own until a commit adopts them."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Self

from whoosh.fields import Schema
from whoosh.filedb.filestore import FileStorage

from kbservice.search.whoosh.part import SUFFIX, load
from kbservice.search.whoosh.stock_segment import write_segment

_PREFIX: Final = "build-"
_numbers = itertools.count()


class Build:
    """One segment on its way into an index folder; leaving the context drops what is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._build = folder / f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        self._build.mkdir(mode=0o700)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._build, ignore_errors=True)

    @property
    def impacts(self) -> Path:
        """Where the impact file is to be written."""
        return self._build / f"new{SUFFIX}"

    def finish(self, schema: Schema, stored: Iterable[dict[str, Any]]) -> Any:
        """Write Whoosh's files from the impact file; return Whoosh's segment."""
        storage = FileStorage(str(self._build))
        segment = write_segment(storage, schema, load(self.impacts), stored)
        self.impacts.rename(self._build / f"{segment.segment_id()}{SUFFIX}")
        return segment

    def adopt(self) -> None:
        """Move the files beside the others; the next commit must name them or deletes them."""
        for path in self._build.iterdir():
            if path.is_file():
                path.rename(self._folder / path.name)


def sweep(folder: Path) -> None:
    """Remove what builders of processes that are no more have left."""
    for path in folder.glob(f"{_PREFIX}*"):
        if path.name.split("-")[1] != str(os.getpid()):
            shutil.rmtree(path, ignore_errors=True)
