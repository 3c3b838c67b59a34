"""Makes the first search as quick as the later ones: compiles the kernels, touches the pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kbservice.search.documents import SearchDocument
from kbservice.search.matching import Slot
from kbservice.search.recipe import Lengths, QueryTerm
from kbservice.search.whoosh import kernels
from kbservice.search.whoosh.facets import Column
from kbservice.search.whoosh.impact_postings import ImpactPostings
from kbservice.search.whoosh.inversion import Inverter
from kbservice.search.whoosh.part import COLUMNS, Part

_DOCUMENTS: Final = 64
_PAGE: Final = 4096


def compile_kernels() -> None:
    """Use every kernel of a search once; their machine code is kept on disk for the next time."""
    inverter = Inverter()
    for number in range(_DOCUMENTS):
        title = "rare thing" if number == 0 else "打印机 common thing"
        inverter.add(SearchDocument(id=f"{number}", kind="article", title=title))
    part = inverter.finish(Lengths().averages())
    live = np.ones(part.size, dtype=np.bool_)
    live[1] = False
    postings = ImpactPostings([part], live)
    for word in ("rare", "common"):
        postings.frequencies("words", [word])
        postings.best([QueryTerm("words", word, 1.0, 1.0)], live, 3)
    postings.scores([QueryTerm("words", "common", 1.0, 1.0)], np.flatnonzero(live))
    postings.holders("words", "common")
    postings.sequence("title_sequence", [Slot("common"), Slot("thing")])
    postings.covered({"common": 1.0})
    Column([part], "kind").counts(np.flatnonzero(live))
    starts, values = part.columns["kind"]
    kernels.mark_values(starts, values, np.ones(1, dtype=np.bool_), live.copy())


def touch(parts: Iterable[Part]) -> None:
    """Read a number of each page, so that no search waits for the disk."""
    for part in parts:
        columns = [array for name in COLUMNS for array in part.columns[name]]
        own = (part.keys, part.offsets, part.docs, part.codes, part.starts, part.positions)
        for array in (*own, *columns):
            pages: NDArray[Any] = array[:: max(1, _PAGE // array.itemsize)]
            pages.max(initial=0)
