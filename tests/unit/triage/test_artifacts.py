from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sklearn

from kbservice.errors import ArtifactRejected, NotFound
from kbservice.triage.artifacts import ReleaseShelves
from kbservice.triage.classifier import ReleaseInfo, TicketText
from kbservice.triage.packing import unpack
from kbservice.triage.training import train
from tests.unit.triage.lessons import lessons

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
KEY = b"k" * 32
PROFILE = "product-support"
TRAINED = train(lessons(), ReleaseInfo(release="x", trained_at=NOW))
TICKET = TicketText(title="会议室打印机卡纸", body="墨盒用完")


def shelf_with(folder: Path, releases: int = 1) -> ReleaseShelves:
    shelf = ReleaseShelves(folder, KEY)
    for _ in range(releases):
        release_id = shelf.next_id()
        shelf.save(release_id, TRAINED, profile=PROFILE, now=NOW)
        shelf.promote(release_id)
    return shelf


def test_a_release_answers_the_same_after_loading(tmp_path: Path) -> None:
    release = shelf_with(tmp_path).load("000001")

    expected = TRAINED.classifiers["category"].predict(TICKET)
    assert expected == release.classifiers["category"].predict(TICKET)
    assert "000001" == release.classifiers["category"].info.release
    assert NOW == release.classifiers["priority"].info.trained_at


def test_the_manifest_tells_what_was_learned(tmp_path: Path) -> None:
    manifest = shelf_with(tmp_path).manifest("000001")

    assert "product-support" == manifest["profile"]
    assert 72 == manifest["tickets"]
    assert ["account", "network", "printer"] == manifest["labels"]["category"]
    assert sklearn.__version__ == manifest["versions"]["scikit-learn"]
    assert {"category.skops", "priority.skops"} == set(manifest["files"])


def test_no_release_is_no_fault(tmp_path: Path) -> None:
    loaded = ReleaseShelves(tmp_path / "none", KEY).load_current(PROFILE)

    assert loaded.release is None
    assert () == loaded.faults


def test_a_saved_release_does_not_classify_before_it_is_promoted(tmp_path: Path) -> None:
    shelf = shelf_with(tmp_path)
    shelf.save("000002", TRAINED, profile=PROFILE, now=NOW)

    assert "000001" == shelf.of(PROFILE).current
    assert ["000002", "000001"] == shelf.ids()
    assert "000003" == shelf.next_id()


def test_each_profile_has_a_current_release_of_its_own(tmp_path: Path) -> None:
    shelf = shelf_with(tmp_path, releases=2)
    shelf.save("000003", TRAINED, profile="it-support", now=NOW)
    shelf.promote("000003")

    assert ("000002", "000003") == (shelf.of(PROFILE).current, shelf.of("it-support").current)
    assert ["000003", "000002", "000001"] == shelf.ids()
    assert "000004" == shelf.next_id()
    assert ["000001"] == shelf.of(PROFILE).earlier()
    assert [] == shelf.of("it-support").earlier()
    loaded = shelf.load_current("it-support").release
    assert loaded is not None
    assert "it-support" == loaded.manifest["profile"]


def test_an_unknown_release_cannot_be_promoted(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        shelf_with(tmp_path).promote("../000001")


def cut(folder: Path) -> None:
    path = folder / "category.skops"
    path.write_bytes(path.read_bytes()[:-100])


def flip(folder: Path) -> None:
    path = folder / "category.skops"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def forge(folder: Path) -> None:
    path = folder / "MANIFEST.json"
    path.write_text(path.read_text("utf-8").replace('"printer"', '"intruder"'), "utf-8")


def garble(folder: Path) -> None:
    (folder / "MANIFEST.json").write_text("[1, 2", "utf-8")


def lose(folder: Path) -> None:
    (folder / "priority.skops").unlink()


def add(folder: Path) -> None:
    (folder / "extra.skops").write_bytes(b"")


def link(folder: Path) -> None:
    path = folder / "category.skops"
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")


def gone(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize("damage", [cut, flip, forge, garble, lose, add, link, gone])
def test_a_damaged_release_gives_way_to_the_one_before(
    damage: Callable[[Path], None], tmp_path: Path
) -> None:
    shelf = shelf_with(tmp_path, releases=2)
    damage(tmp_path / PROFILE / "000002")

    with pytest.raises(ArtifactRejected):
        shelf.load("000002")
    loaded = shelf.load_current(PROFILE)

    assert loaded.release is not None
    assert "000001" == loaded.release.id
    assert 1 == len(loaded.faults)
    assert "000002" in loaded.faults[0]


def test_a_release_of_another_instance_is_refused(tmp_path: Path) -> None:
    shelf_with(tmp_path)

    with pytest.raises(ArtifactRejected, match="not signed by this instance"):
        ReleaseShelves(tmp_path, b"other" * 8).load("000001")


def test_a_release_under_another_number_is_refused(tmp_path: Path) -> None:
    shelf = shelf_with(tmp_path)
    (tmp_path / PROFILE / "000001").rename(tmp_path / PROFILE / "000009")

    with pytest.raises(ArtifactRejected, match="signed as 000001"):
        shelf.load("000009")


def test_another_scikit_learn_minor_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = shelf_with(tmp_path)
    monkeypatch.setattr(sklearn, "__version__", "1.2.3")

    with pytest.raises(ArtifactRejected, match="1\\.2\\.3"):
        shelf.load("000001")


class Bomb:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self._mark),)


def test_a_pickle_in_place_of_an_artefact_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    with pytest.raises(ArtifactRejected):
        unpack(pickle.dumps(Bomb(mark)), ReleaseInfo(release="x"))
    assert not mark.exists()


def test_manifests_hold_no_text_of_a_ticket(tmp_path: Path) -> None:
    shelf_with(tmp_path)

    manifest = json.loads((tmp_path / PROFILE / "000001" / "MANIFEST.json").read_text("utf-8"))

    assert "打印机" not in json.dumps(manifest, ensure_ascii=False)
