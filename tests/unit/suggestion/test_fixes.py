from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kbservice.suggestion.evidence import version_difference, wilson_lower_bound
from kbservice.suggestion.fixes import LEAST, Candidate, Fix, Wanted
from kbservice.suggestion.fixes import rank as ranked
from kbservice.suggestion.steps import preview

WANTED = Wanted(title="打印机卡纸无法打印", body="财务部的打印机一直提示卡纸")
SOLUTION = "1. 关闭电源\n2. 取出卡住的纸\n3. 重新开机\n4. 打印测试页"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def rank(wanted: Wanted, candidates: list[Candidate], *, limit: int) -> list[Fix]:
    return list(ranked(wanted, candidates, limit=limit).fixes)


def an_article(article_id: str = "KB-1", **values: Any) -> Candidate:
    given: dict[str, Any] = {
        "id": article_id,
        "kind": "article",
        "title": "打印机卡纸的处理",
        "score": 20.0,
        "sections": (("problem", "打印机提示卡纸，无法打印"), ("solution", SOLUTION)),
    }
    return Candidate(**(given | values))


def a_rival(**values: Any) -> Candidate:
    return an_article("KB-9", title="打印模糊", sections=(("solution", "清洁硒鼓"),), **values)


def test_a_matching_article_is_offered_with_its_reasons_and_first_steps() -> None:
    (fix, *_) = rank(WANTED, [an_article(), a_rival(score=9.0)], limit=5)

    assert "KB-1" == fix.article_id
    assert "high" == fix.band
    assert "卡纸" in fix.why
    assert ("关闭电源", "取出卡住的纸", "重新开机") == fix.steps_preview


def test_an_article_about_something_else_is_not_offered() -> None:
    stranger = an_article(title="VPN 配置", sections=(("solution", "安装客户端并提交申请"),))

    assert [] == rank(WANTED, [stranger, a_rival(score=1.0)], limit=5)


def test_nothing_found_offers_nothing() -> None:
    assert [] == rank(WANTED, [], limit=5)


def test_no_fix_is_surer_than_the_one_above_it() -> None:
    candidates = [an_article(f"KB-{n}", score=20.0 - n, solved_count=n) for n in range(8)]

    confidences = [fix.confidence for fix in rank(WANTED, candidates, limit=5)]

    assert 5 == len(confidences)
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[0] >= LEAST


@pytest.mark.parametrize(
    "better",
    [
        {"score": 15.0},
        {"solved_count": 5},
        {"category": "printer"},
        {"title": WANTED.title},
    ],
)
def test_more_support_never_lowers_the_confidence(better: dict[str, Any]) -> None:
    wanted = Wanted(title=WANTED.title, body=WANTED.body, category="printer")
    rival = a_rival(score=12.0)
    before = rank(wanted, [an_article(score=12.5), rival], limit=5)[0]

    after = rank(wanted, [an_article(**({"score": 12.5} | better)), rival], limit=5)[0]

    assert after.article_id == before.article_id
    assert after.confidence > before.confidence


def test_the_proven_one_of_two_equal_articles_comes_first() -> None:
    proven = an_article("KB-2", solved_count=8, failed_count=1, last_success_at=NOW)

    fixes = rank(WANTED, [an_article("KB-1"), proven], limit=5)

    assert ["KB-2", "KB-1"] == [fix.article_id for fix in fixes]
    assert (8, 1, NOW) == (
        fixes[0].evidence.solved,
        fixes[0].evidence.failed,
        fixes[0].evidence.last_success_at,
    )
    assert 0.5 < fixes[0].evidence.lower_bound < 8 / 9


def test_an_article_that_failed_falls_behind() -> None:
    failed = an_article("KB-1", failed_count=6)

    assert "KB-2" == rank(WANTED, [failed, an_article("KB-2")], limit=5)[0].article_id


def test_a_similar_solved_ticket_speaks_for_its_article() -> None:
    ticket = Candidate(id="TS1", kind="ticket", title=WANTED.title, score=30.0, article_id="KB-2")
    articles = [an_article("KB-1"), an_article("KB-2")]

    with_ticket = rank(WANTED, [ticket, *articles], limit=5)

    assert ["KB-2", "KB-1"] == [fix.article_id for fix in with_ticket]
    assert {"KB-1", "KB-2"} == {fix.article_id for fix in with_ticket}


def test_another_version_is_spelt_out_and_costs_confidence() -> None:
    rival = a_rival(score=19.0)
    wanted = Wanted(title=WANTED.title, body=WANTED.body, product="MFP", version="V3.4")
    same = rank(wanted, [an_article(product="mfp", version="3.4"), rival], limit=1)[0]
    other = rank(wanted, [an_article(product="mfp", version="V3.2"), rival], limit=1)[0]

    assert () == same.evidence.environment_diff
    assert ("V3.2 ≠ V3.4",) == other.evidence.environment_diff
    assert other.confidence < same.confidence


def test_a_version_named_in_the_text_is_compared() -> None:
    assert ("V3.2 ≠ V3.4",) == version_difference("V3.2", "", "升级到V3.4后报错")
    assert () == version_difference("V3.2", "", "V3.2 升级到 V3.4 后报错")
    assert () == version_difference("V3.2", "", "占用 3.4 GB")


def test_few_outcomes_prove_little() -> None:
    assert 0.0 == wilson_lower_bound(0, 0)
    assert wilson_lower_bound(1, 1) < wilson_lower_bound(10, 10) < 1.0


def test_steps_without_numbers_are_the_first_sentences() -> None:
    text = "打开设置。选择网络。点击重置。完成后重启。"

    assert ("打开设置。", "选择网络。", "点击重置。") == preview((("solution", text),))


def test_markdown_of_a_solution_is_no_step() -> None:
    introduction = "**说明：** 先备份。\n```\nsudo reboot\n```"

    assert ("说明： 先备份。", "sudo reboot") == preview((("solution", introduction),))
    listed = f"{introduction}\n* 打开**设置**\n- 选择网络"
    assert ("打开设置", "选择网络") == preview((("solution", listed),))


@pytest.mark.parametrize("rule", ["---", "- - -", "***", "* * *", "___", "-----------", "- "])
def test_a_rule_between_parts_is_no_step(rule: str) -> None:
    numbered = f"{rule}\n1. 打开设置\n{rule}\n2. 选择网络\n{rule}"
    told = f"打开设置。\n{rule}\n选择网络。"

    assert ("打开设置", "选择网络") == preview((("solution", numbered),))
    assert ("打开设置。", "选择网络。") == preview((("solution", told),))


def test_an_option_of_a_command_is_no_item() -> None:
    text = "kbservice demo\n--port 8141"

    assert ("kbservice demo", "--port 8141") == preview((("solution", text),))


def test_a_masked_number_stays_masked_in_a_step() -> None:
    assert ("拨打138****5678",) == preview((("solution", "1. 拨打138****5678"),))


@pytest.mark.parametrize(
    "small_talk",
    [
        "Thank you, it works now",
        "Hello, can anybody help me please?",
        "谢谢，问题已经解决了",
        "大家都用不了，请尽快处理",
    ],
)
def test_small_talk_asks_for_no_article(small_talk: str) -> None:
    chatty = an_article(sections=(("solution", f"{small_talk}。 {SOLUTION}"),), score=40.0)

    assert [] == rank(Wanted(title=small_talk), [chatty, a_rival(score=9.0)], limit=5)


@pytest.mark.parametrize(
    ("asked", "said", "others"),
    [
        ("请帮我开通一个新账号", "新注册的账号从即日起无法查询", "在控制台查看账号"),
        ("Please set up a new mailbox for my account", "A new account is shown", "Your account"),
    ],
)
def test_an_article_that_lacks_the_rare_words_is_not_surely_the_one(
    asked: str, said: str, others: str
) -> None:
    found = [an_article(title="服务升级", score=40.0, sections=(("solution", said),))]
    found += [
        an_article(f"KB-{n}", title="说明", score=20.0, sections=(("solution", others),))
        for n in range(2, 9)
    ]

    assert {"high"}.isdisjoint(fix.band for fix in rank(Wanted(title=asked), found, limit=5))


@pytest.mark.parametrize(
    ("asked", "title"),
    [("500 error", "500错误"), ("打印机脱机", "打印机脱机怎么办"), ("VPN help please", "VPN")],
)
def test_a_short_ticket_that_names_the_article_is_sure(asked: str, title: str) -> None:
    named = an_article(title=title, score=30.0, sections=(("solution", "联系服务台"),))

    assert "high" == rank(Wanted(title=asked), [named, a_rival(score=9.0)], limit=1)[0].band
