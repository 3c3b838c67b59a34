"""With parts down, tickets are taken and answers say what they lack."""

from __future__ import annotations

import shutil

from kbservice.bootstrap import Application, build
from kbservice.domain.account import SYSTEM, Role
from kbservice.settings import Settings
from kbservice.web.app import create_app
from tests.api.calling import Caller
from tests.databases import lost


def without_index(application: Application) -> Application:
    """Reopen the instance after its index was lost."""
    settings: Settings = application.settings
    application.close()
    shutil.rmtree(settings.article_index_dir)
    return build(settings)


def test_search_and_suggest_go_on_without_an_index(application: Application):
    key = application.accounts.issue_key("admin", Role.ADMIN, actor=SYSTEM).key
    reopened = without_index(application)
    caller = Caller(create_app(reopened).test_client(), key)
    body = {"title": "打印机脱机", "sections": {"solution": "重启"}}
    article_id = caller.post("articles", body).get_json()["id"]
    caller.post(f"articles/{article_id}/publish")

    found = caller.get("search?q=打印机")
    assert (True, ["index"]) == (found.get_json()["degraded"], found.get_json()["degraded_parts"])
    assert [article_id] == [hit["id"] for hit in found.get_json()["hits"]]
    assert "ETag" not in found.headers

    ticket = caller.post("tickets", {"title": "打印机脱机"})
    assert 201 == ticket.status_code
    assert ticket.get_json()["degraded"] is True
    assert "index" in ticket.get_json()["suggestion"]["degraded_parts"]

    ready = caller.get("/readyz")
    assert (200, "degraded") == (ready.status_code, ready.get_json()["status"])
    assert "index" in ready.get_json()["degraded"]
    reopened.close()


def test_a_rollback_to_a_damaged_generation_is_not_to_be_tried_again(
    application: Application, admin: Caller
):
    application.indexing.rebuild()
    for file in (application.settings.article_index_dir / "000001").glob("*.toc"):
        file.write_bytes(b"x")

    refused = admin.post("admin/index/rollback")
    assert (500, "/problems/index-corrupt") == (refused.status_code, refused.get_json()["type"])
    assert "Retry-After" not in refused.headers


def test_readiness_lists_each_part(application: Application, stranger: Caller):
    application.heartbeat.beat("test")
    ready = stranger.get("/readyz").get_json()

    assert {"database", "index", "classifier", "worker"} == ready["parts"].keys()
    assert ("ok", "ok") == (ready["parts"]["database"], ready["parts"]["worker"])


def test_a_lost_database_makes_the_service_unready_but_alive(
    application: Application, stranger: Caller
):
    application.database.dispose()

    with lost(application.settings.effective_database_url):
        ready, alive = stranger.get("/readyz"), stranger.get("/healthz")

    assert (503, 200) == (ready.status_code, alive.status_code)
