"""The queries: short ones as typed, the same with a category, and whole tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tests.benchmarks.corpus import Corpus, generate
from tests.benchmarks.lexicon import Ids

Kind = Literal["short", "filtered", "long", "known"]
KINDS: tuple[Kind, ...] = ("short", "filtered", "long")
"""What the engines are compared by."""

_SEED = 99
_LONG_FROM, _LONG_TO = 60, 150
_RAREST = 3


@dataclass(frozen=True, slots=True)
class Query:
    """Terms of which any may match, and perhaps the number of a category."""

    terms: tuple[str, ...]
    category: int | None = None


Queries = dict[Kind, list[Query]]


def make_queries(corpus: Corpus, count: int, *, seed: int = _SEED) -> Queries:
    """Return ``count`` queries of each kind, from documents that the corpus does not hold.

    Short ones have two to four terms of a ticket, rare ones rather than common ones; long ones
    are its first 60 to 150 terms. Terms without a document are left out, as are repeats. Known
    ones are two terms, common rather than rare, and the category of a document that has both.
    """
    dice = np.random.default_rng(seed)
    tickets = generate(2 * count, corpus.lexicon, seed=seed)
    short: list[Query] = []
    long: list[Query] = []
    known: list[Query] = []
    for number in range(count):
        ids = _held(corpus, tickets.ids(number)[: int(dice.integers(_LONG_FROM, _LONG_TO + 1))], 1)
        long.append(Query(_words(corpus, ids)))
        ids = _held(corpus, tickets.ids(count + number), _RAREST)
        short.append(Query(_words(corpus, _chosen(corpus, ids, dice))))
        home = int(dice.integers(len(corpus)))
        ids = _held(corpus, corpus.ids(home), _RAREST)
        spread = corpus.frequencies[ids] ** 0.5
        chosen = dice.choice(ids, min(ids.size, 2), replace=False, p=spread / spread.sum())
        words = _words(corpus, chosen)
        known.append(Query(words, int(corpus.categories[home])))
    filtered = [
        Query(query.terms, int(tickets.categories[count + number]))
        for number, query in enumerate(short)
    ]
    return {"short": short, "filtered": filtered, "long": long, "known": known}


def postings(corpus: Corpus, queries: Sequence[Query]) -> int:
    """Return the median number of postings that the terms of a query have."""
    numbers = {word: number for number, word in enumerate(corpus.words)}
    return int(
        np.median(
            [
                sum(int(corpus.frequencies[numbers[term]]) for term in query.terms)
                for query in queries
            ]
        )
    )


def _chosen(corpus: Corpus, ids: Ids, dice: np.random.Generator) -> Ids:
    """Return two to four of some terms, rare ones rather than common ones."""
    # The smallest corpora have terms in every document.
    rarity = np.log(1.0 + len(corpus) / corpus.frequencies[ids]) ** 1.5
    size = min(ids.size, int(dice.integers(2, 5)))
    chosen: Ids = dice.choice(ids, size, replace=False, p=rarity / rarity.sum())
    return chosen


def _held(corpus: Corpus, ids: Ids, least: int) -> Ids:
    distinct = np.array(list(dict.fromkeys(ids.tolist())), dtype=np.int32)
    return distinct[corpus.frequencies[distinct] >= least]


def _words(corpus: Corpus, ids: Ids) -> tuple[str, ...]:
    return tuple(corpus.words[number] for number in ids.tolist())
