"""Reading import files: formats, encodings, headings, values."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from kbservice.errors import InvalidInput, NotFound
from kbservice.services.cells import read_list, read_moment, read_text
from kbservice.services.columns import ARTICLE_COLUMNS, TICKET_COLUMNS
from kbservice.services.rows import BadRow, Row, read_rows

SHANGHAI = ZoneInfo("Asia/Shanghai")


def rows_of(path: Path) -> list[Row | BadRow]:
    return list(read_rows(path, TICKET_COLUMNS.knows))


def values_of(path: Path) -> list[dict[str, object]]:
    return [row.values for row in rows_of(path) if isinstance(row, Row)]


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_bad_json_line_is_reported_with_its_number_and_the_rest_is_read(tmp_path: Path):
    path = written(tmp_path / "a.jsonl", '{"id": "1"}\n\n{"id": \n[1]\n{"id": "2"}\n')

    rows = rows_of(path)

    assert [{"id": "1"}, {"id": "2"}] == [row.values for row in rows if isinstance(row, Row)]
    assert [3, 4] == [row.line for row in rows if isinstance(row, BadRow)]


def test_a_line_separator_inside_a_json_string_does_not_end_the_line(tmp_path: Path):
    path = written(tmp_path / "a.jsonl", '{"id": "a\u2028b"}\n')

    assert [{"id": "a\u2028b"}] == values_of(path)


def test_a_json_array_and_a_wrapped_list_are_read(tmp_path: Path):
    plain = written(tmp_path / "a.json", json.dumps([{"id": "1"}]))
    wrapped = written(tmp_path / "b.json", json.dumps({"count": 1, "tickets": [{"id": "2"}]}))

    assert [{"id": "1"}] == values_of(plain)
    assert [{"id": "2"}] == values_of(wrapped)


def test_a_gzipped_file_is_read_as_what_it_holds(tmp_path: Path):
    path = written(tmp_path / "a.jsonl.gz", gzip.compress(b'{"id": "1"}\n'))

    assert [{"id": "1"}] == values_of(path)


def test_a_broken_gzip_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInput):
        rows_of(written(tmp_path / "a.jsonl.gz", gzip.compress(b"{}")[:-9]))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_whatever_its_delimiter(tmp_path: Path, delimiter: str):
    lines = [["请求编号", "问题描述"], ["TS20231001001", "打印机故障"]]
    path = written(tmp_path / "a.csv", "\r\n".join(delimiter.join(line) for line in lines))

    assert [{"请求编号": "TS20231001001", "问题描述": "打印机故障"}] == values_of(path)


def test_a_gb18030_csv_is_read(tmp_path: Path):
    text = "工单编号,问题描述\nTS20231025001,报表无法导出,提示“数据库连接超时”\n"
    path = written(tmp_path / "a.csv", text.replace("导出,", "导出，").encode("gb18030"))

    assert [
        {"工单编号": "TS20231025001", "问题描述": "报表无法导出，提示“数据库连接超时”"}
    ] == values_of(path)


def test_a_utf8_csv_with_a_mark_is_read(tmp_path: Path):
    path = written(tmp_path / "a.csv", "id,title\n1,登录\n".encode("utf-8-sig"))

    assert [{"id": "1", "title": "登录"}] == values_of(path)


def test_a_cell_with_line_breaks_keeps_them_and_lines_are_counted_right(tmp_path: Path):
    path = written(tmp_path / "a.csv", 'id,title\n1,"a\nb"\n2,c,d\n')

    rows = rows_of(path)

    assert Row(source="a.csv", line=2, values={"id": "1", "title": "a\nb"}) == rows[0]
    assert BadRow(source="a.csv", line=4, reason="3 cells under 2 headings") == rows[1]


def test_title_lines_above_the_headings_are_passed_over(tmp_path: Path):
    path = written(tmp_path / "a.csv", "技术支持需求登记表,\n,\n请求编号,问题描述\nTS1,蓝屏\n")

    assert [{"请求编号": "TS1", "问题描述": "蓝屏"}] == values_of(path)


def test_a_repeated_heading_hides_nothing(tmp_path: Path):
    path = written(tmp_path / "a.csv", "Issue key,Comment,Comment\nA-1,one,two\n")

    assert [{"Issue key": "A-1", "Comment": "one", "Comment (2)": "two"}] == values_of(path)


def test_every_sheet_of_a_workbook_is_read(tmp_path: Path):
    book = Workbook()
    first = book.active
    first.title = "十月"
    first.append(["2023年技术支持登记表"])
    first.append(["请求编号", "提交时间", "联系方式"])
    first.append(["TS20231001001", datetime(2023, 10, 1, 9, 15), 13812345678])  # noqa: DTZ001
    second = book.create_sheet("十一月")
    second.append(["请求编号", "提交时间"])
    second.append(["TS20231101001", 45231.5])
    book.save(tmp_path / "a.xlsx")

    rows = rows_of(tmp_path / "a.xlsx")

    assert ["a.xlsx[十月]", "a.xlsx[十一月]"] == [row.source for row in rows]
    assert 13812345678 == rows[0].values["联系方式"]
    assert datetime(2023, 11, 1, 4, tzinfo=UTC) == read_moment(rows[1].values["提交时间"], SHANGHAI)


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInput):
        rows_of(written(tmp_path / "a.xlsx", b"PK not really"))


def test_an_unknown_format_and_a_missing_file_are_refused(tmp_path: Path):
    with pytest.raises(InvalidInput):
        rows_of(written(tmp_path / "a.docx", b""))
    with pytest.raises(NotFound):
        rows_of(tmp_path / "none.csv")


def test_a_markdown_file_brings_its_front_matter(tmp_path: Path):
    text = (
        "---\ntitle: 导出崩溃\ntags: [Win11, Excel导出]\nkeywords:\n  - V3.2\n---\n# 正文\n重装驱动"
    )
    path = written(tmp_path / "a.md", text)

    assert [
        {
            "id": "a.md",
            "title": "导出崩溃",
            "tags": ["Win11", "Excel导出"],
            "keywords": ["V3.2"],
            "text": "# 正文\n重装驱动",
        }
    ] == values_of(path)


def test_an_html_file_brings_its_visible_text(tmp_path: Path):
    page = (
        "<html><title>无法登录</title><style>p{}</style><body><h1>原因</h1><p>密码<b>过期</b></p>"
    )

    assert [{"id": "a.html", "title": "无法登录", "text": "原因\n\n密码过期"}] == values_of(
        written(tmp_path / "a.html", page)
    )


def test_a_folder_brings_every_text_document_below_it(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    written(tmp_path / "b.txt", "乙")
    written(tmp_path / "sub" / "a.txt", "甲")
    written(tmp_path / "tickets.jsonl", "{}")

    assert ["b.txt", "sub/a.txt"] == [values["id"] for values in values_of(tmp_path)]


@pytest.mark.parametrize(
    "written_as",
    [
        "2023-10-25 09:15:30",
        "2023-10-2509:15:30",
        "2023/10/25 9:15:30",
        "2023年10月25日 09时15分30秒",
        "2023年10月25日上午9点15分30秒",
        "二〇二三年十月二十五日 九时十五分三十秒",
        "Wed, 25 Oct 2023 09:15:30 +0800",
        "２０２３-10-25 09：15：30",
        "2023-10-25T01:15:30Z",
        datetime(2023, 10, 25, 9, 15, 30),  # noqa: DTZ001
    ],
)
def test_moments_are_read_as_registers_write_them(written_as: object):
    assert datetime(2023, 10, 25, 1, 15, 30, tzinfo=UTC) == read_moment(written_as, SHANGHAI)


@pytest.mark.parametrize("nonsense", ["昨天", "2023-13-45", "", None, True, 7, "13812345678"])
def test_what_is_no_moment_is_not_guessed(nonsense: object):
    assert read_moment(nonsense, SHANGHAI) is None


def test_a_serial_date_of_a_spreadsheet_is_read():
    assert datetime(2023, 10, 24, 16, tzinfo=UTC) == read_moment(45224, SHANGHAI)


def test_characters_that_no_database_keeps_are_dropped():
    assert "ab?" == read_text("title", "a\0b\ud800")


def test_lists_are_read_from_text_and_from_lists():
    assert ["a", "b", "c"] == read_list("tags", "a,b；c、a")
    assert ["a,b"] == read_list("tags", ["a,b"])


def test_headings_are_known_whatever_their_marks():
    mapped = TICKET_COLUMNS.map(
        {
            "联系方式（电话/邮箱）*": "1",
            "Custom field (X)": "2",
            "Ticket Number": "3",
            "ISSUE_KEY": "4",
        }
    )

    assert {"contact": "1", "id": "3"} == mapped.fields
    assert {"Custom field (X)": "2", "ISSUE_KEY": "4"} == mapped.unknown


def test_the_register_headings_of_every_process_are_known():
    headings = [
        "请求编号",
        "工单编号",
        "问题编号",
        "提交时间",
        "客户名称/联系人",
        "需求方信息",
        "联系方式",
        "问题描述",
        "问题分类",
        "问题类型",
        "紧急程度",
        "问题级别",
        "优先级",
        "初步处理人",
        "升级处理人",
        "处理人",
        "解决方案",
        "处理结果",
        "客户反馈",
        "满意度",
        "响应时间",
        "归档时间",
    ]

    assert [] == [heading for heading in headings if not TICKET_COLUMNS.knows(heading)]
    assert all(ARTICLE_COLUMNS.knows(heading) for heading in ("问题", "答案", "关键词", "标题"))
