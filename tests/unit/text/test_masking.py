"""Masks of single values, as the process requirements write them."""

from __future__ import annotations

import pytest

from kbservice.text.redaction import mask_contact, mask_email, mask_name, mask_phone


@pytest.mark.parametrize(
    ("number", "style", "masked"),
    [
        ("13812345678", "middle4", "138****5678"),
        ("13512345678", "last4", "1351234****"),
        ("+86 138-1234-5678", "middle4", "+86 138-****-5678"),
        ("010-62345678", "middle4", "010-****5678"),
        ("8021", "middle4", "****"),
        ("", "middle4", ""),
    ],
)
def test_a_phone_number_loses_four_digits(number: str, style: str, masked: str):
    assert mask_phone(number, style) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("zhang@example.com", "z***@example.com"),
        ("z@example.com", "***@example.com"),
        ("not an address", "***"),
        ("", ""),
    ],
)
def test_an_address_keeps_its_host(address: str, masked: str):
    assert mask_email(address) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张小三", "张**"),
        ("欧阳娜娜", "欧阳**"),
        ("张经理", "张经理"),
        ("张伟经理", "张*经理"),
        ("张", "张*"),
        ("John Smith", "J***"),
        ("张*", "张*"),
        ("", ""),
    ],
)
def test_a_name_keeps_family_name_and_title(name: str, masked: str):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("contact", "masked"),
    [
        ("13812345678", "138****5678"),
        ("13812345678/zhang@163.com", "138****5678/z***@163.com"),
        ("zhang@163.com 13812345678", "z***@163.com 138****5678"),
        ("分机8021", "分机****"),
        ("some_handle", "***"),
        ("138****5678", "138****5678"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_contact_field_shows_nothing_whole(contact: str, masked: str):
    assert mask_contact(contact) == masked
