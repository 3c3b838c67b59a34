"""What a rebuild does by the million: terms read from bytes, names sorted, parts merged."""

from __future__ import annotations

import random
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filestore import FileStorage

from kbservice.errors import IndexCorrupt
from kbservice.search import recipe
from kbservice.search.whoosh import merging, part
from kbservice.search.whoosh.inversion import Inverter
from kbservice.search.whoosh.keys import keys_of, terms_of
from kbservice.search.whoosh.lexicon import Names, lexicon_arrays
from kbservice.search.whoosh.schema import make_schema, stored_fields
from kbservice.search.whoosh.stock_segment import write_segment
from kbservice.text.tokens import analyze, outline, sequence_outline, sequence_terms
from tests.contract.test_scores import document

TEXTS = st.lists(st.text("打印机的软體カナ한국 abIİΣς12.-_/:#+\n", max_size=40), max_size=8)
OUTLINED = {"words": "words", "bigrams": "runs", "chars": "runs", "pairs": "heads"}
AVERAGES = recipe.Lengths().averages()


@settings(deadline=None)  # the first call compiles
@given(TEXTS)
def test_the_terms_in_outlines_are_those_of_the_streams(texts: list[str]) -> None:
    for stream in recipe.STREAMS:
        name = OUTLINED.get(stream, stream)
        found = terms_of(stream, [getattr(outline(text), name) for text in texts])
        wanted = [getattr(analyze(text), stream) for text in texts]
        assert found.sizes.tolist() == list(map(len, wanted))
        spoken = [term for terms in wanted for term in terms]
        assert found.keys.tolist() == keys_of(stream, spoken).tolist()


@settings(deadline=None)  # the first call compiles
@given(TEXTS)
def test_the_units_in_outlines_are_those_of_the_sequence(texts: list[str]) -> None:
    found = terms_of("sequence", list(map(sequence_outline, texts)))
    wanted = list(map(sequence_terms, texts))
    assert found.sizes.tolist() == list(map(len, wanted))
    units = [unit for units in wanted for unit in units]
    assert [found.text[a:b].tobytes().decode() for a, b in found.spans] == units
    assert found.keys.tolist() == keys_of("sequence", units).tolist()


@settings(deadline=None)  # the first call compiles
@given(st.sets(st.text("ab开é", min_size=1, max_size=20)), st.sets(st.text("0a", min_size=1)))
def test_a_lexicon_is_sorted_by_bytes(words: set[str], units: set[str]) -> None:
    names, sorted_terms = [], []
    for terms in (list(words), list(units)):
        encoded = [term.encode() for term in terms]
        ends = np.cumsum([0, *map(len, encoded)])
        spans = np.stack([ends[:-1], ends[1:]], axis=1).reshape(-1, 2)
        text = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        names.append(Names(text, spans, np.arange(len(terms))))
        sorted_terms += sorted((term, row) for row, term in enumerate(encoded))
    arrays = lexicon_arrays(names)
    assert arrays["lexicon"].tobytes() == b"".join(term + b"\0" for term, _ in sorted_terms)
    assert arrays["lexicon_rows"].tolist() == [row for _, row in sorted_terms]
    assert arrays["lexicon_firsts"].tolist() == [0, len(words), len(words) + len(units)]


def inverted(first: int, last: int, *, without: tuple[int, ...] = ()) -> part.Part:
    dice = random.Random(7)
    inverter = Inverter()
    for number in range(last):
        made = document(dice, number)
        if number >= first and number not in without:
            inverter.add(made)
    return inverter.finish(AVERAGES)


@pytest.mark.parametrize(("rows", "postings"), [(1 << 18, 1 << 22), (50, 1 << 22), (1 << 18, 90)])
def test_merged_in_any_ranges_parts_are_what_one_inversion_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, postings: int
) -> None:
    monkeypatch.setattr(merging, "_ROWS", rows)
    monkeypatch.setattr(merging, "_POSTINGS", postings)
    gone = (3, 40, 41)
    parts = [inverted(0, 30), inverted(30, 70), inverted(70, 71)]
    kept = [np.ones(held.size, dtype=np.bool_) for held in parts]
    kept[0][3] = False
    kept[1][10:12] = False
    merging.merge(parts, merging.renumbered(kept), tmp_path / "merged.imp")
    merged, wanted = part.load(tmp_path / "merged.imp"), inverted(0, 71, without=gone)
    for name in {field.name for field in fields(part.Part)} - {"values", "columns"}:
        assert np.array_equal(getattr(merged, name), getattr(wanted, name)), name
    for name in part.COLUMNS:
        spelled = [np.array(held.values[name]) for held in (merged, wanted)]
        (starts, values), (wanted_starts, wanted_values) = (
            merged.columns[name],
            wanted.columns[name],
        )
        assert np.array_equal(starts, wanted_starts)
        assert spelled[0][values].tolist() == spelled[1][wanted_values].tolist()


def test_offsets_that_do_not_fit_into_32_bits_take_64() -> None:
    assert part.offsets_of(np.array([1, 2])).dtype == np.uint32
    wide = part.offsets_of(np.array([1 << 31, 1 << 31]))
    assert wide.tolist() == [0, 1 << 31, 1 << 32]


def test_an_impact_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.imp"
    part.save(inverted(0, 3), path)
    path.write_bytes(b"KBIMPACT3\n" + path.read_bytes()[10:])
    with pytest.raises(IndexCorrupt):
        part.load(path)


def test_whoosh_finds_every_term_of_the_index_that_a_kernel_wrote(tmp_path: Path) -> None:
    held = inverted(0, 80)
    dice = random.Random(7)
    stored = (stored_fields(document(dice, number)) for number in range(80))
    storage = FileStorage(str(tmp_path))
    segment = write_segment(storage, make_schema(), held, stored)
    terms = W3Codec().terms_reader(storage, segment)
    for stream in ("words", "sequence"):
        rows = dict(held.terms(stream))
        assert [term for _, term in terms.terms_from(stream, b"")][: len(rows)] == list(rows)
        for term, row in rows.items():
            frequency = held.offsets[row + 1] - held.offsets[row]
            assert terms.doc_frequency(stream, term) == frequency
        assert (stream, b"never said") not in terms
    terms.close()
