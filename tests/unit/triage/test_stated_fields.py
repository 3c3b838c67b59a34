"""Fields that the past states, asked with and without them."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from kbservice.triage.classifier import ReleaseInfo, TicketText
from kbservice.triage.fitting import fit, recipe_for
from kbservice.triage.linear_classifier import LinearClassifier
from kbservice.triage.measures import calibration_error
from kbservice.triage.packing import pack, unpack
from kbservice.triage.stated_fields import UsualFields, without_fields

# The first word of each says what it is about, the others are anybody's.
TOPICS = {"crm": "客户", "erp": "库存", "mail": "邮件", "vpn": "隧道"}
TALK = (
    "无法打开",
    "报错",
    "很慢",
    "今天",
    "同事反映",
    "请处理",
    "重启无效",
    "页面空白",
    "一直转圈",
)
CLEAR = 0.75


def asked(count: int, seed: int) -> tuple[list[TicketText], list[str]]:
    """Return tickets whose product is always their label, and whose words tell it less often."""
    draw = random.Random(seed)
    tickets, labels = [], []
    for _ in range(count):
        label = draw.choice(list(TOPICS))
        told = label if draw.random() < CLEAR else draw.choice(list(TOPICS))
        words = [TOPICS[told], *draw.sample(TALK, 4)]
        tickets.append(TicketText(title="，".join(words), product=label.upper(), channel="web"))
        labels.append(label)
    return tickets, labels


@pytest.fixture(scope="module")
def classifier() -> LinearClassifier:
    return fit(*asked(600, seed=1), recipe_for("category")).classifier


def figures(classifier: LinearClassifier, tickets: list[TicketText], labels: list[str]) -> tuple:
    table = np.array([classifier.probabilities(ticket) for ticket in tickets])
    truth = np.array([classifier.labels.index(label) for label in labels])
    sets = [classifier.predict(ticket).label_set for ticket in tickets]
    covered = np.mean([label in found for label, found in zip(labels, sets, strict=True)])
    return float((table.argmax(axis=1) == truth).mean()), calibration_error(truth, table), covered


def test_a_stated_product_tells_what_the_words_do_not(classifier: LinearClassifier) -> None:
    accuracy, error, covered = figures(classifier, *asked(400, seed=2))

    assert accuracy == 1.0
    assert error < 0.02
    assert covered > 0.97


def test_promises_hold_where_the_fields_of_the_past_are_not_stated(
    classifier: LinearClassifier,
) -> None:
    tickets, labels = asked(400, seed=2)

    accuracy, error, covered = figures(classifier, [without_fields(t) for t in tickets], labels)

    assert accuracy == pytest.approx(CLEAR + (1 - CLEAR) / len(TOPICS), abs=0.06)
    assert error < 0.06
    assert covered > 0.86


def test_an_unknown_product_is_as_good_as_none(classifier: LinearClassifier) -> None:
    text = TicketText(title="库存，报错，很慢")

    other = classifier.predict(replace(text, product="Some other", channel="web"))

    assert other.probabilities == classifier.predict(text).probabilities


def test_reasons_are_those_of_what_answered(classifier: LinearClassifier) -> None:
    text = TicketText(title="库存，报错，很慢")
    stated = replace(text, product="ERP")

    assert "erp" in {reason.text for reason in classifier.predict(stated).evidence}
    for ticket in (text, stated):
        held = sorted(classifier.probabilities(ticket))
        odds = float(np.log(held[-1] / held[-2]))
        assert classifier.explain(ticket).log_odds == pytest.approx(odds, abs=1e-4)


def test_thresholds_are_the_more_careful_ones(classifier: LinearClassifier) -> None:
    assert classifier.of_text is not None
    for label, found in classifier.thresholds().items():
        assert found.automatic == classifier.of_text.thresholds()[label].automatic
        assert found.tickets > 100


def test_both_readings_come_back_from_an_artefact(classifier: LinearClassifier) -> None:
    again = unpack(pack(classifier), ReleaseInfo(release="000001"))

    for ticket in asked(20, seed=3)[0]:
        for asks in (ticket, without_fields(ticket)):
            assert again.predict(asks) == classifier.predict(asks)


def test_a_field_with_one_value_tells_nothing() -> None:
    tickets = [TicketText(title="慢", channel="web") for _ in range(60)]

    assert len(UsualFields.of(tickets).stating) == 0


def test_what_is_stated_most_often_together_counts() -> None:
    plain = [TicketText(title="慢", product=name) for name in ("A", "B") for _ in range(30)]
    versions = [TicketText(title="慢", product=name, version="2") for name in ("A", "B") * 10]

    found = UsualFields.of([*plain, *versions, TicketText(title="慢")])

    assert found.names == {"product"}
    assert len(found.stating) == len(plain) + len(versions)
