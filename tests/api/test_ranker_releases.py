"""The ranker's releases over HTTP and as a page: what they learned, and who may switch."""

from __future__ import annotations

import pytest

from kbservice.bootstrap import Application
from kbservice.services.ranking import FIXED_ORDER
from kbservice.suggestion.features import NAMES
from kbservice.web.pages.ranker import FEATURES
from tests.api.calling import Caller
from tests.judgements import judged


@pytest.fixture
def releases(application: Application) -> tuple[str, str]:
    judged(application, range(60))
    first = application.ranking.train()["release"]
    judged(application, range(60, 130))
    second = application.ranking.train()["release"]
    return str(first), str(second)


def test_a_release_tells_what_it_learned(lead: Caller, releases: tuple[str, str]):
    listed = lead.get("admin/rankers").get_json()["items"]
    shown = lead.get(f"admin/rankers/{releases[1]}").get_json()["release"]

    assert [item["id"] for item in listed] == [releases[1], releases[0]]
    assert shown["weights"].keys() == {FIXED_ORDER, *NAMES}
    assert shown["lessons"] == 130
    assert 404 == lead.get("admin/rankers/000099").status_code


def test_only_an_administrator_switches(
    lead: Caller, admin: Caller, releases: tuple[str, str], application: Application
):
    first, second = releases
    assert 403 == lead.post(f"admin/rankers/{first}/promote").status_code
    assert 403 == lead("POST", "/admin/ranker/rollback").status_code

    assert second == admin.post(f"admin/rankers/{second}/promote").get_json()["release"]
    assert first == admin.post("admin/rankers/rollback").get_json()["release"]
    admin("POST", "/admin/ranker/promote", data={"release": second})
    assert application.ranking.release()["id"] == second
    admin("POST", "/admin/ranker/rollback")
    assert application.ranking.release()["id"] == first


def test_the_page_shows_releases_and_weights(lead: Caller, releases: tuple[str, str]):
    page = lead.get("/admin/ranker?locale=en").get_data(as_text=True)

    assert f"What release {releases[1]} learned" in page
    assert "Tags that the ticket says" in page
    assert "+" in page.split("<tbody>")[2]
    assert "Use this one" not in page


def test_a_damaged_release_is_told_on_the_page(
    lead: Caller, releases: tuple[str, str], application: Application
):
    (application.settings.ranker_dir / releases[1] / "ranker.skops").write_bytes(b"PK")

    assert 200 == lead.get("/admin/ranker").status_code
    refused = lead.get(f"admin/rankers/{releases[1]}").get_json()
    assert "artifact-rejected" in refused["type"]


def test_without_a_release_the_page_says_that_fixed_weights_rank(lead: Caller):
    assert "fixed weights" in lead.get("/admin/ranker?locale=en").get_data(as_text=True)


def test_each_feature_has_a_name_for_people():
    assert {FIXED_ORDER, *NAMES} == FEATURES.keys()
