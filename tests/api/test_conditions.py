"""ETags, lost updates, cursors and waiting for the index."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import pytest

from kbservice.bootstrap import Application
from tests.api.calling import Caller

ARTICLE = {"title": "打印机脱机怎么办", "sections": {"solution": "重启打印服务"}}


@pytest.fixture
def draining(application: Application) -> Iterator[None]:
    """Index changes as a worker would, meanwhile."""
    stop = Event()

    def drain() -> None:
        while not stop.wait(0.02):
            application.indexing.drain()

    worker = Thread(target=drain)
    worker.start()
    yield
    stop.set()
    worker.join()


def test_an_unchanged_search_is_not_sent_again(
    application: Application, agent: Caller, lead: Caller
):
    article_id = agent.post("articles", ARTICLE).get_json()["id"]
    lead.post(f"articles/{article_id}/publish")
    application.indexing.drain()
    first = agent.get("search?q=打印机")
    tag = {"If-None-Match": first.headers["ETag"]}

    same = agent.get("search?q=打印机", headers=tag)
    assert (304, b"") == (same.status_code, same.data)
    assert 200 == agent.get("search?q=打印机&size=5", headers=tag).status_code

    agent.patch(f"articles/{article_id}", {"tags": ["打印"]})
    application.indexing.drain()
    assert 200 == agent.get("search?q=打印机", headers=tag).status_code


def test_an_unchanged_ticket_or_article_is_not_sent_again(agent: Caller):
    number = agent.post("tickets", {"title": "打印机脱机"}).get_json()["number"]
    article_id = agent.post("articles", ARTICLE).get_json()["id"]
    for path in (f"tickets/{number}", f"articles/{article_id}"):
        tag = agent.get(path).headers["ETag"]
        assert '"1"' == tag
        assert 304 == agent.get(path, headers={"If-None-Match": tag}).status_code
        assert 200 == agent.get(path, headers={"If-None-Match": '"0"'}).status_code


def test_a_change_that_missed_another_one_is_refused(agent: Caller):
    number = agent.post("tickets", {"title": "打印机脱机"}).get_json()["number"]
    article_id = agent.post("articles", ARTICLE).get_json()["id"]
    for path, change in (
        (f"tickets/{number}", {"product": "打印服务"}),
        (f"articles/{article_id}", {"tags": ["打印"]}),
    ):
        done = agent.patch(path, change, headers={"If-Match": '"1"'})
        assert (200, '"2"') == (done.status_code, done.headers["ETag"])
        for stale in ('"1"', 'W/"2"', "nonsense", '"99999999999999"'):
            refused = agent.patch(path, change, headers={"If-Match": stale})
            assert 412 == refused.status_code
            assert "/problems/stale-version" == refused.get_json()["type"]
        assert 200 == agent.patch(path, change, headers={"If-Match": "*"}).status_code
        assert 200 == agent.patch(path, change).status_code


def test_cursors_lead_through_all_tickets_once(agent: Caller):
    made = [agent.post("tickets", {"title": f"第{i}张"}).get_json()["number"] for i in range(5)]
    seen: list[str] = []
    path = "tickets?limit=2"
    sizes = []
    while path:
        page = agent.get(path).get_json()
        seen += [item["number"] for item in page["items"]]
        sizes.append(len(page["items"]))
        path = f"tickets?limit=2&after={page['next']}" if page["next"] else ""

    assert [2, 2, 1] == sizes
    assert made[::-1] == seen


def test_repeated_filters_are_alternatives(agent: Caller):
    for category in ("hardware_fault", "software_fault", "hardware_fault"):
        agent.post("tickets", {"title": "坏了", "category": category})

    one = agent.get("tickets?category=hardware_fault").get_json()["items"]
    both = agent.get("tickets?category=hardware_fault&category=software_fault").get_json()["items"]
    assert (2, 3) == (len(one), len(both))


def test_publishing_can_wait_until_searches_see_it(agent: Caller, lead: Caller, draining: None):
    article_id = agent.post("articles", ARTICLE).get_json()["id"]

    published = lead.post(f"articles/{article_id}/publish?refresh=wait_for").get_json()
    assert published["visible"] is True
    assert 1 == agent.get("search?q=打印机").get_json()["total"]

    lead.post(f"articles/{article_id}/retire?refresh=wait_for")
    assert 0 == agent.get("search?q=打印机").get_json()["total"]
