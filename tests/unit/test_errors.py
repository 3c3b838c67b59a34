from __future__ import annotations

import inspect

import pytest

from kbservice import errors
from kbservice.errors import (
    Broken,
    Conflict,
    Denied,
    InvalidInput,
    KbServiceError,
    NotFound,
    Unavailable,
)

CLASSES = [
    value
    for _, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, KbServiceError)
]


def test_a_message_is_filled_from_the_facts():
    error = NotFound("Ticket {number} does not exist", number="TS1")

    assert str(error) == "Ticket TS1 does not exist"
    assert error.message == "Ticket {number} does not exist"
    assert error.facts == {"number": "TS1"}


def test_the_refusal_of_a_field_names_what_was_expected_and_what_came():
    error = InvalidInput.of("port", "a number", "x" * 300)

    assert str(error) == f"Field port: expected a number, got {'x' * 200}"
    assert error.facts["field"] == "port"


def test_codes_are_unique():
    codes = [error.code for error in CLASSES]

    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.code)
def test_every_error_has_its_own_words_and_stands_in_the_drawn_tree(error: type[KbServiceError]):
    assert error.title
    assert error.__doc__
    assert error.__name__ in (errors.__doc__ or "")
    assert "code" in vars(error)


@pytest.mark.parametrize(
    ("branch", "statuses"),
    [
        (InvalidInput, {422}),
        (NotFound, {404}),
        (Conflict, {409, 412}),
        (Denied, {401, 403, 429}),
        (Unavailable, {503}),
        (Broken, {500}),
    ],
)
def test_each_branch_keeps_to_its_statuses(branch: type[KbServiceError], statuses: set[int]):
    found = {error.status for error in CLASSES if issubclass(error, branch)}

    assert found <= statuses
    assert branch.status in statuses
