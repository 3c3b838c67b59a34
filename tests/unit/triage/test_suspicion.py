from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from kbservice.triage.suspicion import Claim, suspicious

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_numbers: Iterator[int] = count()


def claim(
    value: str, predicted: str, *, by: str = "li", minute: int = 0, sure: float = 0.7
) -> Claim:
    own = sure if value == predicted else (1 - sure) / 2
    return Claim(
        ticket=f"T{next(_numbers)}",
        value=value,
        by=by,
        at=START + timedelta(minutes=minute),
        predicted=predicted,
        confidence=sure,
        own=own,
    )


def agreeing(number: int, by: str) -> list[Claim]:
    return [claim("vpn", "vpn", by=by, minute=60 * at) for at in range(number)]


def test_a_label_that_the_prediction_hardly_believes_is_looked_at_again() -> None:
    known = [*agreeing(30, "li"), *(claim("printer", "printer") for _ in range(30))]
    wrong = claim("vpn", "printer", sure=0.995)
    less_sure = claim("vpn", "printer", sure=0.9)

    assert {wrong.ticket: "contradicted"} == suspicious([*known, wrong, less_sure])


def test_a_prediction_must_be_as_sure_as_it_usually_is_of_that_label() -> None:
    usual = [claim("printer", "printer", sure=0.999) for _ in range(30)]
    assert not suspicious([*usual, *agreeing(30, "li"), claim("vpn", "printer", sure=0.985)])


def test_no_more_labels_are_asked_for_than_people_can_look_at() -> None:
    wrong = [claim("vpn", "printer", by="", sure=0.995) for _ in range(20)]
    found = suspicious([*wrong, *agreeing(100, "li"), *(claim("printer", "printer"),) * 80])

    assert 6 == len(found)


def test_many_disputed_labels_within_minutes_are_looked_at_again() -> None:
    bulk = [claim("vpn", "printer", minute=at // 4) for at in range(24)]
    slow = [claim("mail", "printer", by="wang", minute=5 * at) for at in range(24)]
    rest = [claim("mail", "printer", by="zhou", minute=at) for at in range(19)]

    found = suspicious([*bulk, *slow, *rest])

    assert {item.ticket for item in bulk} == {
        ticket for ticket, why in found.items() if why == "bulk"
    }


def test_a_bulk_change_that_looks_right_is_no_bulk_change() -> None:
    assert not suspicious([claim("vpn", "vpn") for _ in range(50)])


def test_an_account_that_disagrees_far_more_than_others_is_looked_at_again() -> None:
    odd = [claim("mail", "vpn", by="odd", minute=60 * at) for at in range(15)]
    found = suspicious([*odd, *agreeing(15, "odd"), *agreeing(200, "li"), *agreeing(200, "wang")])

    assert {item.ticket: "account" for item in odd} == found


@pytest.mark.parametrize("labels", [0, 9])
def test_few_labels_of_an_account_prove_nothing(labels: int) -> None:
    odd = [claim("mail", "vpn", by="odd", minute=60 * at) for at in range(9)]
    assert not suspicious([*odd, *agreeing(labels, "odd"), *agreeing(200, "li")])


def test_imports_are_nobody_s_account() -> None:
    odd = [claim("mail", "vpn", by="", minute=at) for at in range(60)]
    assert not suspicious([*odd, *agreeing(200, "li")])
