"""Importing documents captured from portals: cleaned, nothing silently lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbservice.domain.article import Article, ArticleState
from kbservice.services.import_report import ImportReport
from tests.unit.services.captures import CAPTURES, GLOSSED_ONE_LINER
from tests.unit.services.importing_instance import Instance


@pytest.fixture
def report(instance: Instance, tmp_path: Path) -> ImportReport:
    folder = tmp_path / "captures"
    folder.mkdir()
    for name, text in CAPTURES.items():
        encoding = "gb18030" if name.startswith("001") else "utf-8"
        (folder / name).write_bytes(text.encode(encoding))
    return instance.articles(folder, publish=True)


def imported(instance: Instance) -> list[Article]:
    return [instance.article(name) for name in CAPTURES]


def test_every_capture_goes_in_published(instance: Instance, report: ImportReport):
    assert (5, []) == (report.created, report.rejected)
    assert {ArticleState.PUBLISHED} == {article.state for article in imported(instance)}


def test_what_the_portal_added_is_gone(instance: Instance, report: ImportReport):
    for article in imported(instance):
        text = f"{article.title}\n{article.solution}"
        leaked = [word for word in ("VIP", "版权", "下载", "责任书", "WinRAR") if word in text]
        assert (article.id, []) == (article.id, leaked)


def test_titles_are_those_of_the_documents(instance: Instance, report: ImportReport):
    assert [
        "产品服务技术支持操作流程",
        "技术服务问题记录管理指南",
        "技术支持响应规范",
        "軟件技術支持服務流程規範",
        "技术支持部门工作流程",
    ] == [article.title for article in imported(instance)]


def test_glosses_are_gone_and_the_words_are_whole(instance: Instance, report: ImportReport):
    article = instance.article("003_software.txt")

    assert "軟件技術支持服務流程規範" in article.solution
    assert "數據同步失敗需升級處理" in article.solution
    assert "(" not in article.solution
    assert 10 == report.removals["pinyin"]


def test_damage_is_reported_for_repair_not_guessed(instance: Instance, report: ImportReport):
    assert "峁﹫" in instance.article("003_software.txt").solution
    warned = [item["warning"] for item in report.warnings if item["file"] == "003_software.txt"]
    assert any("峁﹫" in warning for warning in warned)


def test_everything_cut_out_can_be_read_again(instance: Instance, report: ImportReport):
    article = instance.article("003_software.txt")
    cut = "".join(item["text"] for item in article.extra["removed"])

    assert sorted("".join(GLOSSED_ONE_LINER.split())) == sorted(
        "".join((article.solution + cut).split())
    )


def test_identifiers_and_cut_ends_survive(instance: Instance, report: ImportReport):
    texts = [article.solution for article in imported(instance)]

    assert "202310-001" in texts[1]
    assert "TS20231025001" in texts[2]
    assert "2023-10-2509:15:30" in texts[2]
    assert "Win11+Excel导出+V3.2" in texts[3]
    assert texts[1].endswith("技术服务问题记")
    assert texts[4].endswith("技术支持人员在解决问题的")


def test_a_second_import_of_the_folder_changes_nothing(instance: Instance, report: ImportReport):
    again = instance.articles(instance.folder / "captures", publish=True)

    assert (0, 0, 5) == (again.created, again.updated, again.unchanged)
