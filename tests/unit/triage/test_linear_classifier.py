from __future__ import annotations

import math

import numpy as np
import pytest

from kbservice.errors import InvalidInput
from kbservice.profiles import load
from kbservice.triage.classifier import TicketText
from kbservice.triage.features import private
from kbservice.triage.fitting import fit, recipe_for
from kbservice.triage.goals import Goals
from kbservice.triage.linear_classifier import LinearClassifier
from tests.unit.triage.lessons import lessons


def learned() -> LinearClassifier:
    tickets = lessons()
    words = [ticket.words for ticket in tickets]
    return fit(
        words, [str(ticket.category) for ticket in tickets], recipe_for("category")
    ).classifier


CLASSIFIER = learned()
TICKET = TicketText(title="研发部打印机卡纸", body="墨盒用完，VPN 正常")


def test_a_ticket_gets_the_label_whose_words_it_uses() -> None:
    prediction = CLASSIFIER.predict(TICKET)

    assert "printer" == prediction.value
    assert prediction.confidence == prediction.probabilities[0][1]
    assert prediction.value in prediction.label_set


def test_probabilities_cover_the_closed_label_set_and_add_up_to_one() -> None:
    prediction = CLASSIFIER.predict(TICKET)

    assert {"account", "network", "printer"} == {label for label, _ in prediction.probabilities}
    assert math.isclose(1.0, sum(held for _, held in prediction.probabilities))


@pytest.mark.parametrize(
    "ticket",
    [
        TICKET,
        TicketText(title="財務部無法登錄", body="密碼過期！！ Password-Reset\n請協助 ① VPN"),
        TicketText(title="", body="How do I reset the 密码 in VPN?"),
        TicketText(title="İstanbul 账号锁定 ﬁx", body=""),
    ],
)
def test_the_reasons_add_up_to_the_log_odds(ticket: TicketText) -> None:
    explanation = CLASSIFIER.explain(ticket)
    held = dict(CLASSIFIER.predict(ticket).probabilities)

    log_odds = math.log(held[explanation.winner] / held[explanation.runner_up])

    assert log_odds == pytest.approx(explanation.log_odds, abs=1e-4)


def test_reasons_stand_where_they_say_in_the_submitted_text() -> None:
    ticket = TicketText(title="財務部印表機卡紙", body="電話 13812345678，墨盒用完")

    prediction = CLASSIFIER.predict(ticket)

    assert prediction.evidence
    for reason in prediction.evidence:
        text = ticket.title if reason.field == "title" else ticket.body
        assert reason.text == text[reason.start : reason.end]
    assert "墨盒" in {reason.text for reason in prediction.evidence}


def test_words_for_the_label_come_before_words_against_it() -> None:
    weights = [reason.weight for reason in CLASSIFIER.predict(TICKET).evidence]

    assert weights[0] > 0
    assert weights == sorted(weights, key=lambda weight: (weight < 0, -abs(weight)))


def test_a_ticket_without_a_known_word_is_left_to_a_person() -> None:
    prediction = CLASSIFIER.predict(TicketText(title="zzqx 0b1"))

    assert "abstain" == prediction.decision
    assert () == prediction.evidence


STRANGE = ("Coffee machine leaks water", "zzqx 0b1", "打印机卡纸", "咖啡机漏水")
EASY = {
    "software_fault": (
        "系统登录后无法导出报表",
        "登录报错数据库连接超时",
        "客户端登录闪退",
        "报表页面报错",
        "导出报表失败",
        "登录后报表闪退",
        "数据库连接失败",
        "客户端登录报错",
        "导出报错",
        "登录超时",
    ),
    "how_to": (
        "请问怎么修改密码",
        "如何设置邮件签名",
        "请问如何修改签名",
        "请问在哪里申请权限",
        "如何修改手机号",
        "请问如何设置提醒",
        "怎么申请发票",
        "在哪里修改密码",
        "如何申请权限",
        "请问怎么设置权限",
    ),
}


@pytest.mark.parametrize("goals", [Goals(), Goals.of(load("product-support"))])
@pytest.mark.parametrize("name", ["category", "priority"])
def test_after_a_few_easy_tickets_nothing_is_certain(name: str, goals: Goals) -> None:
    pairs = [(TicketText(title=text), label) for label, texts in EASY.items() for text in texts]
    words, labels = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    classifier = fit(words, labels, recipe_for(name, goals)).classifier

    for title in (*EASY["how_to"], *STRANGE, "其他", "硬盘指示灯"):
        prediction = classifier.predict(TicketText(title=title))
        most = 0.98 if prediction.value in EASY else 0.6
        assert (title, True) == (title, prediction.confidence <= most)
        if not prediction.evidence:
            assert prediction.confidence <= 0.1 + 1 / len(classifier.labels)


def test_training_twice_gives_the_same_classifier() -> None:
    assert CLASSIFIER.predict(TICKET) == learned().predict(TICKET)


def test_two_labels_are_enough() -> None:
    tickets = [ticket for ticket in lessons() if ticket.category != "account"]
    labels = [str(ticket.category) for ticket in tickets]
    classifier = fit([t.words for t in tickets], labels, recipe_for("category")).classifier

    assert "printer" == classifier.predict(TICKET).value
    assert "network" == classifier.predict(TicketText(title="网络中断，无法上网")).value


def test_a_label_with_a_single_ticket_is_learned_too() -> None:
    tickets = lessons()
    labels = ["rare", *(str(ticket.category) for ticket in tickets[1:])]

    classifier = fit([t.words for t in tickets], labels, recipe_for("category")).classifier

    assert "rare" in classifier.labels


def test_one_label_cannot_be_learned() -> None:
    tickets = lessons(6)

    with pytest.raises(InvalidInput, match="at least 2 different labels"):
        fit([t.words for t in tickets], ["a"] * 6, recipe_for("category"))


def test_texts_without_a_common_word_cannot_be_learned() -> None:
    with pytest.raises(InvalidInput, match="words that stand in 2 tickets"):
        fit([TicketText(title="abc"), TicketText(title="xyz")], ["a", "b"], recipe_for("category"))


def test_the_vocabulary_holds_no_personal_data() -> None:
    secret = "联系人电话 13812345678，邮箱 wang.fang@example.com，身份证 11010519491231002X"
    tickets = [
        TicketText(title=ticket.title, body=f"{ticket.body} {secret} 订单 9988776655443")
        for ticket in lessons()
    ]
    labels = [str(ticket.category) for ticket in lessons()]

    vectoriser = fit(tickets, labels, recipe_for("category")).classifier.vectoriser

    terms = " ".join(term for block in vectoriser.blocks for term in block.terms)
    for part in ("13812", "wang", "fang", "@exam", "example", "110105", "9988776655443"):
        assert part not in terms


def test_a_word_of_a_single_ticket_is_not_kept() -> None:
    tickets = [ticket.words for ticket in lessons()]
    odd = TicketText(title=f"{tickets[0].title} 欧阳靖瑶", body=tickets[0].body)
    labels = [str(ticket.category) for ticket in lessons()]

    vectoriser = fit([odd, *tickets[1:]], labels, recipe_for("category")).classifier.vectoriser

    assert "欧阳" not in {term for block in vectoriser.blocks for term in block.terms}


def test_blanking_personal_data_moves_nothing() -> None:
    text = "电话 13812345678 打不通"

    assert len(text) == len(private(text))
    assert text.index("打不通") == private(text).index("打不通")


def test_product_and_channel_speak_too_and_are_named_as_reasons() -> None:
    tickets = [
        TicketText(title=f"无法使用 {number % 5}", product="ERP" if number % 2 else "CRM")
        for number in range(60)
    ]
    labels = ["erp" if number % 2 else "crm" for number in range(60)]

    classifier = fit(tickets, labels, recipe_for("category")).classifier
    prediction = classifier.predict(TicketText(title="无法使用 1", product="erp"))
    explanation = classifier.explain(TicketText(title="无法使用 1", product="erp"))

    assert "erp" == prediction.value
    assert "erp" in {reason.text for reason in prediction.evidence}
    held = dict(prediction.probabilities)
    assert explanation.log_odds == pytest.approx(float(np.log(held["erp"] / held["crm"])), abs=1e-4)


@pytest.mark.parametrize(
    "text",
    ["的", "zxqwj kjhqw pprtz", "La facture est introuvable", "你好", "三楼的量子纠缠实验装置"],
)
def test_a_text_of_mostly_unknown_words_gets_no_label(text: str) -> None:
    tickets = lessons()
    labels = [str(ticket.category) for ticket in tickets]
    classifier = fit([t.words for t in tickets], labels, recipe_for("category")).classifier

    prediction = classifier.predict(TicketText(title=text))

    assert "abstain" == prediction.decision
    assert () == prediction.evidence
