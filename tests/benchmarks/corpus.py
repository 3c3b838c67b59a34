"""The synthetic corpus: support articles as term ids, and as texts for the full recipe.

Documents have 60 to 300 terms: frequent Chinese words, a run of English prose, a long tail,
the words of the document's topic, and error codes. A seed and a document's number say what is
in it, so a larger corpus begins with the smaller one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kbservice.search.documents import SearchDocument
from tests.benchmarks.lexicon import Ids, Lexicon, read_lexicon

CATEGORIES = 20
SHORTEST, LONGEST = 60, 300
_SEED = 20261123
_CHUNK = 10_000
_TOPICS, _TOPIC_WORDS = 600, 250
# Where each kind of term ends on the dice: Chinese, English, long tail, topic; codes are left.
_SHARES = (0.30, 0.45, 0.66, 0.985)
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Corpus:
    """Documents as term ids.

    Attributes:
        tokens: Term ids of all documents.
        offsets: Where each document's terms start, and the end.
        categories: Number of each document's category.
        frequencies: In how many documents each term stands.
    """

    lexicon: Lexicon
    tokens: Ids
    offsets: NDArray[np.int64]
    categories: NDArray[np.int32]
    frequencies: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.categories.size)

    @property
    def words(self) -> tuple[str, ...]:
        """The word of each term id."""
        return self.lexicon.words

    def ids(self, number: int) -> Ids:
        """Return the term ids of a document."""
        return self.tokens[self.offsets[number] : self.offsets[number + 1]]

    def terms(self, number: int) -> list[str]:
        """Return the terms of a document."""
        return [self.words[term] for term in self.ids(number).tolist()]

    def documents(self) -> Iterator[tuple[int, list[str], str]]:
        """Yield number, terms and category of every document."""
        for number in range(len(self)):
            yield number, self.terms(number), category_name(int(self.categories[number]))

    def articles(self, first: int = 0, last: int | None = None) -> Iterator[SearchDocument]:
        """Yield documents as articles with running text."""
        for number in range(first, len(self) if last is None else last):
            yield article(number, self.terms(number), int(self.categories[number]))


def generate(documents: int, lexicon: Lexicon | None = None, *, seed: int = _SEED) -> Corpus:
    """Return a corpus of this many documents."""
    lexicon = lexicon or read_lexicon()
    dice = _Dice(lexicon)
    chunks = [
        dice.chunk(min(_CHUNK, documents - start), (seed, start))
        for start in range(0, documents, _CHUNK)
    ]
    tokens = np.concatenate([chunk[0] for chunk in chunks])
    sizes = np.concatenate([chunk[1] for chunk in chunks])
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64)])
    categories = np.concatenate([chunk[2] for chunk in chunks])
    frequencies = _frequencies(tokens, offsets, len(lexicon))
    return Corpus(lexicon, tokens, offsets, categories, frequencies)


def load_or_generate(documents: int, folder: Path) -> Corpus:
    """Return the corpus from a folder, where it is kept for processes that come later."""
    path = folder / f"corpus-{documents}"
    names = ("tokens", "offsets", "categories", "frequencies")
    lexicon = read_lexicon()
    if not (path / "done").exists():
        made = generate(documents, lexicon)
        path.mkdir(parents=True, exist_ok=True)
        for name in names:
            np.save(path / f"{name}.npy", getattr(made, name))
        (path / "done").touch()
    return Corpus(lexicon, *(np.load(path / f"{name}.npy", mmap_mode="r") for name in names))


def category_name(number: int) -> str:
    """Return the name of a category."""
    return f"category{number:02d}"


def article(number: int, terms: Sequence[str], category: int) -> SearchDocument:
    """Return a document as an article: a title from its rarer words, three sections."""
    third = len(terms) // 3
    sections = (("problem", 0), ("cause", third), ("solution", 2 * third))
    return SearchDocument(
        id=f"KB-{number:07d}",
        kind="article",
        title=running_text([*terms[5:8], *terms[third : third + 4]]),
        sections=tuple(
            (name, running_text(terms[start : start + third])) for name, start in sections
        ),
        tags=(f"tag{number % 50}",),
        category=category_name(category),
        product=f"product{category % 7}",
        visibility="public",
        solved_count=number % 13,
        updated_at=_FIRST_DAY + timedelta(seconds=number),
    )


def running_text(terms: Sequence[str]) -> str:
    """Return terms as text: Chinese words close up, others apart, punctuation in between."""
    parts: list[str] = []
    was_latin = False
    for place, term in enumerate(terms, start=1):
        is_latin = term.isascii()
        if is_latin or was_latin:
            parts.append(" ")
        parts.append(term)
        was_latin = is_latin
        if place % 12 == 0:
            parts.append("。" if place % 36 == 0 else "，")
    return "".join(parts).strip()


def _frequencies(tokens: Ids, offsets: NDArray[np.int64], words: int) -> NDArray[np.int64]:
    counts = np.zeros(words, dtype=np.int64)
    for start in range(0, offsets.size - 1, _CHUNK):
        bounds = offsets[start : start + _CHUNK + 1]
        owners = np.repeat(np.arange(bounds.size - 1), np.diff(bounds))
        pairs = np.unique(owners * words + tokens[bounds[0] : bounds[-1]])
        counts += np.bincount(pairs % words, minlength=words)
    return counts


class _Dice:
    """Draws documents from a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        dice = np.random.default_rng(_SEED)
        self._lexicon = lexicon
        self._chinese = _falling(lexicon.chinese.size, flat=20, power=1.0)
        self._rare = _falling(lexicon.rare.size, flat=200, power=0.9)
        self._codes = _falling(lexicon.codes.size, flat=1, power=0.8)
        topic_words = np.diff(_falling(lexicon.rare.size, flat=500, power=0.6), prepend=0.0)
        self._topics: Ids = dice.choice(
            lexicon.rare, (_TOPICS, _TOPIC_WORDS), p=topic_words / topic_words.sum()
        )
        self._topic_words = _falling(_TOPIC_WORDS, flat=1, power=0.7)

    def chunk(
        self, count: int, seed: tuple[int, int]
    ) -> tuple[Ids, NDArray[np.int64], NDArray[np.int32]]:
        """Return terms, lengths and categories of some documents."""
        # A full chunk is drawn whatever the count: a corpus begins with any smaller one.
        dice = np.random.default_rng(seed)
        lengths = dice.integers(SHORTEST, LONGEST + 1, _CHUNK)
        topics = (_TOPICS * dice.random(_CHUNK) ** 1.7).astype(np.int64)
        strays = dice.integers(0, CATEGORIES, _CHUNK)
        categories = np.where(dice.random(_CHUNK) < 0.8, topics % CATEGORIES, strays)
        owners = np.repeat(np.arange(_CHUNK), lengths)
        places = np.arange(owners.size) - (np.cumsum(lengths) - lengths)[owners]
        tokens = self._tokens(dice, topics[owners], owners, places)
        return (
            tokens[: int(lengths[:count].sum())],
            lengths[:count],
            categories[:count].astype(np.int32),
        )

    def _tokens(
        self,
        dice: np.random.Generator,
        topics: NDArray[np.int64],
        owners: NDArray[np.int64],
        places: NDArray[np.int64],
    ) -> Ids:
        words = self._lexicon
        starts = dice.integers(0, words.prose.size - LONGEST, _CHUNK)
        kinds = np.digitize(dice.random(owners.size), _SHARES)
        spots = dice.random(owners.size)
        drawn = np.empty(owners.size, dtype=np.int32)
        drawn[kinds == 0] = words.chinese[_draw(self._chinese, spots[kinds == 0])]
        english = kinds == 1
        drawn[english] = words.prose[starts[owners[english]] + places[english]]
        drawn[kinds == 2] = words.rare[_draw(self._rare, spots[kinds == 2])]
        topical = kinds == 3
        drawn[topical] = self._topics[topics[topical], _draw(self._topic_words, spots[topical])]
        drawn[kinds == 4] = words.codes[_draw(self._codes, spots[kinds == 4])]
        return drawn


def _falling(size: int, *, flat: float, power: float) -> NDArray[np.float64]:
    """Return cumulated Zipf-Mandelbrot shares: of rank r, 1 / (r + flat) ^ power."""
    shares = 1.0 / (np.arange(size) + 1.0 + flat) ** power
    cumulated: NDArray[np.float64] = np.cumsum(shares) / shares.sum()
    return cumulated


def _draw(cumulated: NDArray[np.float64], spots: NDArray[np.float64]) -> NDArray[np.int64]:
    places: NDArray[np.int64] = np.searchsorted(cumulated, spots * (1.0 - 1e-12))
    return places
