from __future__ import annotations

import pytest

from kbservice.search.completion import Completion, Completions, Gathered, merged

ENTRIES = Completions(
    Gathered(
        [
            Completion("无法登录邮箱", "article", "KB-1", 5),
            Completion("邮箱无法登录 0x800CCC0E", "wording", "KB-1", 4),
            Completion("电脑蓝屏后重启", "article", "KB-2", 3),
            Completion("0x800CCC0E", "code", "KB-1", 4),
            Completion("ORA-12541", "code", "KB-3", 1),
            Completion("Outlook cannot connect to the server", "article", "KB-4", 9),
            Completion("How to connect a printer", "article", "KB-5", 1),
        ]
    )
)


def offered(typed: str, limit: int = 8) -> list[str]:
    return [entry.text for entry in ENTRIES.complete(typed, limit)]


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ("无法", ["无法登录邮箱", "邮箱无法登录 0x800CCC0E"]),
        ("邮箱", ["邮箱无法登录 0x800CCC0E", "无法登录邮箱"]),
        ("登录", ["无法登录邮箱", "邮箱无法登录 0x800CCC0E"]),
        ("0X80", ["0x800CCC0E", "邮箱无法登录 0x800CCC0E"]),
        ("ora-12", ["ORA-12541"]),
        ("out", ["Outlook cannot connect to the server"]),
        ("CONNECT", ["Outlook cannot connect to the server", "How to connect a printer"]),
        ("電腦", ["电脑蓝屏后重启"]),
        ("dnlp", ["电脑蓝屏后重启"]),
        ("lphcq", ["电脑蓝屏后重启"]),
        ("diannaolan", ["电脑蓝屏后重启"]),
        ("邮箱 登录", ["无法登录邮箱", "邮箱无法登录 0x800CCC0E"]),
        ("  ", []),
        ("", []),
        ("没有的", []),
        ("\n", []),
    ],
)
def test_what_begins_so_comes_before_what_holds_it(typed: str, texts: list[str]):
    assert texts == offered(typed)


def test_at_most_so_many_are_offered():
    assert ["无法登录邮箱"] == offered("登录", limit=1)


def test_the_same_text_is_offered_once_with_its_greater_weight():
    entries = Completions(
        Gathered([Completion("重启", "article", "A", 1), Completion("重启", "ticket", "B", 7)])
    )
    assert ["B"] == [entry.id for entry in entries.complete("重", 5)]


def test_an_entry_that_holds_the_text_twice_is_offered_once():
    entries = Completions(
        Gathered([Completion("重启再重启", "article", "A"), Completion("重启", "article", "B")])
    )
    assert ["B", "A"] == [entry.id for entry in entries.complete("重启", 5)]


def test_without_entries_there_is_nothing_to_offer():
    assert [] == Completions(Gathered()).complete("重启", 5)


def test_answers_of_several_sets_are_merged_by_use():
    first = [Completion("打印机脱机", "article", "A", 1)]
    second = [
        Completion("打印机卡纸", "ticket", "B", 8),
        Completion("重装打印机", "ticket", "C", 9),
    ]
    assert ["B", "A", "C"] == [entry.id for entry in merged((first, second), "打印机", 5)]


def test_letters_within_a_latin_word_are_no_way_to_go_on():
    texts = ("local storage", "云storage扩容", "storage ora", "数据库ora报错", "ORA-12541")
    entries = Completions(Gathered([Completion(text, "article", text) for text in texts]))

    assert ["ORA-12541", "storage ora", "数据库ora报错"] == sorted(
        entry.text for entry in entries.complete("ora", 8)
    )
    assert "ORA-12541" == entries.complete("ora", 8)[0].text
    assert ["storage ora"] == [entry.text for entry in entries.complete("ora storage", 8)]
