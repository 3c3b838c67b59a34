from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbservice.errors import Broken, Conflict, NotFound
from kbservice.vault import FILE_NAME, Vault

PLACE = "tickets.requester_sealed:TS1"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.create(tmp_path / "keys")


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / FILE_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_was_sealed_opens_in_its_place(vault: Vault):
    sealed = vault.seal('{"contact": "13812345678"}', PLACE)

    assert vault.open(sealed, PLACE) == '{"contact": "13812345678"}'
    assert "138" not in sealed
    assert sealed.startswith(f"v1.{vault.current_key_id}.")


@given(plain=st.text())
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, plain: str):
    vault = Vault.create(tmp_path_factory.mktemp("vault"))

    assert vault.open(vault.seal(plain, PLACE), PLACE) == plain


def test_the_same_text_never_seals_to_the_same_value(vault: Vault):
    assert len({vault.seal("same", PLACE) for _ in range(50)}) == 50


def test_a_sealed_value_does_not_open_elsewhere(vault: Vault):
    with pytest.raises(Broken, match="TS2"):
        vault.open(vault.seal("secret", PLACE), "tickets.requester_sealed:TS2")


def test_every_altered_character_is_noticed(vault: Vault):
    # 30 bytes with nonce and tag: no padding, whose spare bits base64 would ignore.
    sealed = vault.seal("ab", PLACE)
    for position, character in enumerate(sealed):
        other = "A" if character != "A" else "B"
        with pytest.raises(Broken):
            vault.open(sealed[:position] + other + sealed[position + 1 :], PLACE)


@pytest.mark.parametrize("bad", ["", "v1", "v1..", "v2.x.y", "v1.k.not base64", "é"])
def test_what_was_never_sealed_does_not_open(vault: Vault, bad: str):
    with pytest.raises(Broken):
        vault.open(bad, PLACE)


@pytest.mark.parametrize("body", ["", "AA==", "not base64", "é"])
def test_a_sealed_value_cut_short_does_not_open(vault: Vault, body: str):
    with pytest.raises(Broken):
        vault.open(f"v1.{vault.current_key_id}.{body}", PLACE)


def test_the_keys_are_the_same_after_a_restart(vault: Vault, tmp_path: Path):
    sealed = vault.seal("secret", PLACE)

    again = Vault.load(tmp_path / "keys")

    assert again.open(sealed, PLACE) == "secret"
    assert (again.sign_key, again.session_key) == (vault.sign_key, vault.session_key)


def test_each_purpose_and_each_instance_has_its_own_key(vault: Vault, tmp_path: Path):
    other = Vault.create(tmp_path / "other")
    keys = {vault.sign_key, vault.session_key, other.sign_key, other.session_key}

    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key(
    vault: Vault, tmp_path: Path
):
    elsewhere = Vault.load(tmp_path / "keys")
    old, sign_key = vault.seal("old", PLACE), vault.sign_key
    first = vault.current_key_id

    second = vault.rotate()

    new = vault.seal("new", PLACE)
    assert second != first
    assert new.startswith(f"v1.{second}.")
    assert [vault.open(old, PLACE), vault.open(new, PLACE)] == ["old", "new"]
    assert Vault.load(tmp_path / "keys").open(old, PLACE) == "old"
    # Another process that loaded before the rotation.
    assert elsewhere.open(new, PLACE) == "new"
    assert vault.sign_key == sign_key


def test_existing_keys_are_never_overwritten(vault: Vault, tmp_path: Path):
    before = (tmp_path / "keys" / FILE_NAME).read_bytes()

    with pytest.raises(Conflict, match="exists already"):
        Vault.create(tmp_path / "keys")

    assert (tmp_path / "keys" / FILE_NAME).read_bytes() == before


def test_the_key_file_is_for_its_owner_only(vault: Vault, tmp_path: Path):
    path = tmp_path / "keys" / FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    vault.rotate()
    assert path.stat().st_mode & 0o777 == 0o600

    path.chmod(0o640)
    with pytest.raises(Broken, match="readable by its owner only"):
        Vault.load(path.parent)


def test_without_a_key_file_init_is_asked_for(tmp_path: Path):
    with pytest.raises(NotFound, match="kbservice init"):
        Vault.load(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"current": "gone"},
        {"keys": {}},
        {"keys": ["a"]},
        {"keys": {"k": "c2hvcnQ="}},
        {"keys": {"k": 5}},
        {"master": None},
        {"master": "not base64"},
    ],
)
def test_a_damaged_key_file_is_refused(vault: Vault, tmp_path: Path, changes: dict[str, object]):
    rewrite(tmp_path / "keys", **changes)

    with pytest.raises(Broken, match="is damaged"):
        Vault.load(tmp_path / "keys")


def test_a_key_file_that_is_no_json_is_refused(vault: Vault, tmp_path: Path):
    (tmp_path / "keys" / FILE_NAME).write_text("{")

    with pytest.raises(Broken, match="is damaged"):
        Vault.load(tmp_path / "keys")


def test_keys_do_not_show_in_a_repr(vault: Vault):
    shown = repr(vault._ring)

    assert vault._ring.current in shown
    assert "keys=" not in shown
    assert "master=" not in shown
