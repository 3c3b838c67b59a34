"""Counting pieces in many texts at once: the same numbers as taking each text apart."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from kbservice.suggestion.grams import folded, grams_of_folded
from kbservice.suggestion.tally import tally

TEXTS = st.text(st.sampled_from("登录失败邮箱锁定帐户𠮷ァ한 \nab1_.-é\ud800"), max_size=40).map(
    folded
)


@given(asked=TEXTS, texts=st.lists(TEXTS, max_size=6))
@example(asked="邮箱 outlook-365 vpn", texts=["邮箱打不开 outlook-365,outlook", "", "邮 vpn邮箱"])
def test_pieces_are_counted_as_if_each_text_were_taken_apart(asked: str, texts: list[str]) -> None:
    pieces = list(dict.fromkeys(grams_of_folded(asked)))

    found = tally(pieces, texts)

    taken = [grams_of_folded(text) for text in texts]
    assert [len(text) for text in taken] == found.sizes.tolist()
    for row, text in enumerate(taken):
        counts = Counter(text)
        assert [counts[piece] for piece in pieces] == found.counts[row].tolist()[: len(pieces)]


def test_nothing_asked_and_nothing_told_counts_nothing() -> None:
    assert (0, 1) == tally([], []).counts.shape
    assert [[0.0]] == tally([], ["邮箱"]).counts.tolist()
