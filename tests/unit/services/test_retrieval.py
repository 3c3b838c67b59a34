from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Principal, Role
from kbservice.domain.article import ArticleState, Visibility
from kbservice.services.retrieval import SearchRequest
from kbservice.store import articles, outbox, tickets
from tests.builders import NOW, a_resolution, a_ticket, an_article
from tests.databases import lost

FORM = Principal(name="form", role=Role.INTAKE)
Publish = Callable[..., None]


@pytest.fixture
def publish(application: Application) -> Publish:
    def publish(article_id: str, title: str, **values: Any) -> None:
        # Changes are looked for by their time: it must be that of the clock that looks.
        now = application.clock.now()
        given = {"problem": title, "visibility": Visibility.PUBLIC, "updated_at": now} | values
        with application.database.transaction() as session:
            articles.add(session, an_article(article_id, title=title, **given))
            outbox.append(session, "article", article_id, 1, NOW)
        application.indexing.drain()

    return publish


def meant(application: Application, text: str, principal: Principal = SYSTEM) -> str:
    return application.retrieval.search(SearchRequest(q=text), principal).page.did_you_mean


def offered(application: Application, text: str, principal: Principal = SYSTEM) -> list[str]:
    return [entry.text for entry in application.retrieval.complete(text, principal)]


@pytest.mark.parametrize(
    ("typed", "proposal"),
    [
        ("蓝平", "蓝屏"),
        ("lanping", "蓝屏"),
        ("outlok", "outlook"),
        ("databaze", "database"),
        ("ORA-12542", "ORA-12541"),
        ("蓝平 kind:article", "蓝屏 kind:article"),
    ],
)
def test_a_mistyped_search_gets_a_proposal_that_finds_something(
    application: Application, publish: Publish, typed: str, proposal: str
):
    publish("KB-1", "电脑蓝屏后重启")
    publish("KB-2", "Outlook cannot open its database")
    publish("KB-3", "监听程序 ORA-12541")

    assert proposal == meant(application, typed)
    assert application.retrieval.search(SearchRequest(q=proposal), SYSTEM).page.total


def test_a_search_with_hits_enough_gets_no_proposal(application: Application, publish: Publish):
    for number in range(3):
        publish(f"KB-{number}", f"蓝平 {number}")
    publish("KB-9", "蓝屏")

    assert "" == meant(application, "蓝平")


def test_a_word_that_only_stands_beside_the_other_one_is_not_proposed(
    application: Application, publish: Publish
):
    publish("KB-000001", "Outlook 无法登录")
    publish("KB-000002", "outgo 域名")
    for number in range(3, 7):
        publish(f"KB-{number:06}", "域名解析")

    assert "outlook 域名" == meant(application, "outlok 域名")


def test_a_proposal_must_find_more_within_the_filters(application: Application, publish: Publish):
    publish("KB-1", "电脑蓝屏", category="hardware")

    assert "蓝屏 category:hardware" == meant(application, "蓝平 category:hardware")
    assert "" == meant(application, "蓝平 category:network")


def test_a_proposal_does_not_tell_forms_what_they_may_not_see(
    application: Application, publish: Publish
):
    publish("KB-1", "金丝雀发布", visibility=Visibility.INTERNAL)

    assert "金丝雀" == meant(application, "金斯雀")
    assert "" == meant(application, "金斯雀", FORM)


@pytest.mark.parametrize(
    ("typed", "secret"),
    [
        ("cenary yuming", "canary"),
        ("金斯雀 域明", "金丝雀"),
        ("QXZ-98766 snapshoot", "QXZ-98765"),
        ("cenary~", "canary"),
        ("QXZ-98766~ OR 域名", "qxz-98765"),
    ],
)
def test_words_of_internal_articles_alone_are_brought_into_no_search_of_a_form(
    application: Application, publish: Publish, typed: str, secret: str
):
    publish("KB-1", "canary 金丝雀 QXZ-98765", visibility=Visibility.INTERNAL)
    publish("KB-2", "域名快照 域名 snapshot")

    def told(principal: Principal) -> str:
        answer = application.retrieval.search(SearchRequest(q=typed), principal)
        return f"{answer.page.did_you_mean} {answer.query.expansions} {answer.page.terms}"

    assert secret in told(SYSTEM)
    assert secret not in told(FORM)


def test_typeahead_knows_titles_codes_and_wording_that_led_to_a_fix(
    application: Application, publish: Publish
):
    publish("KB-1", "无法登录邮箱", problem="报错 0x800CCC0E", symptoms=["邮箱登不上去了"])

    assert ["无法登录邮箱"] == offered(application, "无法")
    assert ["0x800CCC0E"] == offered(application, "0x8")
    assert ["邮箱登不上去了", "无法登录邮箱"] == offered(application, "邮箱")
    assert ["无法登录邮箱"] == offered(application, "wfdl")


def test_typeahead_follows_changes(application: Application, publish: Publish):
    publish("KB-1", "无法登录邮箱")
    assert ["无法登录邮箱"] == offered(application, "无法")
    publish("KB-2", "无法打印")
    assert ["无法打印", "无法登录邮箱"] == offered(application, "无法")

    _, sequence = application.knowledge.retire("KB-1", SYSTEM)
    application.indexing.drain()

    assert sequence
    assert ["无法打印"] == offered(application, "无法")


def test_typeahead_shows_forms_public_articles_only(application: Application, publish: Publish):
    publish("KB-1", "密码重置 CODE-1")
    publish("KB-2", "密码保管 CODE-2", visibility=Visibility.INTERNAL, symptoms=["密码丢了"])
    publish("KB-3", "密码草稿", state=ArticleState.DRAFT)
    with application.database.transaction() as session:
        ticket = a_ticket("TS1", title="密码找不到")
        tickets.add(session, ticket)
        ticket.resolve(a_resolution(), state="resolved", now=NOW)
        outbox.append(session, "ticket", "TS1", ticket.version, NOW)
    application.indexing.drain()

    assert ["密码重置 CODE-1"] == offered(application, "密码", FORM)
    assert ["CODE-1"] == offered(application, "code-", FORM)[:1]
    assert not {"密码保管 CODE-2", "密码丢了", "密码找不到"} - set(offered(application, "密码"))
    assert "密码草稿" not in offered(application, "密码")


def test_an_article_that_becomes_internal_is_no_longer_offered_to_forms(
    application: Application, publish: Publish
):
    publish("KB-1", "密码重置")
    assert ["密码重置"] == offered(application, "密码", FORM)

    application.knowledge.change("KB-1", {"visibility": "internal"}, principal=SYSTEM)
    application.indexing.drain()

    assert [] == offered(application, "密码", FORM)
    assert ["密码重置"] == offered(application, "密码")


def test_searches_go_on_while_the_store_is_down(application: Application, publish: Publish):
    publish("KB-1", "电脑蓝屏")
    application.synonyms.add("蓝屏, 死机", SYSTEM)
    assert ["KB-1"] == [
        hit.id for hit in application.retrieval.search(SearchRequest(q="死机"), SYSTEM).page.hits
    ]
    application.database.dispose()

    with lost(application.settings.effective_database_url):
        found = application.retrieval.search(SearchRequest(q="蓝屏"), SYSTEM).page.hits

    assert ["KB-1"] == [hit.id for hit in found]


def hits(application: Application, **asked: Any) -> list[str]:
    page = application.retrieval.search(SearchRequest(**asked), SYSTEM).page
    return [hit.id for hit in page.hits]


@pytest.fixture
def of_categories(application: Application, publish: Publish) -> list[str]:
    """Publish an article of the first category and one of the second; return the first's names."""
    first, second = application.profiles.get().categories[:2]
    publish("KB-000001", "无法登录", category=first.value)
    publish("KB-000002", "无法启动", category=second.value)
    return [first.value, first.labels.zh, first.labels.en]


def test_a_filter_may_be_called_as_it_is_shown_in_either_language(
    application: Application, of_categories: list[str]
):
    for name in (*of_categories, *map(str.upper, of_categories)):
        assert ["KB-000001"] == hits(application, q=f'category:"{name}"')
        assert ["KB-000001"] == hits(application, category=(name,))
        assert ["KB-000002"] == hits(application, q=f'-category:"{name}"')
        assert application.retrieval.finds(f'无法 category:"{name}"', public=False)
    assert ["KB-000002", "KB-000001"] == sorted(
        hits(
            application, category=(of_categories[1], application.profiles.get().categories[1].value)
        ),
        reverse=True,
    )


def test_a_second_demand_on_a_filter_may_be_called_so_too(
    application: Application, of_categories: list[str]
):
    value, zh, en = of_categories

    assert ["KB-000001"] == hits(application, q=f'category:{value} +category:"{zh}"')
    assert ["KB-000001"] == hits(application, q=f'category:"{zh}"', category=(en,))


def test_an_unknown_value_of_a_filter_gets_the_near_ones_as_proposal(
    application: Application, of_categories: list[str]
):
    value, zh, _ = of_categories

    assert f"category:{value}" in meant(application, f"category:{zh[:-1]}").split(" OR ")[0]
    assert "" == meant(application, "category:qqqqqqqq")
    assert "" == meant(application, f"category:{value}")
