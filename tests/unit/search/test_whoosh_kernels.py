"""With one field and one stream the kernels give Whoosh's own BM25F, which proves them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from whoosh import analysis, fields, index, query, scoring
from whoosh.util.numeric import byte_to_length, length_to_byte

from kbservice.search.documents import SearchDocument
from kbservice.search.recipe import Lengths, QueryTerm
from kbservice.search.whoosh import kernels
from kbservice.search.whoosh.impact_postings import ImpactPostings
from kbservice.search.whoosh.inversion import Inverter
from kbservice.search.whoosh.keys import keys_of, places_among
from kbservice.search.whoosh.part import Part

B, K1 = 0.75, 1.2
WORDS = [f"w{i}" for i in range(120)]


def collection(dice: random.Random, size: int) -> list[list[str]]:
    return [
        [WORDS[int(len(WORDS) * dice.random() ** 3)] for _ in range(dice.randint(3, 90))]
        for _ in range(size)
    ]


def stock_index(folder: Path, texts: Sequence[list[str]]) -> index.FileIndex:
    schema = fields.Schema(words=fields.TEXT(analyzer=analysis.RegexTokenizer(r"\S+")))
    made = index.create_in(str(folder), schema)
    writer = made.writer()
    for words in texts:
        writer.add_document(words=" ".join(words))
    writer.commit()
    return made


def part_of(texts: Sequence[list[str]]) -> Part:
    """Return a part whose codes are term frequency and length byte."""
    inverter = Inverter()
    for number in range(len(texts)):
        inverter.add(SearchDocument(id=f"{number}", kind="article", title=""))
    empty = inverter.finish(Lengths().averages())
    held = {word: [n for n, words in enumerate(texts) if word in words] for word in WORDS}
    order = np.argsort(keys_of("words", WORDS))
    lists = [(WORDS[i], held[WORDS[i]]) for i in order]
    codes = [
        texts[number].count(word) * 256 + length_to_byte(len(texts[number]))
        for word, numbers in lists
        for number in numbers
    ]
    counts = [len(numbers) for _, numbers in lists]
    arrays = {
        "keys": keys_of("words", [word for word, _ in lists]),
        "offsets": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "docs": np.array([n for _, numbers in lists for n in numbers], dtype=np.uint32),
        "codes": np.array(codes, dtype=np.uint16),
    }
    kept = {name: getattr(empty, name) for name in Part.__slots__}
    return Part(**(kept | arrays))


def table(average: float) -> np.ndarray:
    frequency = np.arange(256.0)[:, None]
    lengths = np.array([byte_to_length(byte) for byte in range(256)])[None, :]
    norms = K1 * ((1 - B) + B * lengths / average)
    return (frequency * (K1 + 1) / (frequency + norms)).ravel()


@pytest.mark.parametrize("size", [40, 700, 3000])
def test_documents_order_and_scores_are_those_of_whoosh(tmp_path: Path, size: int) -> None:
    dice = random.Random(size)
    texts = collection(dice, size)
    made = stock_index(tmp_path, texts)
    live = np.ones(size, dtype=np.bool_)
    average = sum(byte_to_length(length_to_byte(len(words))) for words in texts) / size
    with made.searcher(weighting=scoring.BM25F(B=B, K1=K1)) as searcher:
        average = searcher.avg_field_length("words")
        postings = ImpactPostings([part_of(texts)], live, table(average))
        for count in (1, 2, 3, 12, 60):
            words = dice.sample(WORDS, count)
            wanted = query.Or([query.Term("words", word) for word in words])
            expected = searcher.search(wanted, limit=10)
            terms = [
                QueryTerm("words", word, searcher.idf("words", word), 1.0)
                for word in words
                if postings.frequencies("words", (word,))[0]
            ]
            numbers, scores = postings.best(terms, live, 10)
            order = np.lexsort((numbers, -scores))[:10]
            assert numbers[order].tolist() == [hit.docnum for hit in expected]
            assert scores[order].tolist() == pytest.approx([h.score for h in expected], rel=1e-9)


def test_ties_at_the_border_are_complete() -> None:
    scores = np.zeros(1000, dtype=np.float32)
    scores[100:400] = 2.0
    scores[7] = 3.0
    found = kernels.best(scores, np.ones(1000, dtype=np.bool_), 10)
    assert found.tolist() == [7, *range(100, 400)]
    assert not scores.any()


def test_the_mask_keeps_documents_out() -> None:
    scores = np.arange(1000, dtype=np.float32)
    mask = np.arange(1000) % 2 == 0
    found = kernels.best(scores, mask, 3)
    assert found.tolist() == [994, 996, 998]


@settings(deadline=None)  # the first call compiles
@given(hnp.arrays(np.float32, st.integers(1, 700), elements=st.floats(0, 9, width=32)))
def test_the_best_are_those_of_a_full_sort(scores: np.ndarray) -> None:
    positive = np.sort(scores[scores > 0])[::-1]
    border = positive[:10][-1] if positive.size else np.inf
    found = kernels.best(scores.copy(), np.ones(scores.size, dtype=np.bool_), 10)
    assert {*np.flatnonzero(scores >= border).tolist()} <= {*found.tolist()}
    assert (scores[found] >= border * np.float32(0.999)).all()


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(st.integers(0, 60), unique=True), min_size=1, max_size=4), st.data())
def test_exact_scores_are_the_sums_over_the_lists(
    lists: list[list[int]], data: st.DataObject
) -> None:
    lists = [sorted(held) for held in lists]
    ends = np.cumsum([0, *map(len, lists)])
    ranges = np.stack([ends[:-1], ends[1:]], axis=1)
    docs = np.array([doc for held in lists for doc in held], dtype=np.uint32)
    codes = np.arange(docs.size).astype(np.uint16)
    wanted = np.array(sorted(data.draw(st.sets(st.integers(0, 60)))), dtype=np.int64)
    weights = np.linspace(1.0, 2.0, len(lists))
    values = np.arange(1.0, 1.0 + max(1, docs.size))
    found = kernels.exact((docs, codes, values), ranges, weights, wanted)
    expected = [
        sum(
            weights[term] * values[start + held.index(doc)]
            for term, (held, start) in enumerate(zip(lists, ends.tolist(), strict=False))
            if doc in held
        )
        for doc in wanted.tolist()
    ]
    assert found.tolist() == pytest.approx(expected)


KEYS = st.integers(0, 2**61 - 1)


@settings(deadline=None)  # the first call compiles
@given(st.sets(KEYS) | st.sets(st.integers(0, 50)), st.lists(KEYS | st.integers(0, 50)))
def test_keys_are_found_however_unevenly_they_are_spread(held: set[int], wanted: list[int]) -> None:
    ordered = sorted(held)
    places = places_among(
        np.array(ordered, dtype=np.uint64), np.array([*wanted, *ordered], dtype=np.uint64)
    )
    expected = [ordered.index(key) if key in held else -1 for key in wanted]
    assert places.tolist() == [*expected, *range(len(ordered))]
