from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from kbservice.profiles import available, load
from kbservice.triage.assessor import Assessor, within
from kbservice.triage.classifier import Assessment, Prediction, ReleaseInfo, TicketText
from kbservice.triage.day_zero import DayZeroClassifier
from kbservice.triage.priority import Costs, at_least_cost
from kbservice.triage.rules import fired
from kbservice.triage.synthetic_tickets import LabelSpec
from kbservice.triage.training import train
from tests.unit.triage.lessons import lessons

PROFILE = load("product-support")
DAY_ZERO = Assessor(PROFILE, {})
TRAINED = train(lessons(), ReleaseInfo(release="000001"))


def assess(title: str, body: str = "") -> Assessment:
    return DAY_ZERO.assess(TicketText(title=title, body=body))


@pytest.mark.parametrize(
    ("title", "category", "kind"),
    [
        ("系统登录后无法导出报表，报错'数据库连接超时'", "software_fault", "fault"),
        ("打印機卡紙", "hardware_fault", "fault"),
        ("请问怎么修改密码", "how_to", "consultation"),
        ("希望报表增加按月汇总", "feature_request", "feedback"),
        ("Printer jams and will not print", "hardware_fault", "fault"),
    ],
)
def test_a_profile_sorts_tickets_before_any_training(title: str, category: str, kind: str) -> None:
    assessment = assess(title)

    assert category == assessment.category.value
    assert kind == assessment.kind.value
    assert "day-zero" == assessment.release.release


@pytest.mark.parametrize("character", ["\ufdfa", "😀", "系"])
def test_a_text_at_the_limit_takes_no_longer_than_some_pages(character: str) -> None:
    pages = DAY_ZERO.assess(TicketText(title="系统报错", body=character * 500))
    started = time.process_time()
    whole = DAY_ZERO.assess(TicketText(title="系统报错", body=character * 50_000))

    # 0.1 s; everything read, U+FDFA took 7.9 s.
    assert time.process_time() - started < 2.0
    assert pages.kind.value == whole.kind.value


TROUBLES = (
    "证书过期，今天进不去系统了",
    "登录时提示连接超时",
    "邮箱登不上",
    "网络断断续续",
    "WiFi掉线",
    "钉钉消息发不出去",
    "VPN keeps disconnecting",
    "VPN drops out",
    "my password has expired and I am locked out",
    # No word of any list: what neither asks nor wishes is presumed to be a trouble.
    "库存数量少了两箱",
    "The app closes by itself",
)
QUESTIONS = (
    "如何设置密码过期时间",
    "能否修改收货地址",
    "会议室可以提前多久预订",
    "How can I set a session timeout?",
    "Which ports are needed?",
)


@pytest.mark.parametrize("key", available())
def test_a_described_trouble_is_a_fault_in_every_profile(key: str) -> None:
    assessor = Assessor(load(key), {})

    for title in TROUBLES:
        assert (title, "fault") == (title, assessor.assess(TicketText(title=title)).kind.value)


@pytest.mark.parametrize("key", available())
def test_what_asks_is_no_fault_though_it_names_one(key: str) -> None:
    assessor = Assessor(load(key), {})

    for title in QUESTIONS:
        kind = assessor.assess(TicketText(title=title)).kind.value
        assert (title, True) == (title, kind in {"consultation", "guidance"})


def test_one_word_in_two_languages_is_one_sign_of_urgency() -> None:
    once, twice = assess("紧急").priority, assess("紧急 urgent").priority

    assert ("urgent", once.confidence) == (twice.value, twice.confidence)
    assert assess("紧急，系统崩溃").priority.confidence > once.confidence


def test_a_wish_is_neither() -> None:
    assert "feedback" == assess("需要开通一个新账号").kind.value
    assert "feedback" == assess("Please add dark mode").kind.value


@pytest.mark.parametrize("key", available())
def test_profiles_recognise_most_of_their_own_examples(key: str) -> None:
    profile = load(key)
    assessor = Assessor(profile, {})
    examples = [(c.value, text) for c in profile.categories for text in c.examples.all]

    right = [
        value == assessor.assess(TicketText(title=text)).category.value for value, text in examples
    ]

    assert sum(right) >= 0.9 * len(right)


def test_day_zero_never_decides_unasked() -> None:
    assessment = assess("打印机 打印机卡纸 硬盘 显示器 主板 电源 硬件故障")

    assert "review" == assessment.category.decision
    assert assessment.category.confidence <= 0.85


def test_a_text_without_a_known_word_is_left_to_a_person() -> None:
    assessment = assess("zzqx")

    assert assessment.category.value is None
    assert "abstain" == assessment.decision


def test_day_zero_reasons_stand_in_the_text() -> None:
    title = "打印機卡紙"

    (reason, *_) = assess(title).category.evidence

    assert "criterion" == reason.source
    assert reason.text == title[reason.start : reason.end]


def test_a_fired_rule_lifts_the_priority_and_is_named() -> None:
    priority = assess("咨询：生产系统宕机怎么办").priority

    assert "urgent" == priority.value
    assert ("rule", "系统宕机") == (priority.evidence[0].source, priority.evidence[0].text)


def test_a_rule_is_named_in_the_language_of_the_ticket() -> None:
    assert ["Outage"] == [
        rule.name for rule in fired(PROFILE, TicketText(title="The server is down again"))
    ]


@pytest.mark.parametrize(
    "title", ["没有数据丢失", "如何避免数据丢失", "finished without data loss"]
)
def test_a_denied_phrase_fires_no_rule(title: str) -> None:
    assert () == fired(PROFILE, TicketText(title=title))


def test_a_phrase_inside_another_word_fires_no_rule() -> None:
    assert () == fired(PROFILE, TicketText(title="Stopped at the routages"))


def test_a_rule_fires_once_at_its_first_place() -> None:
    (rule,) = fired(PROFILE, TicketText(title="宕机", body="又宕机了，宕机"))

    assert ("outage", "title", 0, 2) == (rule.value, rule.field, rule.start, rule.end)


def test_a_dear_mistake_is_avoided() -> None:
    costs = Costs(levels=("urgent", "normal"), under=3.0, over=1.0)
    likely = Prediction(
        value="normal",
        confidence=0.6,
        probabilities=(("normal", 0.6), ("urgent", 0.4)),
        label_set=("normal",),
        decision="auto",
    )

    chosen = at_least_cost(likely, costs)

    assert ("urgent", 0.4, "review") == (chosen.value, chosen.confidence, chosen.decision)
    assert ("urgent", "normal") == chosen.label_set


def test_labels_outside_the_profile_never_come_out() -> None:
    assessor = Assessor(PROFILE, TRAINED.classifiers)

    category = assessor.assess(TicketText(title="打印机卡纸")).category

    assert category.value is None


def test_the_instances_own_categories_count_when_named() -> None:
    assessor = Assessor(
        PROFILE, TRAINED.classifiers, extra_categories=("network", "printer", "account")
    )

    assessment = assessor.assess(TicketText(title="财务部打印机卡纸", body="墨盒用完"))

    assert "printer" == assessment.category.value
    assert "000001" == assessment.release.release


def test_a_confidence_below_the_profiles_bar_abstains() -> None:
    strict = PROFILE.model_copy(
        update={"thresholds": PROFILE.thresholds.model_copy(update={"auto": 1.0, "review": 1.0})}
    )
    assessor = Assessor(strict, {})

    assert "abstain" == assessor.assess(TicketText(title="打印机卡纸")).category.decision


def test_what_was_down_is_told() -> None:
    assessor = Assessor(PROFILE, {}, degraded=("classifier",))

    assert ("classifier",) == assessor.assess(TicketText(title="卡纸")).degraded


def test_a_forbidden_winner_shows_no_words() -> None:
    prediction = within(
        Prediction(
            value="a",
            confidence=0.6,
            probabilities=(("a", 0.6), ("b", 0.3), ("c", 0.1)),
            label_set=("a", "b"),
            decision="auto",
        ),
        {"b", "c"},
    )

    assert ("b", 0.3, "abstain") == (prediction.value, prediction.confidence, prediction.decision)
    assert ("b",) == prediction.label_set


def test_a_keyword_that_all_labels_share_tells_none_apart() -> None:
    classifier = DayZeroClassifier(
        [LabelSpec(value="a", keywords=("x",)), LabelSpec(value="b", keywords=("x",))]
    )

    assert "abstain" == classifier.predict(TicketText(title="x")).decision


class Sure:
    """A classifier that takes the title for the category, and is sure of it."""

    labels = tuple(item.value for item in PROFILE.categories)
    info = ReleaseInfo(release="000007")
    frequencies: Mapping[str, float] = {}

    def predict(self, ticket: TicketText) -> Prediction:
        """Return the title."""
        value = ticket.title
        return Prediction(
            value=value,
            confidence=0.99,
            probabilities=((value, 0.99),),
            label_set=(value,),
            decision="auto",
        )


def decided(title: str, **options: Any) -> str:
    return (
        Assessor(PROFILE, {"category": Sure()}, **options).assess(TicketText(title=title)).decision
    )


class Told(Sure):
    """A classifier that is sure of the category it was told."""

    def __init__(self, value: str) -> None:
        self._value = value

    def predict(self, ticket: TicketText) -> Prediction:
        """Return the category."""
        return super().predict(TicketText(title=self._value))


def of_how_to(title: str) -> Prediction:
    return Assessor(PROFILE, {"category": Told("how_to")}).assess(TicketText(title=title)).kind


@pytest.mark.parametrize(
    ("title", "name"), [("报表模板", "操作咨询"), ("template", "How-to question")]
)
def test_the_usual_kind_of_a_category_is_reasoned_with_its_name(title: str, name: str) -> None:
    kind = of_how_to(title)

    (reason,) = kind.evidence
    assert "consultation" == kind.value
    assert ("category", "how_to", name, -1) == (
        reason.source,
        reason.value,
        reason.text,
        reason.start,
    )


@pytest.mark.parametrize("title", ["nobody can log in", "所有用户都看不到菜单", "服务不可用"])
def test_an_alarm_outranks_the_usual_kind_of_a_category(title: str) -> None:
    kind = of_how_to(title)

    assert "fault" == kind.value
    assert "rule" == kind.evidence[0].source or kind.decision == "review"


def test_who_asks_how_to_serve_all_users_reports_no_fault() -> None:
    assert "consultation" == of_how_to("请问如何给所有用户发通知").value


@pytest.mark.parametrize("key", available())
@pytest.mark.parametrize(
    "title",
    [
        "Thank you, it works now",
        "not urgent, whenever you have time",
        "please keep me posted",
        "We out here have a new screen",
        "谢谢，已经收到反应",
    ],
)
def test_a_kind_is_guessed_from_whole_phrases_only(key: str, title: str) -> None:
    kind = Assessor(load(key), {}).assess(TicketText(title=title)).kind

    assert [] == [reason.text for reason in kind.evidence if reason.source == "criterion"]


def test_a_broken_promise_lowers_filling_in_to_review() -> None:
    assert "auto" == decided("hardware_fault")
    assert "review" == decided("hardware_fault", is_automatic=False)


def test_only_the_suspended_category_is_lowered_to_review() -> None:
    assert "review" == decided("hardware_fault", suspended={"hardware_fault"})
    assert "auto" == decided("software_fault", suspended={"hardware_fault"})
