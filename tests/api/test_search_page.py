"""The search page: what it says about a query, and where its links lead."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kbservice.bootstrap import Application
from kbservice.domain.account import SYSTEM, Role
from kbservice.services.knowledge import NewArticle
from tests.api.calling import key_for

HREF = re.compile(r'href="(/\?[^"]*)"')


@pytest.fixture
def get(app: Flask, application: Application) -> Callable[..., str]:
    """Return the text of a page as an agent sees it."""
    client: FlaskClient = app.test_client()
    headers = {
        "Authorization": f"Bearer {key_for(application, Role.AGENT)}",
        "Accept": "text/html",
    }

    def fetched(**parameters: object) -> str:
        answer = client.get("/", query_string=parameters, headers=headers)
        assert 200 == answer.status_code
        return unescape(answer.text)

    return fetched


@pytest.fixture
def shelf(application: Application) -> None:
    for i in range(12):
        new = NewArticle(
            title=f"打印机脱机 {i}",
            sections={"solution": f"步骤 {i}"},
            tags=("打印", "甲&乙") if i < 3 else (),
            category="hardware" if i < 4 else "software",
        )
        article = application.knowledge.create(new, SYSTEM)
        application.knowledge.publish(article.id, SYSTEM)
    application.indexing.drain()


def links(text: str, word: str) -> list[dict[str, list[str]]]:
    """Return the parameters of the search links that hold a word."""
    return [parse_qs(urlsplit(address).query) for address in HREF.findall(text) if word in address]


@pytest.mark.usefixtures("shelf")
def test_a_facet_link_adds_its_value_and_a_chosen_one_takes_it_away(
    get: Callable[..., str],
) -> None:
    before = get(q="打印机", sort="newest")
    after = get(q="打印机", sort="newest", category="hardware")

    assert {"q": ["打印机"], "sort": ["newest"], "category": ["hardware"]} in links(
        before, "category=hardware"
    )
    assert {"q": ["打印机"], "sort": ["newest"]} in links(after, "sort=newest")
    assert {"q": ["打印机"], "tag": ["甲&乙"]} in links(get(q="打印机"), "tag=")


@pytest.mark.usefixtures("shelf")
def test_values_of_a_facet_are_alternatives_within_what_was_typed(get: Callable[..., str]) -> None:
    def found(**parameters: object) -> int:
        return len(set(re.findall("打印机脱机 [0-9]+", re.sub("</?mark>", "", get(**parameters)))))

    assert 4 == found(q="打印机", category="hardware")
    assert 10 == found(q="打印机", category=["hardware", "software"])
    assert 3 == found(q="打印机 category:hardware", category="hardware", tag="打印")
    assert 3 == found(q="打印机 tag:打印", tag="甲&乙")
    assert 0 == found(q="打印机 category:hardware", category="software")


def test_categories_have_their_names_in_facets_filters_and_hits(
    get: Callable[..., str], application: Application
) -> None:
    new = NewArticle(title="打印机脱机", sections={"solution": "重启"}, category="hardware_fault")
    application.knowledge.publish(application.knowledge.create(new, SYSTEM).id, SYSTEM)
    application.indexing.drain()

    shown = {
        language: get(q="打印机", category="hardware_fault", locale=language)
        for language in ("zh", "en")
    }
    assert 3 == len(re.findall(r"硬件故障\s", shown["zh"]))
    assert 3 == len(re.findall(r"Hardware fault\s", shown["en"]))


@pytest.mark.usefixtures("shelf")
def test_a_new_query_keeps_filters_and_order(get: Callable[..., str]) -> None:
    text = get(q="打印机", sort="newest", category="hardware", tag="甲&乙")

    assert '<input type="hidden" name="category" value="hardware">' in text
    assert '<input type="hidden" name="tag" value="甲&乙">' in text
    assert '<input type="hidden" name="sort" value="newest">' in text


@pytest.mark.usefixtures("shelf")
def test_changing_the_order_starts_at_the_first_page(get: Callable[..., str]) -> None:
    text = get(q="打印机", page=2)

    assert {"q": ["打印机"], "sort": ["solved"]} in links(text, "sort=solved")
    assert {"q": ["打印机"], "page": ["1"]} in links(text, "page=1")
    assert "2 / 2" in text


@pytest.mark.usefixtures("shelf")
def test_the_page_says_how_it_read_and_what_it_gave_up(get: Callable[..., str]) -> None:
    text = get(q="打印機 ＋ xyzzy -category：hardware", locale="zh")

    assert "<code>打印機 xyzzy -category:hardware</code>" in text
    assert "没有同时包含全部词的结果；已忽略：xyzzy。" in text
    assert "8 条结果" in text


def test_an_error_is_marked_where_it_stands(get: Callable[..., str]) -> None:
    text = get(q='打印机 since:soon "a b"', locale="zh")

    assert "第 5 个字符：soon 不是 since 可用的日期" in text
    assert '打印机 <mark>since:soon</mark> "a b"</p>' in text
    assert 'aria-invalid="true" aria-describedby="q-error"' in text


def test_an_error_at_the_end_has_a_mark_too(get: Callable[..., str]) -> None:
    assert "<mark>OR</mark>" in get(q="打印机 OR")
    assert "<mark>错错" in get(q="错" * 300)


@pytest.mark.usefixtures("shelf")
def test_why_is_told_when_asked(get: Callable[..., str]) -> None:
    asked = get(q="打印机", explain="1", locale="zh")

    assert "<strong>打印机</strong> · 标题 · " in asked
    assert "· 标题 ·" not in get(q="打印机", locale="zh")


def test_the_empty_page_shows_how_to_search_in_both_languages(get: Callable[..., str]) -> None:
    assert "搜索写法" in get(locale="zh")
    assert "How to search" in get(locale="en")


@pytest.mark.parametrize(
    "parameters",
    [
        {"page": "0"},
        {"page": "-1"},
        {"page": "99999999999"},
        {"page": "x"},
        {"sort": "id;drop"},
        {"kind": "thing"},
        {"category": "'\"<script>"},
        {"explain": "0"},
    ],
)
@pytest.mark.usefixtures("shelf")
def test_odd_parameters_do_no_harm(get: Callable[..., str], parameters: dict[str, str]) -> None:
    assert "<form" in get(q="打印机", **parameters)


@pytest.mark.usefixtures("shelf")
def test_the_last_page_that_can_be_turned_to_says_so(get: Callable[..., str]) -> None:
    assert "最多翻到第 1000 条" in get(q="打印机", page=100, locale="zh")
