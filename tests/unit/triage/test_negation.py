from __future__ import annotations

from itertools import product

import pytest

from kbservice.profiles import load
from kbservice.triage.assessor import Assessor
from kbservice.triage.classifier import TicketText
from kbservice.triage.phrases import Searchable
from kbservice.triage.rules import fired

PROFILE = load("product-support")

# What stands around a phrase and denies it: its Chinese and English readers would both say so.
DENIED_WHOM_ZH = (
    "没有影响{}",
    "并没有影响到{}",
    "没有影响到我们的{}",
    "不影响{}",
    "暂不影响{}",
    "不会影响公司{}",
    "未影响{}",
    "尚未波及{}",
    "不涉及{}",
    "不是{}",
    "對{}没有任何影響",
    "{}不受影响",
    "{}目前一切正常,只有我登不上",
    "没有影响{}，只有我无法登录",
)
DENIED_WHOM_EN = (
    "It does not affect {}",
    "It does not affect {}, only me",
    "This doesn't impact {}",
    "this doesn’t really affect any of the {}",
    "not affecting our {}",
    "has no impact on {}",
    "without affecting the {}",
    "It won't affect {}.",
    "{} are not affected",
    "{} remain unaffected",
    "{} haven't been affected",
    "{} are fine",
)
DENIED_STATE_ZH = (
    "这个问题不{}",
    "这个问题不是很{}",
    "不太{}",
    "并不怎么{}",
    "没那么{}",
    "不是一个特别{}的问题",
    "非{}问题",
    "是否{}：否",
)
DENIED_STATE_EN = (
    "not {}",
    "not very {}",
    "This is not an {} matter",
    "This isn't really {}",
    "nothing {}",
    "hardly {}",
    "neither new nor {}",
    "It does not seem to be {}",
    "no longer {}",
    "{}: no",
)
DENIED_EVENT_ZH = ("没有{}", "没有发现任何{}", "未造成{}", "并未导致{}", "如何避免{}", "不会再{}")
DENIED_EVENT_EN = (
    "no {}",
    "finished without any {}",
    "did not cause a {}",
    "no signs of {}",
    "how to prevent {}",
    "It did not lead to any {}",
)
SUPPOSED_ZH = (
    "如果系统{}了，我们该怎么办",
    "万一发生{}怎么办",
    "昨天的{}已经恢复",
    "{}现已修复，麻烦补一份报告",
    "申请下周做一次{}演练",
    "需要{}的应急预案",
)
SUPPOSED_EN = (
    "What happens in case of {}?",
    "Is there any risk of {}?",
    "What do we do if there is {}?",
    "Yesterday's {} was resolved",
    "The {} has been fully fixed, please send a report",
    "planning an {} drill",
)
HAPPENING_ZH = (
    "{}还没有恢复",
    "{}已经恢复了吗",
    "如果方便请尽快,{}",
    "如果点保存就{}",
    "一旦登录{}",
    "{}恢复不了",
    "昨天的{0}已经恢复，今天又{0}",
)
HAPPENING_EN = (
    "The {} has not been fixed",
    "We cannot work until the {} is resolved",
    "Not sure if it matters to you but {}",
    "Please call me if you can: {}",
    "{} plane tickets",
)
# A "not" that denies something else, or one that another "not" takes back.
STATED_ZH = (
    "不能登录，影响{}",
    "系统不稳定, {}都报错",
    "不知道为什么{}都报错",
    "登录不了,{}",
    "不仅影响{}",
    "不只是我，影响{}",
    "不过{}都报错",
    "不断出现{}",
    "动不动{}",
    "时不时{}",
    "不小心造成{}",
    "不备份会造成{}",
    "没多久{}",
    "没有网络，{}",
    "非常{}",
    "是不是{}",
    "有没有影响{}",
    "会不会影响{}",
    "不得不说{}",
    "不是没有{}",
    "不是不影响{}",
    "无法避免{}",
    "不能防止{}",
    "{}不能正常使用",
    "{}都不正常",
    "{}正常登录后报错",
    "{}无法正常使用",
    "账号不存在{}",
    "空间不够{}",
)
STATED_EN = (
    "does not work for {}",
    "it cannot be opened by {}",
    "We cannot explain this: {}",
    "not only affects {}",
    "not just me, {}",
    "This is not a joke. {}",
    "Does it work? No\n{}",
    "the server does not respond and affects {}",
    "is not working {}",
    "prevents {} from working",
    "not without {}",
    "It cannot prevent {}",
    "We failed to avoid {}",
    "{} are not able to log in",
    "{} are no longer fine",
    "Windows won't {}",
    "notification {}",
)


def is_stated(sentence: str, phrase: str) -> bool:
    return Searchable(TicketText(title=sentence.format(phrase))).find_stated(phrase) is not None


@pytest.mark.parametrize(
    ("sentences", "phrases"),
    [
        (DENIED_WHOM_ZH, ("所有用户", "核心业务", "大量用户")),
        (DENIED_WHOM_EN, ("all users", "all customers", "core business")),
        (DENIED_STATE_ZH, ("紧急", "影响工作")),
        (DENIED_STATE_EN, ("urgent", "critical", "important")),
        (DENIED_EVENT_ZH, ("宕机", "数据丢失")),
        (DENIED_EVENT_EN, ("outage", "data loss", "data breach")),
        (SUPPOSED_ZH, ("宕机", "数据丢失")),
        (SUPPOSED_EN, ("outage", "data loss")),
    ],
)
def test_what_a_sentence_denies_or_supposes_is_not_stated(
    sentences: tuple[str, ...], phrases: tuple[str, ...]
) -> None:
    overheard = [pair for pair in product(sentences, phrases) if is_stated(*pair)]

    assert [] == overheard


@pytest.mark.parametrize(
    ("sentences", "phrases"),
    [
        (STATED_ZH, ("所有用户", "大面积", "核心业务", "宕机", "紧急")),
        (STATED_EN, ("all users", "core business", "outage", "urgent")),
        (HAPPENING_ZH, ("宕机", "数据丢失")),
        (HAPPENING_EN, ("outage", "data loss")),
    ],
)
def test_a_word_that_belongs_to_something_else_denies_nothing(
    sentences: tuple[str, ...], phrases: tuple[str, ...]
) -> None:
    imagined = [pair for pair in product(sentences, phrases) if not is_stated(*pair)]

    assert [] == imagined


@pytest.mark.parametrize(
    "title",
    [
        "没有影响所有用户，只有我无法登录",
        "沒有影響所有用戶，只有我無法登錄",
        "不影响核心业务，界面错别字",
        "这个问题不是很紧急",
        "不紧急",
        "It does not affect all users, only me",
        "This is not an urgent matter",
    ],
)
def test_a_denied_urgency_lifts_nothing(title: str) -> None:
    ticket = TicketText(title=title)
    priority = Assessor(PROFILE, {}).assess(ticket).priority

    assert () == fired(PROFILE, ticket)
    assert priority.value != "urgent" or ("abstain", ()) == (priority.decision, priority.evidence)


@pytest.mark.parametrize(
    "title",
    [
        "不能登录，影响所有用户",
        "系统不稳定, 所有用户都报错",
        "不知道为什么所有用户都登不上",
        "It does not work for all users",
        "cannot be opened by all users",
        "This is not only urgent, all users are down",
        "没有人能登录系统",
        "大家都无法打开门户",
        "Portal login broken, everyone affected",
    ],
)
def test_a_trouble_of_all_users_lifts_whatever_else_is_denied(title: str) -> None:
    assert ["many_users"] == [rule.value for rule in fired(PROFILE, TicketText(title=title))]
