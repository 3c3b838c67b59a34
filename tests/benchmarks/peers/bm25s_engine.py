"""bm25s with its numba backend: a static matrix of ready scores."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import bm25s  # type: ignore[import-untyped]
import numpy as np
from bm25s.tokenization import Tokenized  # type: ignore[import-untyped]

from tests.benchmarks.corpus import CATEGORIES, Corpus
from tests.benchmarks.engines import Search


class Bm25sEngine:
    """``retrieve`` for one query; a category is a weight mask over all documents."""

    name = "bm25s"
    package = "bm25s"

    def build(self, corpus: Corpus, folder: Path) -> None:
        """Index term ids, which is what its own tokenizer makes."""
        tokens, offsets = corpus.tokens.tolist(), corpus.offsets.tolist()
        ids = [tokens[a:b] for a, b in itertools.pairwise(offsets)]
        vocabulary = {word: number for number, word in enumerate(corpus.words)}
        index = bm25s.BM25(method="lucene", backend="numba", k1=1.2, b=0.75)
        index.index(Tokenized(ids=ids, vocab=vocabulary), show_progress=False)
        index.save(folder, show_progress=False)

    def open(self, corpus: Corpus, folder: Path) -> Search:
        """Load the scores into memory."""
        index = bm25s.BM25.load(folder, show_progress=False)
        masks = [(corpus.categories == number).astype(np.float32) for number in range(CATEGORIES)]

        def search(terms: Sequence[str], category: int | None, limit: int) -> list[int]:
            mask = None if category is None else masks[category]
            documents, scores = index.retrieve(
                [list(terms)], k=limit, show_progress=False, n_threads=0, weight_mask=mask
            )
            found: list[int] = documents[0][scores[0] > 0].tolist()
            return found

        return search


ENGINE = Bm25sEngine()
