from __future__ import annotations

from kbservice.profiles import load
from kbservice.triage.classifier import ReleaseInfo, TicketText
from kbservice.triage.day_zero import DayZeroClassifier
from kbservice.triage.fitting import fit, recipe_for
from kbservice.triage.goals import Goals
from kbservice.triage.synthetic_tickets import LabelSpec, synthetic_tickets
from kbservice.triage.training import train
from tests.unit.triage.lessons import lessons

INFO = ReleaseInfo(release="000001")
SPECS = (
    LabelSpec(value="network", names=("网络",), keywords=("路由器", "VPN", "交换机")),
    LabelSpec(value="printer", names=("打印机",), keywords=("墨盒", "扫描", "卡纸")),
    LabelSpec(value="account", names=("账号",), keywords=("密码", "登录", "权限")),
    LabelSpec(value="database", names=("数据库",), keywords=("死锁", "表空间", "documents")),
)
# What nobody would say of these labels.
MISLEADING = (
    LabelSpec(value="network", names=("打印机",), keywords=("密码", "墨盒", "卡纸")),
    LabelSpec(value="printer", names=("网络",), keywords=("路由器", "VPN", "登录")),
)


def test_a_label_without_tickets_can_come_out_of_what_is_said_of_it() -> None:
    tickets = lessons(24)
    goals = Goals(synthetic={"category": synthetic_tickets(SPECS)})

    fitted = fit(
        [ticket.words for ticket in tickets],
        [str(ticket.category) for ticket in tickets],
        recipe_for("category", goals),
    )

    assert fitted.uses_synthetic
    assert "database" == fitted.classifier.predict(TicketText(title="数据库死锁")).value


def test_misleading_keywords_are_switched_off_by_the_first_labels() -> None:
    tickets = lessons(48)
    goals = Goals(synthetic={"category": synthetic_tickets(MISLEADING)})

    fitted = fit(
        [ticket.words for ticket in tickets],
        [str(ticket.category) for ticket in tickets],
        recipe_for("category", goals),
    )

    assert not fitted.uses_synthetic


def test_a_profile_primes_its_categories_and_kinds() -> None:
    profile = load("product-support")
    goals = Goals.of(profile)

    assert {"category", "kind"} == set(goals.synthetic)
    assert {item.value for item in profile.categories} == {
        item.label for item in goals.synthetic["category"]
    }
    assert (0.95, 0.9) == (goals.promises.precision, goals.promises.coverage)
    assert len(goals.order) == len(profile.priorities)


def test_training_says_whether_the_synthetic_tickets_helped() -> None:
    trained = train(lessons(), INFO, goals=Goals(synthetic={"category": synthetic_tickets(SPECS)}))

    assert trained.parameters["category"]["synthetic"] in (True, False)
    assert not trained.parameters["priority"]["synthetic"]


def test_day_zero_knows_a_keyword_in_another_form() -> None:
    prediction = DayZeroClassifier(SPECS).predict(TicketText(title="Two Document lost"))

    assert "database" == prediction.value
    assert "Document" == prediction.evidence[0].text
