"""Our scorer: impact files written and merged as a rebuild does it, scored by the kernels.

One stream with one field and no query recipe: the same terms as everybody else. The formula is
the product's BM25F (k1 2.2, b 0.9), which costs what any BM25 costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kbservice.search import recipe
from kbservice.search.whoosh import codes, inversion, lexicon, merging, part
from kbservice.search.whoosh.impact_postings import ImpactPostings
from kbservice.search.whoosh.keys import Keys, keys_of
from tests.benchmarks.corpus import CATEGORIES, Corpus, category_name
from tests.benchmarks.engines import Search

_CHUNK = 50_000
_STREAM = "words"
_FIELD = "text"
_FILE = f"segment{part.SUFFIX}"


class OurEngine:
    """The accumulating kernels, with exact scores for the candidates."""

    name = "kbservice"
    package = "kbservice"

    def build(self, corpus: Corpus, folder: Path) -> None:
        """Invert chunks of the corpus, then merge them into one segment."""
        chunks = []
        for start in range(0, len(corpus), _CHUNK):
            path = folder / f"chunk{start}{part.SUFFIX}"
            part.save(_chunk(corpus, start, min(len(corpus), start + _CHUNK)), path)
            chunks.append(path)
        parts = [part.load(path) for path in chunks]
        maps = merging.renumbered([np.ones(held.size, dtype=np.bool_) for held in parts])
        merging.merge(parts, maps, folder / _FILE)
        for path in chunks:
            path.unlink()

    def open(self, corpus: Corpus, folder: Path) -> Search:
        """Map the segment."""
        everything = np.ones(len(corpus), dtype=np.bool_)
        masks = [corpus.categories == number for number in range(CATEGORIES)]
        held = ImpactPostings([part.load(folder / _FILE)], everything)

        def search(terms: Sequence[str], category: int | None, limit: int) -> list[int]:
            wanted = [
                recipe.QueryTerm(_STREAM, term, recipe.idf(everything.size, frequency), 1.0)
                for term, frequency in zip(terms, held.frequencies(_STREAM, terms), strict=True)
                if frequency
            ]
            mask = everything if category is None else masks[category]
            numbers, scores = held.best(wanted, mask, limit)
            ranked = sorted(zip((-scores).tolist(), numbers.tolist(), strict=True))
            return [number for _, number in ranked[:limit]]

        return search


def _chunk(corpus: Corpus, start: int, end: int) -> part.Part:
    """Return some documents as the arrays of a segment."""
    offsets = np.asarray(corpus.offsets[start : end + 1])
    used, ranks = np.unique(corpus.tokens[offsets[0] : offsets[-1]], return_inverse=True)
    keys = keys_of(_STREAM, [corpus.words[term] for term in used.tolist()])
    order = np.argsort(keys)
    places = np.empty(order.size, dtype=np.uint32)
    places[order] = np.arange(order.size)
    lengths = np.diff(offsets)
    share = recipe.LENGTH_WEIGHTS[_FIELD]
    mean = np.diff(corpus.offsets).mean()
    counts, docs, weights = inversion._invert(
        places[ranks],
        np.arange(end - start, dtype=np.uint32),
        offsets[1:] - offsets[0],
        (1.0 / (1.0 - share + share * lengths / mean)).astype(np.float32),
        order.size,
    )
    return _part(
        corpus, range(start, end), keys[order], part.offsets_of(counts), docs, codes.encode(weights)
    )


def _part(
    corpus: Corpus,
    documents: range,
    keys: Keys,
    offsets: part.Numbers,
    docs: part.Docs,
    coded: part.Codes,
) -> part.Part:
    size = len(documents)
    nothing = np.zeros(size + 1, dtype=np.int64)
    zeros = np.zeros(size, dtype=np.int64)
    columns = {name: (nothing, np.zeros(0, dtype=np.uint32)) for name in part.COLUMNS}
    columns["category"] = (
        np.arange(size + 1, dtype=np.int64),
        corpus.categories[documents.start : documents.stop].astype(np.uint32),
    )
    return part.Part(
        keys=keys,
        offsets=offsets,
        docs=docs,
        codes=coded,
        starts=np.zeros(1, dtype=np.int64),
        positions=np.zeros(0, dtype=np.uint16),
        ids=np.array([b"%d" % number for number in documents]),
        revisions=zeros,
        updated=zeros,
        solved=zeros,
        values={name: [] for name in part.COLUMNS}
        | {"category": [category_name(number) for number in range(CATEGORIES)]},
        columns=columns,
        **lexicon.lexicon_arrays([lexicon.NO_NAMES for _ in part.LEXICONS]),
    )


ENGINE = OurEngine()
