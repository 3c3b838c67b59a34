from __future__ import annotations

import numpy as np
import pytest

from kbservice.triage.classifier import TicketText
from kbservice.triage.features import CHARS, FIELDS, TITLE, WORDS, features_of
from kbservice.triage.layout import laid_out

BLOCKS = (WORDS, CHARS, TITLE, FIELDS)


def told(ticket: TicketText, block: str, term: str) -> dict[str, float]:
    """Return what falls on each word where one feature weighs 1."""
    weights = []
    for name in BLOCKS:
        weights += [
            float(name == block and own == term) for own in features_of(ticket).of(name).terms
        ]
    layout = laid_out(ticket)
    held = zip(layout.units, layout.on_units(np.array(weights)).tolist(), strict=True)
    return {unit.text: round(share, 6) for unit, share in held if abs(share) > 1e-9}


def test_a_word_is_told_once_with_the_weight_of_all_its_places() -> None:
    ticket = TicketText(title="VPN", body="my vpn and your VPN")

    assert told(ticket, WORDS, "vpn") == {"VPN": 1.0}


def test_a_pair_weighs_on_both_of_its_words() -> None:
    ticket = TicketText(title="printer jam", body="")

    assert told(ticket, WORDS, "printer jam") == {"printer": 0.5, "jam": 0.5}


def test_what_the_title_says_does_not_weigh_on_the_body() -> None:
    ticket = TicketText(title="打印机", body="打印机 卡纸")
    layout = laid_out(ticket)

    assert told(ticket, TITLE, "打印机") == {"打印机": 1.0}
    assert [(unit.text, unit.field) for unit in layout.units] == [
        ("打印机", "title"),
        ("卡纸", "body"),
    ]


def test_a_piece_weighs_on_the_words_that_it_lies_on() -> None:
    ticket = TicketText(title="", body="系统宕机")

    shares = told(ticket, CHARS, "统宕")

    assert shares == {"系统": 0.5, "宕机": 0.5}


def test_a_stop_word_is_found_though_search_leaves_it_out() -> None:
    ticket = TicketText(title="", body="how does it fail")

    assert told(ticket, WORDS, "how") == {"how": 1.0}


def test_a_stated_field_is_a_word_of_its_own_without_a_place() -> None:
    ticket = TicketText(title="无法登录", product="ERP")
    layout = laid_out(ticket)

    assert told(ticket, FIELDS, "product=erp") == {"erp": 1.0}
    assert layout.units[-1] == ("erp", "", -1, -1)


@pytest.mark.parametrize("text", ["系统…宕机", "系统宕机", "係統\u200b宕機"])
def test_places_are_those_of_the_text_as_it_was_written(text: str) -> None:
    layout = laid_out(TicketText(title="", body=text))

    assert all(unit.text == text[unit.start : unit.end] for unit in layout.units)
    assert sum(told(TicketText(title="", body=text), CHARS, "宕机").values()) == pytest.approx(1.0)


def test_nothing_falls_on_an_empty_ticket() -> None:
    assert laid_out(TicketText(title="")).on_units(np.zeros(0)).tolist() == []
